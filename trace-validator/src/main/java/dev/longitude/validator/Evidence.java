package dev.longitude.validator;

import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Constraint;

/**
 * What imposes a constraint on an unknown.
 *
 * @param event the event that it comes from
 * @param kind what of it
 * @param what the field that was observed; empty if it was none
 */
record Evidence(TraceEvent event, Kind kind, String what) {
    /** What of an event imposes something. */
    enum Kind {
        /** The interval that it shows its instant, or an argument, in. */
        INTERVAL,
        /** What KVM does at it, and that it is not before the step before it. */
        STEP,
        /** A value that was observed. */
        OBSERVATION
    }

    /** What a constraint of this evidence imposes, for people. */
    String text(Constraint constraint) {
        if (kind == Kind.INTERVAL) {
            return "it shows its instant in " + event.counter();
        }
        if (kind == Kind.OBSERVATION) {
            return "it shows " + what;
        }
        if (constraint instanceof Constraint.Related related) {
            return "KVM converts one clock to another, " + related.relation();
        }
        return "KVM does not do it before what stands before it, and reads its clocks in this order";
    }

    static Evidence interval(TraceEvent event) {
        return new Evidence(event, Kind.INTERVAL, "");
    }

    static Evidence step(TraceEvent event) {
        return new Evidence(event, Kind.STEP, "");
    }

    static Evidence observed(TraceEvent event, String what) {
        return new Evidence(event, Kind.OBSERVATION, what);
    }
}
