package dev.longitude.evaluator;

import java.util.List;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Value;

/** A condition for evaluation in successive states: of its clauses, most are as they were. (Not thread-safe.) */
public final class MemoizedCondition {
    private final Clause[] clauses;
    private final MemoizedOperator[] values;

    MemoizedCondition(List<Clause> clauses) {
        this.clauses = clauses.toArray(new Clause[0]);
        this.values = new MemoizedOperator[this.clauses.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = new MemoizedOperator(this.clauses[i].code());
        }
    }

    /**
     * Its value in a state.
     *
     * @throws RuntimeException if it has no value there
     */
    public Value in(State state) {
        for (int i = 0; i < clauses.length; i++) {
            Clause.Guard guard = clauses[i].guard();
            if (guard == null || guard.mayHold(state)) {
                Value value = values[i].in(state);
                if (value != BoolValue.ValTrue) {
                    return value;
                }
            }
        }
        return BoolValue.ValTrue;
    }
}
