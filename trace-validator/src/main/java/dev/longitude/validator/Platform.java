package dev.longitude.validator;

import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.State;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Specification;
import dev.longitude.spec.Variable;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/** What differs between the architectures: the host's clocks, the subject of a state, and the first state. */
sealed interface Platform permits X86Platform, Arm64Platform {
    /** The widest interval of the host's counter, cycles or ticks: 104 days at 2 GHz. */
    long MOST_CYCLES = 1L << 54;

    /**
     * The platform of a trace's host.
     *
     * @param showsBaseClock false if no event shows the base clock, in its instant or in a state
     */
    static Platform of(TraceHeader header, boolean showsBaseClock) {
        return switch (header.arch()) {
            case X86 -> new X86Platform(header, Specification.x86(), showsBaseClock);
            case ARM64 -> new Arm64Platform(header, Specification.arm64());
        };
    }

    /** The specification of the states. */
    Specification specification();

    /** Whether an event creates a state, and is no step from one. */
    boolean begins(TraceEvent event);

    /** Whether a state exists before its first event, so that no event creates it. */
    boolean isThereBefore();

    /** Whether the lines of several VMs, each with a state of its own, are in the order in which they happened. */
    boolean vmsStandInOrder();

    /** The VMs in a state, and the VM of an event. */
    Set<Integer> vms(TraceEvent event, State state);

    /** The variables that hold the vCPUs on which an operation may be done. */
    ImmutableSet<StateVariable> vcpuSets();

    /** The variable that holds the host's counter. */
    Variable counter();

    /** Whether an event shows all clocks that its step depends on, each exactly. */
    boolean isExact(TraceEvent event);

    /** The clocks of an event that shows them exactly; each that has not moved is the word that the state has. */
    Clocks exactly(TraceEvent event, State before);

    /**
     * The clocks of any event from a state on: unknown where the event does not show them. A base clock that it does
     * not show is left out.
     */
    Clocks unknown(TraceEvent event, State before, Store store);

    /** Whether KVM may have read a base clock that is left out of these. */
    boolean leavesBaseClock(Clocks clocks);

    /** Clocks without the base clock, and the base clock. */
    Clocks withBaseClock(Clocks clocks, TraceEvent event, State before, Store store);

    /** A state with a base clock that must not be read. */
    State withoutBaseClock(State state);

    /**
     * The base clock of another state in this one; null if something else in it is the base clock that must not be
     * read.
     */
    @Nullable
    State restored(State state, State before);

    /** Whether a candidate's base clock is that of an earlier instant. */
    default boolean isBehind(Candidate candidate) {
        return candidate.step != null && leavesBaseClock(candidate.step.clocks());
    }

    /** A state without the parts that no later event of this trace can depend on or show. */
    default State reduced(State state) {
        return state;
    }

    /** The state from which a candidate's next step starts: not before KVM had read all clocks of the last one. */
    default State since(Candidate candidate) {
        return candidate.state;
    }

    /**
     * A step of a behaviour with the base clock that it leaves out: the least possible one, from a state that is all
     * known.
     */
    TraceEvent filled(TraceEvent event, State before);

    /** The action that advances the host's clocks to these. */
    ActionCall passing(Clocks clocks);

    /**
     * Requires the order in which KVM's step reads the clocks.
     *
     * @param before the state before the step
     * @param after the state after it
     * @return whether that is possible
     */
    boolean readsClocks(TraceEvent event, Clocks clocks, State before, State after, Store store);

    /** The instant that clocks show, each word as {@code known} has it. */
    HostTime when(Clocks clocks, ToLongFunction<Value> known);

    /** The clocks that a state shows. */
    Clocks now(State state);

    /** Whether these clocks, taken {@linkplain #exactly exactly} from a state, are those of the state. */
    boolean isAt(Clocks clocks, State state);

    /** A state with other clocks. */
    State at(Clocks clocks, State state);

    /**
     * The state that an event creates, or from which the first event of a trace is a step.
     *
     * @param clocks the host's at that event
     * @param host the host as the events before have left it
     */
    State first(Clocks clocks, TraceHeader.Host host);

    /** The clocks of that event. */
    Clocks atFirst(TraceEvent event, Store store);
}
