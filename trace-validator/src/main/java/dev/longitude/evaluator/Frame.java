package dev.longitude.evaluator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/** The environment of an evaluation: a state, the known part of the next state, and the values of names. */
final class Frame {
    private static final @Nullable Value[] NOTHING = new Value[0];

    /** The state. */
    final State now;

    /** The values of the primed variables, by their places; null where not assigned yet. */
    final @Nullable Value[] then;

    /** The values of bound names and of definitions that have been evaluated, by their places. */
    final @Nullable Value[] slots;

    /** The states that an action has led to. */
    final List<State> found;

    private Frame(State now, @Nullable Value[] then, int slots, List<State> found) {
        this.now = now;
        this.then = then;
        this.slots = new Value[slots];
        this.found = found;
    }

    /** A frame for an expression about one state. */
    static Frame of(State now, int slots) {
        return new Frame(now, NOTHING, slots, List.of());
    }

    /** A frame for an action. */
    static Frame ofStep(State now, int slots) {
        return new Frame(now, new Value[State.variables().size()], slots, new ArrayList<>(1));
    }
}
