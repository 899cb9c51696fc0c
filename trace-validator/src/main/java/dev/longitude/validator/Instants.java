package dev.longitude.validator;

import dev.longitude.evaluator.State;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tlc2.tool.impl.Conjuncts;

/** When an event may have happened, by the host's clocks. */
sealed interface Instants permits Moments, CounterMoments {
    /**
     * The host's clocks at one instant, or as a call reads one after the other.
     *
     * @param tsc its counter: on x86 its TSC; unsigned
     * @param ns on x86 its base clock, unsigned ns
     * @param realtime on x86 its real time, unsigned ns
     * @param nsTsc the counter when the base clock was read; not before {@code tsc}
     */
    record Moment(long tsc, long ns, long realtime, long nsTsc) {
        /** All clocks at one instant. */
        Moment(long tsc, long ns, long realtime) {
            this(tsc, ns, realtime, tsc);
        }
    }

    /**
     * The moments to try.
     *
     * @param implied whether what was observed told them
     * @param open whether several remain because nothing tells more
     */
    record Candidates(Set<Moment> moments, boolean implied, boolean open) {}

    /**
     * Whether what an event did may have been something else between two instants at which it is the same: within a
     * second of where a TSC would be, or when a timer is due. That takes an interval as wide.
     *
     * @param second so many cycles or ticks
     */
    static boolean mayLeap(TraceEvent event, long second) {
        return (Moments.BY_VALUE.contains(event.operation()) || event.operation() == Operation.LOOK_AT_PTIMER)
                && event.counter().hi() - event.counter().lo() >= second;
    }

    /** The earliest moment that an event may have happened at, from a state on, going by nothing but its instant. */
    Moment earliest(TraceEvent event, State state);

    /** The moments to try for an event from a state, none before the state's own. */
    Candidates of(TraceEvent event, State state);

    /** The state when the host's clocks have come there; none if they cannot. */
    List<State> reach(Moment moment, State state);

    /** What keeps the host's clocks from coming to the first of an event's moments; null if nothing does. */
    Conjuncts.@Nullable Outcome whyNot(TraceEvent event, State state);
}
