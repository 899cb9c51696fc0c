package dev.longitude.recipe;

import static java.util.stream.Collectors.toCollection;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Trace;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A host with a VM, as a recipe's run uses it. */
interface SimulatedHost {
    /** What every host's CLOCK_REALTIME shows when a run begins, but for its skew. */
    long WALL_CLOCK_BEGINS_NS = 1_700_000_000_000_000_000L;

    /** What a step returned. */
    record Reply(int errno, ImmutableMap<String, Long> results) {
        static final Reply NOTHING = new Reply(0, ImmutableMap.of());

        static Reply of(int errno) {
            return new Reply(errno, ImmutableMap.of());
        }

        static Reply of(String field, long value) {
            return new Reply(0, ImmutableMap.of(field, value));
        }
    }

    /** Signed ns in cycles of a counter, rounded down. */
    static long cycles(long ns, int khz) {
        return Math.floorDiv(ns, 1_000_000L) * khz + Math.floorMod(ns, 1_000_000L) * khz / 1_000_000;
    }

    /** Signed cycles of a counter in ns, rounded down. */
    static long ns(long cycles, int khz) {
        return Math.floorDiv(cycles, (long) khz) * 1_000_000 + Math.floorMod(cycles, (long) khz) * 1_000_000 / khz;
    }

    /**
     * Carries out a step of KVM's.
     *
     * @param vcpu for which vCPU; 0 for the VM's
     * @param eval computes an argument
     */
    Reply carryOut(Step step, int vcpu, Function<Expression, Long> eval);

    /** Lets the host's clocks go on. */
    void advance(long ns);

    /** Somebody sets CLOCK_REALTIME. */
    void stepRealtime(long by);

    /** The host's counter, unsigned. */
    long hostCounter();

    /** The host's CLOCK_REALTIME, unsigned ns. */
    long hostRealtime();

    /** A value of the host's counter as the guest sees it before the offset. */
    long scaled(long hostCounter);

    /** The vCPUs that there are. */
    Set<Integer> vcpus();

    /** Whether the vCPU executes guest code. */
    boolean inGuest(int vcpu);

    /** The vCPUs that execute guest code. */
    default Set<Integer> executing() {
        return vcpus().stream().filter(this::inGuest).collect(toCollection(TreeSet::new));
    }

    /** What the guest reads of its first clock, the TSC or the virtual counter: unsigned cycles. */
    long counter(int vcpu);

    /** What the guest reads of its second clock in ns, or null if there is none: kvmclock, or the physical counter. */
    @Nullable
    Long clock(int vcpu);

    /** The line of the vCPU's counters; equal ones are one line. */
    Object line(int vcpu);

    /** All that a restore makes, to compare with what it makes once more. */
    ImmutableMap<String, Long> made();

    /** The properties that are this architecture's own, and false now. */
    Set<Property> falseNow(boolean restored, boolean over);

    /** What was recorded. */
    Trace trace();
}
