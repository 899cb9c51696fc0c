package dev.longitude.evaluator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/** The environment of an evaluation: a state, the known part of the next state, and the values of names. */
final class Frame {
    private static final @Nullable Value[] NOTHING = new Value[0];

    /** The values of the variables in the state, by their places; it must not be changed. */
    final @Nullable Value[] now;

    /** The values of the primed variables, by their places; null where not assigned yet. */
    final @Nullable Value[] then;

    /** The values of bound names and of definitions that have been evaluated, by their places. */
    final @Nullable Value[] slots;

    /** The states that an action has led to. */
    final List<State> found;

    private Frame(@Nullable Value[] now, @Nullable Value[] then, int slots, List<State> found) {
        this.now = now;
        this.then = then;
        this.slots = new Value[slots];
        this.found = found;
    }

    /** A frame for an expression about one state. */
    static Frame of(State now, int slots) {
        return new Frame(now.values(), NOTHING, slots, List.of());
    }

    /** Restores the primed variables. */
    void restore(@Nullable Value[] before) {
        System.arraycopy(before, 0, then, 0, then.length);
    }

    /** A frame for an action. */
    static Frame ofStep(State now, int slots) {
        @Nullable Value[] before = now.values();
        return new Frame(before, new Value[before.length], slots, new ArrayList<>(1));
    }
}
