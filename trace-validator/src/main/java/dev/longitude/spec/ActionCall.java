package dev.longitude.spec;

import dev.longitude.evaluator.Evaluator;
import java.util.Map;
import tlc2.value.impl.Value;

/**
 * An action of the specification with its arguments. {@link Specification} and its subclasses make them, so that the names
 * of operators stand there and nowhere else.
 */
public final class ActionCall {
    private final Evaluator.Operator operator;
    private final Map<String, Value> args;

    ActionCall(Evaluator.Operator operator, Map<String, Value> args) {
        this.operator = operator;
        this.args = args;
    }

    Evaluator.Operator operator() {
        return operator;
    }

    /** The arguments, by the names of the formal parameters. */
    Map<String, Value> args() {
        return args;
    }

    @Override
    public String toString() {
        return operator.definition().getName() + "" + args;
    }
}
