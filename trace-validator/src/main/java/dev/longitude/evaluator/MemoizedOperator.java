package dev.longitude.evaluator;

import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/**
 * What something about a state is in one state after another. Most steps leave alone what it depends on, and then it is
 * what it was. (Not for several threads.)
 */
public final class MemoizedOperator {
    private final Evaluator.Code<Expression> code;
    private final int[] places;
    private final @Nullable Value[] from;
    private @Nullable Value value;

    MemoizedOperator(Evaluator.Code<Expression> code) {
        this.code = code;
        this.places = code.places().toArray();
        this.from = new Value[places.length];
    }

    /**
     * What it is in a state.
     *
     * @throws RuntimeException if it has no value there
     */
    public Value in(State state) {
        // (What a step leaves alone stays the same object.)
        if (!state.copy(places, from)) {
            value = null;
        }
        Value known = value;
        if (known == null) {
            known = code.code().value(Frame.of(state, code.slots()));
            value = known;
        }
        return known;
    }
}
