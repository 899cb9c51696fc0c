package dev.longitude.spec;

import dev.longitude.evaluator.Evaluator;
import java.util.Arrays;
import tlc2.value.impl.Value;

/**
 * An action of the specification with its arguments. {@link Specification} and its subclasses make them, so that only
 * they have the names of operators.
 */
public final class ActionCall {
    private final Evaluator.Operator operator;
    private final Value[] args;

    ActionCall(Evaluator.Operator operator, Value... args) {
        this.operator = operator;
        this.args = args;
    }

    Evaluator.Operator operator() {
        return operator;
    }

    /** The arguments, in the order of the formal parameters; callers must not change the array. */
    Value[] args() {
        return args;
    }

    @Override
    public String toString() {
        return operator.definition().getName() + Arrays.toString(args);
    }
}
