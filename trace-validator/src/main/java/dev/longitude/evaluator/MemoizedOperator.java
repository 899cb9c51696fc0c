package dev.longitude.evaluator;

import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/**
 * An operator without arguments that remembers its last value: most steps leave the variables it depends on unchanged.
 * (Not thread-safe.)
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
     * Its value in a state.
     *
     * @throws RuntimeException if it has no value there
     */
    public Value in(State state) {
        // (A variable that a step leaves unchanged stays the same object.)
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
