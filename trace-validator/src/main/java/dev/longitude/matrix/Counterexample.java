package dev.longitude.matrix;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.longitude.model.Behaviour;
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
 * @param behaviour the same steps with all variables
 */
public record Counterexample(
        Case of, Property property, int ticksPerSecond, ImmutableList<Step> steps, Behaviour behaviour) {
    /**
     * One step.
     *
     * @param what an operation, or an event of the VMM, such as a preemption
     * @param vcpu on or for which vCPU, or empty
     * @param now true time in ticks
     * @param bookkeeping KVM's, on x86
     * @param clocks for each vCPU that exists, what its clocks show then: the counter, and the second clock or empty
     */
    public record Step(
            String what,
            Optional<Integer> vcpu,
            int now,
            Optional<Bookkeeping> bookkeeping,
            ImmutableList<Clocks> clocks) {
        /** Whether only time passes: steps take some, or the VMM is preempted. */
        public boolean isTimePassing() {
            return what.equals(STEPS_TAKE_TIME) || what.equals(PREEMPTED);
        }

        /** What it is, on which vCPU. */
        @Override
        public String toString() {
            return what + vcpu.map(v -> " of vCPU " + v).orElse("");
        }
    }

    /**
     * What KVM records of TSC writes.
     *
     * @param masterClock use_master_clock
     * @param generation cur_tsc_generation
     * @param matched nr_vcpus_matched_tsc, and the vCPU that opened the generation
     */
    public record Bookkeeping(boolean masterClock, int generation, int matched) {
        @Override
        public String toString() {
            return "masterclock " + (masterClock ? "on" : "off") + ", generation " + generation + ", " + matched
                    + " matched";
        }
    }

    /** What a vCPU's clocks show. */
    public record Clocks(int vcpu, int counter, Optional<Integer> second) {}

    /** The bits of a word in a model of a migration. */
    public static final int WORD_BITS = MigrationModel.WORD_BITS;

    private static final String STEPS_TAKE_TIME = "steps take time";
    private static final String PREEMPTED = "the VMM is preempted";
    private static final Pattern SHOWN = Pattern.compile("(?s)/\\\\ shown = (<<.*?>>)\\s*(?:/\\\\ \\w+ =.*)?$");
    private static final Pattern PARTS =
            Pattern.compile("(?s)<<\\s*\"([^\"]*)\",\\s*\"(\\w+)\",\\s*(-?\\d+),\\s*(-?\\d+),\\s*"
                    + "<<\\s*(?:(\\d+),\\s*(\\d+),\\s*(\\d+))?\\s*>>,\\s*(.*?)\\s*>>");
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
                    parts.group(5) == null
                            ? Optional.empty()
                            : Optional.of(new Bookkeeping(
                                    parts.group(5).equals("1"),
                                    Integer.parseInt(parts.group(6)),
                                    Integer.parseInt(parts.group(7)))),
                    clocks(parts.group(8))));
        }
        return new Counterexample(of, property, ticksPerSecond, ImmutableList.copyOf(steps), Behaviour.of(states));
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
