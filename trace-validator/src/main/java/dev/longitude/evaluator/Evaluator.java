package dev.longitude.evaluator;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.OpDefNode;
import tlc2.tool.TLCState;
import tlc2.tool.impl.Tool;
import tlc2.value.impl.Value;

/**
 * Evaluates the operators of a specification that TLC has loaded, as TLC would. TLC's own evaluator asks at each node of
 * an expression what it is and what its names stand for; here that is asked once, and what is left is run. It has what
 * the specification uses of TLA+, and says what it has not.
 */
public final class Evaluator {
    private final Tool tool;
    private final int variables;
    private final Map<OpDefNode, Operator<Expression>> expressions = new ConcurrentHashMap<>();
    private final Map<OpDefNode, Operator<Step>> actions = new ConcurrentHashMap<>();

    /** An evaluator of what {@code tool} has loaded. */
    public Evaluator(Tool tool) {
        this.tool = tool;
        this.variables = TLCState.Empty.getVars().length;
    }

    /** An operator, ready to be run, with as many places as it needs; the first are those of its arguments. */
    record Operator<T>(OpDefNode definition, T code, int slots) {}

    /**
     * The value of an operator in a state.
     *
     * @param args a value for each of its formal parameters, by name
     * @throws IllegalArgumentException if it has something that this evaluator has not
     * @throws RuntimeException if it has no value there
     */
    public Value eval(OpDefNode definition, Map<String, Value> args, TLCState state) {
        Operator<Expression> operator = expressions.get(definition);
        if (operator == null) {
            Compiler compiler = new Compiler(tool);
            operator = compiler.expression(definition);
            expressions.put(definition, operator);
        }
        return operator.code.value(frame(operator, args, state));
    }

    /**
     * The successors of a state by an action; one that two ways lead to may be among them twice.
     *
     * @param args as for {@link #eval}
     * @throws IllegalArgumentException if the action has something that this evaluator has not
     * @throws RuntimeException if it cannot be evaluated there, or does not say what becomes of a variable
     */
    public List<TLCState> successors(OpDefNode action, Map<String, Value> args, TLCState state) {
        Operator<Step> operator = actions.get(action);
        if (operator == null) {
            Compiler compiler = new Compiler(tool);
            operator = compiler.action(action);
            actions.put(action, operator);
        }
        Frame frame = frame(operator, args, state);
        operator.code.run(frame);
        return frame.found;
    }

    private Frame frame(Operator<?> operator, Map<String, Value> args, TLCState state) {
        Frame frame = new Frame(state, variables, operator.slots);
        FormalParamNode[] formals = operator.definition.getParams();
        for (int i = 0; i < formals.length; i++) {
            @Nullable Value value = args.get(formals[i].getName().toString());
            if (value == null) {
                throw new IllegalStateException(
                        operator.definition.getName() + " needs a value for " + formals[i].getName());
            }
            frame.slots[i] = value;
        }
        return frame;
    }
}
