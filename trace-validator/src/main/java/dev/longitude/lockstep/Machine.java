package dev.longitude.lockstep;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A host of the reference implementation with its VMs, at one instant. */
interface Machine {
    /**
     * A machine whose events are to be kept.
     *
     * @param created the events of its creation
     */
    record Recorded(
            Machine machine,
            ImmutableList<TraceEvent> created,
            KernelProfile kernel,
            TraceHeader.Host host,
            int vcpus) {
        /** The header of its trace. */
        TraceHeader header(String origin) {
            return new TraceHeader(kernel, host, vcpus, "lockstep: " + origin);
        }
    }

    /** A copy that goes on by itself. */
    Machine copy();

    /** From now on its events show no state. */
    void omitState();

    /**
     * Lets one cycle, or tick, pass.
     *
     * @param ahead by how much the host's clock is then ahead of the TSC's pace, ns
     * @return whether Java does so: a clock does not go back
     */
    boolean tick(long ahead);

    /** Sets kvm_guest_has_master_clock, as other VMs of the host may. */
    void setGuestHasMasterClock(boolean has);

    /** An operation's arguments where they depend on the state. */
    ImmutableMap<Field, Object> completed(Operation operation, ImmutableMap<Field, Object> args);

    /**
     * Performs an operation.
     *
     * @param vm the number of the VM
     * @return its events; null if Java refuses it: its precondition is false, or it would wait. If it refuses it after it
     *     has done something else, the events of that
     */
    @Nullable
    List<TraceEvent> perform(Operation operation, int vm, ImmutableMap<Field, Object> args);

    /** Compares its whole state with one of the specification. */
    void compare(State state, Comparison comparison);
}
