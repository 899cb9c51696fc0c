package dev.longitude.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MatrixTest {
    private static final Path COMMITTED = Path.of("../spec/matrix.json");

    private static Judgement judgement(Recipe recipe, KernelProfile kernel, Verdict sameLine) {
        ImmutableMap.Builder<Property, Verdict> verdicts = ImmutableMap.builder();
        for (Property property : Property.of(recipe.arch())) {
            verdicts.put(property, property == Property.SAME_LINE ? sameLine : Verdict.HOLDS);
        }
        return new Judgement(new Case(recipe, World.USUAL, kernel), true, verdicts.buildOrThrow());
    }

    @Test
    void jsonAndCsvSayWhatTheMatrixSays() throws Exception {
        Recipe recipe = Recipes.find("firecracker");
        Matrix matrix = new Matrix(ImmutableList.of(
                judgement(recipe, KernelProfile.of("v6.1"), Verdict.fails(Preemption.SHORT, 9)),
                judgement(recipe, KernelProfile.of("v6.12"), Verdict.doesNotApply("why, \"that\""))));
        assertThat(Matrix.cells(matrix.json())).isEqualTo(matrix.cells());
        assertThat(matrix.csv())
                .startsWith("recipe,world,kernel,property,says,preemption,length,between,why\n")
                .contains("firecracker,usual,v6.1,SameLine,\"fails if preempted within the window\",short,9,,\n")
                .contains("firecracker,usual,v6.12,SameLine,\"does not apply\",,,,\"why, \"\"that\"\"\"\n");
        // One of the recipe's claims is about SameLine, on every kernel where that applies.
        assertThat(matrix.claims())
                .filteredOn(c -> c.claim().property() == Property.SAME_LINE)
                .extracting(Matrix.CheckedClaim::verdict)
                .containsExactly("confirmed, if preempted within the window");
    }

    @Test
    void aChangedCellIsTold() throws Exception {
        Recipe recipe = Recipes.find("firecracker");
        Matrix matrix = new Matrix(ImmutableList.of(judgement(recipe, KernelProfile.of("v6.1"), Verdict.HOLDS)));
        List<Matrix.Cell> before = new ArrayList<>(matrix.cells());
        assertThat(matrix.changesFrom(before, true)).isEmpty();
        Matrix.Cell first = before.get(0);
        before.set(
                0,
                new Matrix.Cell(
                        first.recipe(),
                        first.world(),
                        first.kernel(),
                        first.property(),
                        Verdict.fails(Preemption.NONE, 3)));
        before.add(new Matrix.Cell("other", "usual", "v6.1", "SameLine", Verdict.HOLDS));
        assertThat(matrix.changesFrom(before, true))
                .containsExactly(
                        "firecracker@usual v6.1 Completes: was 'fails, shown by 3 steps', is 'holds'",
                        "other@usual v6.1 SameLine: gone, was 'holds'");
        assertThat(matrix.changesFrom(before, false)).hasSize(1);
        assertThat(matrix.changesFrom(List.of(), false))
                .hasSize(Property.of(Arch.X86).size())
                .contains("firecracker@usual v6.1 SameLine: new, holds");
    }

    /** A property that cannot fail, or that nothing satisfies, is meaningless. */
    @ParameterizedTest
    @EnumSource(Arch.class)
    void everyPropertyFailsSomewhereAndHoldsSomewhere(Arch arch) throws Exception {
        List<Matrix.Cell> cells = Matrix.cells(Files.readString(COMMITTED));
        List<String> recipes = Recipes.bundled().stream()
                .filter(r -> r.arch() == arch)
                .map(Recipe::name)
                .toList();
        for (Property property : Property.of(arch)) {
            assertThat(cells.stream()
                            .filter(c -> recipes.contains(c.recipe()))
                            .filter(c -> c.property().equals(property.specName()))
                            .map(c -> c.verdict().isFailure()
                                    ? "fails"
                                    : c.verdict().says().toString())
                            .collect(Collectors.toSet()))
                    .as(property.specName())
                    .contains("fails", "holds");
        }
    }

    /** The committed matrix has every recipe on every kernel, and in every world that applies to it. */
    @Test
    void theCommittedMatrixIsWhole() throws Exception {
        List<String> cases = new ArrayList<>();
        for (Recipe recipe : Recipes.bundled()) {
            List<Case> ofTheMatrix = Case.ofTheMatrix(recipe);
            assertThat(ofTheMatrix.stream().map(Case::world).distinct()).containsExactlyElementsOf(recipe.worlds());
            assertThat(ofTheMatrix.stream().map(Case::kernel).distinct())
                    .containsExactlyElementsOf(KernelProfile.showing(recipe.arch()));
            ofTheMatrix.forEach(c -> cases.add(recipe.name() + "@" + c.world() + " " + c.kernel()));
        }
        assertThat(Matrix.cells(Files.readString(COMMITTED)).stream()
                        .map(c -> c.recipe() + "@" + c.world() + " " + c.kernel())
                        .distinct())
                .containsExactlyElementsOf(cases);
    }
}
