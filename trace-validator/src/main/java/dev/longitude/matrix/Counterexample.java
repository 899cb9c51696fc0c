package dev.longitude.matrix;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A shortest behaviour that violates a property, reduced to what a reader needs.
 *
 * @param ticksPerSecond how many ticks of the model are a second
 * @param steps what happened, in order
 */
public record Counterexample(Case of, Property property, int ticksPerSecond, ImmutableList<Step> steps) {
    /**
     * One step.
     *
     * @param what an operation, or an event of the VMM, such as a preemption
     * @param vcpu on or for which vCPU, or empty
     * @param now true time in ticks
     * @param clocks for each vCPU that exists, what its clocks show then: the counter, and the second clock or empty
     */
    public record Step(String what, Optional<Integer> vcpu, int now, ImmutableList<Clocks> clocks) {}

    /** What a vCPU's clocks show. */
    public record Clocks(int vcpu, int counter, Optional<Integer> second) {}

    private static final Pattern SHOWN = Pattern.compile("(?s)/\\\\ shown = (<<.*?>>)\\s*(?:/\\\\ \\w+ =.*)?$");
    private static final Pattern PARTS =
            Pattern.compile("(?s)<<\\s*\"([^\"]*)\",\\s*\"(\\w+)\",\\s*(-?\\d+),\\s*(-?\\d+),\\s*(.*?)\\s*>>");
    private static final Pattern CLOCKS =
            Pattern.compile("(?:(\\d+)\\s*:>\\s*)?<<\\s*(\\d+),\\s*\\{\\s*(\\d*)\\s*\\}\\s*>>");

    static Counterexample of(Case of, Property property, int ticksPerSecond, List<String> states) {
        List<Step> steps = new ArrayList<>();
        // No step leads to the first state.
        for (String state : states.subList(1, states.size())) {
            Matcher shown = SHOWN.matcher(state);
            if (!shown.find()) {
                throw new IllegalStateException("TLC shows a state without 'shown': " + state);
            }
            Matcher parts = PARTS.matcher(shown.group(1));
            if (!parts.matches()) {
                throw new IllegalStateException("cannot parse what TLC printed: " + shown.group(1));
            }
            steps.add(new Step(
                    parts.group(1),
                    parts.group(2).equals("once") ? Optional.empty() : Optional.of(Integer.parseInt(parts.group(3))),
                    Integer.parseInt(parts.group(4)),
                    clocks(parts.group(5))));
        }
        return new Counterexample(of, property, ticksPerSecond, ImmutableList.copyOf(steps));
    }

    private static ImmutableList<Clocks> clocks(String text) {
        ImmutableList.Builder<Clocks> all = ImmutableList.builder();
        for (String one : Splitter.on("@@").split(text)) {
            Matcher clocks = CLOCKS.matcher(one);
            if (clocks.find()) {
                all.add(new Clocks(
                        clocks.group(1) == null ? 0 : Integer.parseInt(clocks.group(1)),
                        Integer.parseInt(clocks.group(2)),
                        clocks.group(3).isEmpty() ? Optional.empty() : Optional.of(Integer.parseInt(clocks.group(3)))));
            }
        }
        return all.build();
    }
}
