package dev.longitude.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeRuns;
import dev.longitude.recipe.World;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Runs that write values of the current time: two vCPUs diverge if and only if their writes are more than a second
 * apart.
 */
class SimulationCheckTest {
    private static SimulationCheck check(Verdict sameLine) throws Exception {
        Recipe recipe = Recipes.find("series-by-value");
        ImmutableMap.Builder<Property, Verdict> verdicts = ImmutableMap.builder();
        for (Property property : Property.of(recipe.arch())) {
            // All other properties may fail.
            verdicts.put(property, property == Property.SAME_LINE ? sameLine : Verdict.fails(Preemption.NONE, 1));
        }
        Case of = new Case(recipe, World.USUAL, KernelProfile.of("v6.12"));
        return SimulationCheck.run(new Judgement(of, true, verdicts.buildOrThrow()), 1, 1_000, 1);
    }

    @Test
    void aVerdictThatIsRightIsNotContradicted() throws Exception {
        SimulationCheck check = check(Verdict.fails(Preemption.LONG, 1));
        assertThat(check.contradictions()).isEmpty();
        assertThat(check.unseen()).noneMatch(u -> u.contains("SameLine"));
    }

    @Test
    void aPropertyThatIsSaidToHoldAndFailsIsAContradictionWithACommand() throws Exception {
        assertThat(check(Verdict.HOLDS).contradictions())
                .singleElement()
                .asString()
                .startsWith("series-by-value v6.12: SameLine holds, but a run shows it: longitude simulate --recipe"
                        + " series-by-value --world usual --kernel v6.12 --preemption long --preemptions 1 --seed ");
    }

    @Test
    void aFailureThatIsSaidToNeedLessThanItDoesIsNotSeen() throws Exception {
        assertThat(check(Verdict.fails(Preemption.SHORT, 1)).unseen())
                .contains("series-by-value v6.12: SameLine fails if preempted within the window, but no run shows it");
    }

    /**
     * KVM adds the offset to a timer's compare value. With a host whose counter is behind the guest's the sum wraps, and
     * the timer never fires; a kernel that knows this is right.
     */
    @Test
    void aTimerThatNeverFiresOnAHostWithASmallerCounterIsSeen() throws Exception {
        assertThat(timerOnTimeFails("v6.12")).isTrue();
        assertThat(timerOnTimeFails("corrected")).isFalse();
    }

    private static boolean timerOnTimeFails(String kernel) throws Exception {
        Recipe recipe = Recipes.find("crosvm-arm64");
        KernelProfile profile = KernelProfile.of(kernel);
        RecipeRuns runs = new RecipeRuns(recipe, World.USUAL, profile, false);
        return IntStream.range(0, 20)
                .mapToObj(seed -> runs.play(Preemption.NONE, 1, seed))
                .anyMatch(run -> run.fails().contains(Property.TIMER_ON_TIME));
    }
}
