package dev.longitude.matrix;

import com.google.common.collect.ImmutableSet;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.StepKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a counterexample rests on: the steps that move what the property is about, and those at which time passes.
 *
 * @param steps their numbers, from 1
 * @param between two of them, between which it goes wrong: the second puts the clocks where they are at the end
 */
public record Cause(ImmutableSet<Integer> steps, Optional<Between> between) {
    private static final ImmutableSet<String> SETTERS = Arrays.stream(StepKind.values())
            .filter(StepKind::writesClock)
            .map(StepKind::specName)
            .collect(ImmutableSet.toImmutableSet());

    /** Two steps, by their numbers. */
    public record Between(int first, int second) {}

    /** The cause of a counterexample. */
    public static Cause of(Counterexample counterexample) {
        List<Counterexample.Step> steps = counterexample.steps();
        Set<Integer> all = new TreeSet<>();
        List<Integer> setters = new ArrayList<>();
        Optional<Between> between = Optional.empty();
        boolean restores = false;
        for (int i = 0; i < steps.size(); i++) {
            Counterexample.Step step = steps.get(i);
            int number = i + 1;
            if (step.what().equals(StepKind.BLACKOUT.specName())) {
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
        return new Cause(ImmutableSet.copyOf(all), between.or(() -> between(steps, setters)));
    }

    /** The last two steps that set a clock with time between them; if there are none, the last two. */
    private static Optional<Between> between(List<Counterexample.Step> steps, List<Integer> setters) {
        for (int i = setters.size() - 1; i > 0; i--) {
            int first = setters.get(i - 1);
            int second = setters.get(i);
            if (steps.get(first - 1).now() < steps.get(second - 1).now()) {
                return Optional.of(new Between(first, second));
            }
        }
        return setters.size() < 2
                ? Optional.empty()
                : Optional.of(new Between(setters.get(setters.size() - 2), setters.get(setters.size() - 1)));
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
