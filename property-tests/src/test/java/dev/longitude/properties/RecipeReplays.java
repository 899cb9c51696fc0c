package dev.longitude.properties;

import static com.google.common.collect.ImmutableListMultimap.toImmutableListMultimap;
import static com.google.common.collect.ImmutableMap.toImmutableMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableListMultimap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Recipes;
import dev.longitude.matrix.SimulationCheck;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeRuns;
import dev.longitude.recipe.World;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs of the bundled recipes conform to the specification, and none contradicts the committed matrix: what
 * {@link RecipeRunProperties} find too, with more runs. Only mutation testing runs this, a test for each recipe.
 */
class RecipeReplays {
    private static final int RUNS = 8;

    static List<Recipe> recipes() throws IOException {
        return Recipes.bundled();
    }

    /** The committed cells, by recipe, world and kernel. */
    private static final class Committed {
        static final ImmutableListMultimap<String, Matrix.Cell> CELLS = read();

        private static ImmutableListMultimap<String, Matrix.Cell> read() {
            try {
                return Matrix.committed().stream()
                        .collect(toImmutableListMultimap(c -> c.recipe() + " " + c.world() + " " + c.kernel(), c -> c));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static List<Case> cases(Recipe recipe) {
        return Case.ofTheMatrix(recipe).stream()
                .filter(c -> recipe.unfitFor(c.kernel()).isEmpty())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void noRunContradictsTheMatrix(Recipe recipe) {
        for (Case of : cases(recipe)) {
            Judgement judgement = new Judgement(
                    of,
                    true,
                    Committed.CELLS.get(recipe.name() + " " + of.world() + " " + of.kernel()).stream()
                            .collect(toImmutableMap(
                                    c -> Property.named(c.property()).orElseThrow(), Matrix.Cell::verdict)));
            assertThat(SimulationCheck.run(judgement, 1, RUNS, 1).contradictions())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void theTracesOfItsRunsConform(Recipe recipe) throws Exception {
        for (World world : recipe.worlds()) {
            for (KernelProfile kernel : KernelProfile.showing(recipe.arch())) {
                if (recipe.unfitFor(kernel).isEmpty()) {
                    conforms(new RecipeRuns(recipe, world, kernel, true)
                            .play(Preemption.SHORT, 2, 1)
                            .traces());
                }
            }
        }
    }

    private static void conforms(List<Trace> traces) throws Exception {
        for (Trace trace : traces) {
            TraceValidator validator = new TraceValidator(trace.header());
            for (TraceEvent event : trace.events()) {
                assertThat(validator.accept(event)).as(trace.header().origin()).isEmpty();
            }
        }
    }
}
