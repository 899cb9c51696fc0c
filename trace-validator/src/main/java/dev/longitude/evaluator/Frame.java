package dev.longitude.evaluator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.tool.TLCState;
import tlc2.value.impl.Value;

/** What an operator is evaluated in: a state, what of the next state is known, and what its names stand for. */
final class Frame {
    /** The state. */
    final TLCState now;

    /** The values of the primed variables, by their places; null where none is known yet. */
    final @Nullable Value[] then;

    /** The values of bound names and of definitions that have been evaluated, by their places. */
    final @Nullable Value[] slots;

    /** The states that an action has led to. */
    final List<TLCState> found = new ArrayList<>(1);

    Frame(TLCState now, int variables, int slots) {
        this.now = now;
        this.then = new Value[variables];
        this.slots = new Value[slots];
    }
}
