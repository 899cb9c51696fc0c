package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Recipes;
import dev.longitude.recipe.Recipe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The estimate of the time left, by the distinct states that TLC has found of each recipe in the usual world on v6.12. */
class BatchTest {
    private static final double SECONDS_PER_STATE = 1e-4;
    private static final double SECONDS_TO_START = 1;

    /** A batch that is done. */
    private record Done(double at, double work) {}

    private static Map<String, Integer> states() throws IOException {
        Map<String, Integer> states = new HashMap<>();
        for (String line :
                Resources.readLines(requireNonNull(BatchTest.class.getResource("/states-of-recipes.csv")), UTF_8)) {
            List<String> cells = Splitter.on(',').splitToList(line);
            if (!cells.get(1).equals("states")) {
                states.put(cells.get(0), Integer.parseInt(cells.get(1)));
            }
        }
        return states;
    }

    private static List<Case> matrix() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (Recipe recipe : Recipes.bundled()) {
            cases.addAll(Case.ofTheMatrix(recipe));
        }
        return cases;
    }

    /** The longest run lasts, where it begins last, after all others are done. */
    @Test
    void theMostWorkComesFirstAndNoCaseIsLost() throws Exception {
        List<Batch> batches = Batch.of(matrix(), new Judge(Judge.PREEMPTIONS, null));
        assertThat(batches)
                .isSortedAccordingTo(Comparator.comparingDouble(Batch::work).reversed());
        assertThat(batches.stream().flatMap(b -> b.cases().stream())).containsExactlyInAnyOrderElementsOf(matrix());
    }

    @Test
    void theTimeLeftIsRightWithinAFactorOfTwoOnceATenthOfItHasPassed() throws Exception {
        Map<String, Integer> states = states();
        List<Batch> batches = Batch.of(matrix(), new Judge(Judge.PREEMPTIONS, null));
        double[] threads = new double[2];
        List<Done> done = new ArrayList<>();
        for (Batch batch : batches) {
            long fit = batch.cases().stream()
                    .filter(c -> c.recipe().unfitFor(c.kernel()).isEmpty())
                    .count();
            int each = requireNonNull(states.get(batch.cases().get(0).recipe().name()), batch::toString);
            int free = threads[0] <= threads[1] ? 0 : 1;
            threads[free] += fit == 0 ? 0 : SECONDS_TO_START + fit * each * SECONDS_PER_STATE;
            done.add(new Done(threads[free], batch.work()));
        }
        double end = Arrays.stream(threads).max().orElseThrow();
        double work = batches.stream().mapToDouble(Batch::work).sum();
        done.sort(Comparator.comparingDouble(Done::at));
        double workDone = 0;
        int estimates = 0;
        for (Done each : done) {
            workDone += each.work;
            double left = end - each.at;
            // (What is nearly over has no estimate.)
            if (each.at >= end / 10 && left > 10) {
                estimates++;
                assertThat(Progress.secondsLeft(each.at, workDone, work))
                        .as("after %s of %s s", each.at, end)
                        .isBetween(left / 2, left * 2);
            }
        }
        assertThat(estimates).isGreaterThan(20);
    }
}
