package dev.longitude.advise;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Recipes;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The search with TLC. */
class AdvisorTest {
    private static final Path COMMITTED = Path.of("../spec/advice.json");

    private static Advice advise(String recipe) throws Exception {
        return new Advisor(new TlcCandidateJudge(new Judge(Judge.PREEMPTIONS, null)), Bounds.USUAL, what -> {})
                .advise(recipe, List.of(KernelProfile.of("v6.12")), World.USUAL, ImmutableSet.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"kvmtool-pause", "kvmtool-arm64-pause"})
    void theAdviceIsTheCommittedOne(String recipe) throws Exception {
        assertThat(Advice.read(Files.readString(COMMITTED)).stream()
                        .filter(a -> a.recipe().equals(recipe)))
                .containsExactly(advise(recipe));
    }

    @Test
    void aClockThatIsSetTooLateIsMovedBeforeTheGuestRuns(@TempDir Path folder) throws Exception {
        Path mine = Files.writeString(folder.resolve("mine.yaml"), """
                about: a wrong one
                arch: x86_64
                policy: freeze
                save:
                  - pause
                  - inTurn:
                      - ReadTsc: {as: tsc}
                  - GetClock: {as: clock}
                restore:
                  - inTurn: [CreateVcpu]
                  - inTurn:
                      - WriteTsc: {value: tsc}
                      - WriteSystemTime
                      - KvmclockCtrl: {mayFail: true}
                  - run
                  # by kvmclock
                  - SetClock: {clock: clock.clock}
                """);
        Answer answer = new Advisor(
                        new TlcCandidateJudge(new Judge(Judge.PREEMPTIONS, null)), new Bounds(0, 0), what -> {})
                .advise(
                        mine.toString(),
                        List.of(KernelProfile.of("v6.12")),
                        World.USUAL,
                        ImmutableSet.of(Property.CLOCK_CONTINUOUS))
                .answers()
                .get(0);
        assertThat(answer.change()).containsExactly("Move SetClock before run");
        assertThat(answer.diff()).contains("""
                               - KvmclockCtrl: {mayFail: true}
                        -  - run
                           # by kvmclock
                           - SetClock: {clock: clock.clock}
                        +  - run
                        """);
        assertThat(answer.breaks()).isEmpty();
        // MonotonicAcross still fails if the VMM is preempted beyond the window: the TSC is written by value.
        assertThat(answer.fixes()).containsExactly("ClocksStayTogether on v6.12 (usual)");
        assertThat(answer.nearest()).startsWith("dragonball");
    }

    /** Every failure that the matrix has of a recipe is answered, and nothing else. */
    @Test
    void theCommittedAdviceAnswersAllThatFails() throws Exception {
        ImmutableList<Advice> committed = Advice.read(Files.readString(COMMITTED));
        assertThat(committed).isNotEmpty();
        List<String> failing = new ArrayList<>();
        for (Recipe recipe : Recipes.bundled()) {
            if (committed.stream().anyMatch(a -> a.recipe().equals(recipe.name()))) {
                Matrix.committed().stream()
                        .filter(c -> c.recipe().equals(recipe.name())
                                && c.kernel().equals("v6.12")
                                && c.world().equals("usual")
                                && c.verdict().isFailure())
                        .forEach(c -> failing.add(c.recipe() + " " + c.property() + " v6.12 (" + c.world() + ") "
                                + c.verdict().says()));
            }
        }
        List<String> answered = new ArrayList<>();
        committed.forEach(advice -> advice.answers()
                .forEach(answer -> answer.fails()
                        .forEach(f -> answered.add(advice.recipe() + " " + answer.property() + " " + f))));
        assertThat(answered).containsExactlyInAnyOrderElementsOf(failing);
    }

    /** The page that is committed is that of the JSON. */
    @Test
    void theCommittedPageAgrees() throws Exception {
        assertThat(AdviceText.page(Advice.read(Files.readString(COMMITTED))))
                .isEqualTo(Files.readString(COMMITTED.resolveSibling("advice.md")));
    }
}
