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
    /** The CLOCK_REALTIME of every host when a run begins, before its skew. */
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
     * Runs a step that is an operation of KVM.
     *
     * @param vcpu the vCPU; 0 for an operation on the VM
     * @param eval computes an argument
     */
    Reply carryOut(Step step, int vcpu, Function<Expression, Long> eval);

    /** Whether it can create a vCPU: not modelled is one on a host that cannot provide the VM's rate. */
    default boolean canCreateVcpu() {
        return true;
    }

    /** Lets the host's clocks advance. */
    void advance(long ns);

    /** The host's CLOCK_REALTIME is set. */
    void stepRealtime(long by);

    /**
     * Whether the host's rate is so near to a guest's that KVM does not scale.
     *
     * @param khz the guest's, kHz
     */
    boolean isNearEnough(int khz);

    /** The host's counter, unsigned. */
    long hostCounter();

    /** The host's CLOCK_REALTIME, unsigned ns. */
    long hostRealtime();

    /** A value of the host's counter as the guest sees it before the offset. */
    long scaled(long hostCounter);

    /** The existing vCPUs. */
    Set<Integer> vcpus();

    /** Whether the vCPU executes guest code. */
    boolean inGuest(int vcpu);

    /** The vCPUs that execute guest code. */
    default Set<Integer> executing() {
        return vcpus().stream().filter(this::inGuest).collect(toCollection(TreeSet::new));
    }

    /** The guest's reading of its first clock, the TSC or the virtual counter: unsigned cycles. */
    long counter(int vcpu);

    /** The guest's reading of its second clock in ns, or null if there is none: kvmclock, or the physical counter. */
    @Nullable
    Long clock(int vcpu);

    /** The line of the vCPU's counters; equal values mean the same line. */
    Object line(int vcpu);

    /** The whole result of a restore, to compare with that of a second restore. */
    ImmutableMap<String, Long> made();

    /** The properties of this architecture that are false now. */
    Set<Property> falseNow(boolean restored, boolean over);

    /** The recorded trace. */
    Trace trace();
}
