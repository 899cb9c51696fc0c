package dev.longitude.validator;

import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Constraint;

/**
 * The source of a constraint on an unknown.
 *
 * @param event the event that it comes from
 * @param kind which part of the event
 * @param what the observed field; empty if there is none
 */
record Evidence(TraceEvent event, Kind kind, String what) {
    /** The part of an event that imposes the constraint. */
    enum Kind {
        /** The interval that it shows for its instant or for an argument. */
        INTERVAL,
        /** What KVM does at the event, and that it does not happen before the step before it. */
        STEP,
        /** A value that was observed. */
        OBSERVATION
    }

    /** What a constraint of this evidence imposes, as text. */
    String text(Constraint constraint) {
        if (kind == Kind.INTERVAL) {
            return "it shows its instant in " + event.counter();
        }
        if (kind == Kind.OBSERVATION) {
            return "it shows " + what;
        }
        if (constraint instanceof Constraint.Relation related) {
            return "KVM converts one clock to another, " + related.relation();
        }
        return "KVM does it no earlier than the steps before it, and reads its clocks in this order";
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
