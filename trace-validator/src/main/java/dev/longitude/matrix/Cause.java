package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.Step;
import dev.longitude.recipe.StepKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a counterexample rests on: the steps that move what the property is about, and those at which time passes.
 *
 * @param steps their numbers, from 1
 * @param between two of them, between which it goes wrong: the second puts the clocks where they are at the end
 * @param notYet what would still set a clock of the property: the operations of the restore that the VMM has not done for
 *     every vCPU when the last step makes the property false
 */
public record Cause(ImmutableSet<Integer> steps, Optional<Between> between, ImmutableSet<StepKind> notYet) {
    private static final ImmutableSet<String> SETTERS = Arrays.stream(StepKind.values())
            .filter(StepKind::writesClock)
            .map(StepKind::specName)
            .collect(ImmutableSet.toImmutableSet());

    /** What the guest reads decides these, and so does what comes too late for it. */
    private static final ImmutableSet<Property> OF_A_CLOCK = ImmutableSet.of(
            Property.MONOTONIC_ACROSS,
            Property.TSC_CONTINUOUS,
            Property.CLOCK_CONTINUOUS,
            Property.VIRTUAL_CONTINUOUS,
            Property.PHYSICAL_CONTINUOUS,
            Property.CLOCKS_STAY_TOGETHER);

    /** Two steps, by their numbers. */
    public record Between(int first, int second) {}

    /** The cause of a counterexample. */
    public static Cause of(Counterexample counterexample) {
        List<Counterexample.Step> steps = counterexample.steps();
        Set<Integer> all = new TreeSet<>();
        List<Integer> setters = new ArrayList<>();
        Optional<Between> between = Optional.empty();
        // Where nothing is restored, or it goes wrong before, every step counts.
        boolean restores = steps.stream().noneMatch(Cause::isBlackout);
        for (int i = 0; i < steps.size(); i++) {
            Counterexample.Step step = steps.get(i);
            int number = i + 1;
            if (isBlackout(step)) {
                restores = true;
                setters.add(number);
                all.add(number);
            } else if (step.isTimePassing()) {
                all.add(number);
                if (i > 0 && number < steps.size()) {
                    between = Optional.of(new Between(number - 1, number + 1));
                }
            } else if (restores
                    && i > 0
                    && (SETTERS.contains(step.what()) || moves(counterexample.property(), steps.get(i - 1), step))) {
                setters.add(number);
                all.add(number);
            }
        }
        ImmutableSet<StepKind> notYet = notYet(counterexample);
        boolean isOfAClock = OF_A_CLOCK.contains(counterexample.property());
        // What a step of no duration moves is at fault only where the property says where the clocks are.
        return new Cause(
                ImmutableSet.copyOf(all),
                notYet.isEmpty() && (isOfAClock || counterexample.property() == Property.SAME_LINE)
                        ? between.or(() -> between(steps, setters))
                        : between,
                notYet);
    }

    private static boolean isBlackout(Counterexample.Step step) {
        return step.what().equals(StepKind.BLACKOUT.specName());
    }

    private static ImmutableSet<StepKind> notYet(Counterexample counterexample) {
        if (!OF_A_CLOCK.contains(counterexample.property())
                || counterexample.steps().stream().noneMatch(Cause::isBlackout)) {
            return ImmutableSet.of();
        }
        Recipe recipe = MigrationModel.carriedOut(counterexample.of());
        List<ImmutableSet<Integer>> vcpus = recipe.vcpusOfBlocks(MigrationModel.vcpus(counterexample.of()));
        List<ImmutableMap<String, String>> states = counterexample.behaviour().states();
        Map<String, String> last = states.get(states.size() - 1);
        int at = Integer.parseInt(last.getOrDefault("at", "0"));
        ImmutableSet.Builder<StepKind> notYet = ImmutableSet.builder();
        boolean restores = false;
        for (int number = 1; number <= recipe.blocks().size(); number++) {
            List<Step> steps = recipe.blocks().get(number - 1).steps();
            int done = number < at ? steps.size() : number > at ? 0 : leastDone(last, vcpus.get(number - 1));
            for (int i = 0; i < steps.size(); i++) {
                StepKind kind = steps.get(i).kind();
                restores |= kind == StepKind.BLACKOUT;
                if (restores
                        && kind.writesClock()
                        && !(kind == StepKind.SET_CLOCK && counterexample.property() == Property.TSC_CONTINUOUS)
                        && i >= done) {
                    notYet.add(kind);
                }
            }
        }
        return notYet.build();
    }

    /** How many steps of the block in progress each of its vCPUs has done. */
    private static int leastDone(Map<String, String> state, Set<Integer> vcpus) {
        return vcpus.stream()
                .mapToInt(v -> Integer.parseInt(state.getOrDefault("done[" + v + "]", "0")))
                .min()
                .orElse(0);
    }

    /** The sentences that say what it is; the steps by their numbers and names. */
    public ImmutableList<String> says(Counterexample counterexample) {
        ImmutableList.Builder<String> says = ImmutableList.builder();
        between.ifPresent(b -> says.add("It goes wrong between step " + name(counterexample, b.first()) + " and step "
                + name(counterexample, b.second()) + "."));
        if (!notYet.isEmpty()) {
            says.add("At step " + name(counterexample, counterexample.steps().size())
                    + " the VMM has not yet done "
                    + notYet.stream().map(StepKind::specName).collect(Collectors.joining(", "))
                    + ": its recipe does that later.");
        }
        return says.build();
    }

    private static String name(Counterexample counterexample, int number) {
        return number + " (" + counterexample.steps().get(number - 1) + ")";
    }

    /** The last two steps that set a clock, if time passes between them. */
    private static Optional<Between> between(List<Counterexample.Step> steps, List<Integer> setters) {
        if (setters.size() < 2) {
            return Optional.empty();
        }
        int first = setters.get(setters.size() - 2);
        int second = setters.get(setters.size() - 1);
        return steps.get(first - 1).now() < steps.get(second - 1).now()
                ? Optional.of(new Between(first, second))
                : Optional.empty();
    }

    /** Whether a step moves a clock of a vCPU with respect to what the property compares it with. */
    private static boolean moves(Property property, Counterexample.Step before, Counterexample.Step after) {
        return !distances(property, before).equals(distances(property, after));
    }

    private static List<Integer> distances(Property property, Counterexample.Step step) {
        List<Integer> distances = new ArrayList<>();
        for (Counterexample.Clocks clocks : step.clocks()) {
            distances.add(clocks.counter() - step.now());
            clocks.second().ifPresent(second -> distances.add(second - step.now()));
        }
        if (property == Property.MASTER_CLOCK_IS_ON) {
            step.bookkeeping().ifPresent(b -> distances.add(b.masterClock() ? 1 : 0));
        }
        return distances;
    }
}
