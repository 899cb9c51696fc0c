package tlc2.tool.impl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.ExprOrOpArgNode;
import tla2sany.semantic.LetInNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.Subst;
import tla2sany.semantic.SubstInNode;
import tla2sany.st.Location;
import tlc2.tool.Action;
import tlc2.tool.BuiltInOPs;
import tlc2.tool.INextStateFunctor;
import tlc2.tool.TLCState;
import tlc2.tool.ToolGlobals;
import tlc2.tool.coverage.CostModel;
import tlc2.util.Context;
import tlc2.value.IValue;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.LazyValue;

/**
 * Walks an action conjunct by conjunct over partly assigned successors, to find the first conjunct that has none. It is
 * in TLC's package because TLC evaluates part of an action only for classes of its own package.
 */
public final class Conjuncts {
    private final Tool tool;
    private final Action action;
    private final TLCState from;
    private @Nullable SemanticNode failed;
    private final Map<Location, IValue> sides = new LinkedHashMap<>();
    private final Map<String, String> bindings = new LinkedHashMap<>();
    private final BiFunction<String, IValue, String> show;

    private Conjuncts(Tool tool, Action action, TLCState from, BiFunction<String, IValue, String> show) {
        this.tool = tool;
        this.action = action;
        this.from = from;
        this.show = show;
    }

    /**
     * The result of a walk.
     *
     * @param location the first conjunct without a successor; null if there is none
     * @param bindings the values of the LET definitions before it, by name
     * @param sides the values of the conjunct's operands before the action, where they can be evaluated
     */
    public record Outcome(@Nullable Location location, Map<String, String> bindings, Map<Location, IValue> sides) {}

    /**
     * The first conjunct of {@code action} that is false from {@code from} to any completion of {@code to}.
     *
     * @param to a successor in which some variables are assigned
     * @param show renders the value of a LET definition, given its name; an empty result is left out
     */
    public static Outcome firstFalse(
            Tool tool,
            Action action,
            Context context,
            TLCState from,
            TLCState to,
            BiFunction<String, IValue, String> show) {
        Conjuncts walk = new Conjuncts(tool, action, from, show);
        walk.walk(action.pred, context, List.of(to));
        return new Outcome(walk.failed == null ? null : walk.failed.getLocation(), walk.bindings, walk.sides);
    }

    private List<TLCState> walk(SemanticNode node, Context context, List<TLCState> partial) {
        if (node instanceof LetInNode let) {
            Context inner = context;
            for (OpDefNode definition : let.getLets()) {
                if (definition.getArity() == 0) {
                    LazyValue value = new LazyValue(definition.getBody(), inner, CostModel.DO_NOT_RECORD);
                    inner = inner.cons(definition, value);
                    note(definition, inner);
                }
            }
            return walk(let.getBody(), inner, partial);
        }
        if (node instanceof SubstInNode instance) {
            Context inner = context;
            for (Subst one : instance.getSubsts()) {
                inner = inner.cons(one.getOp(), tool.getVal(one.getExpr(), context, false));
            }
            return walk(instance.getBody(), inner, partial);
        }
        if (node instanceof OpApplNode application) {
            ExprOrOpArgNode[] args = application.getArgs();
            int opcode = BuiltInOPs.getOpCode(application.getOperator().getName());
            if (opcode == ToolGlobals.OPCODE_cl || opcode == ToolGlobals.OPCODE_land) {
                List<TLCState> states = partial;
                for (ExprOrOpArgNode conjunct : args) {
                    states = walk(conjunct, context, states);
                    if (states.isEmpty()) {
                        return states;
                    }
                }
                return states;
            }
            if (opcode == ToolGlobals.OPCODE_ite) {
                IValue test = tool.eval(args[0], context, from, partial.get(0), 0);
                return walk(args[((BoolValue) test).val ? 1 : 2], context, partial);
            }
            if (opcode == ToolGlobals.OPCODE_case) {
                for (ExprOrOpArgNode arm : args) {
                    ExprOrOpArgNode[] pair = ((OpApplNode) arm).getArgs();
                    // (OTHER, which comes last, has no guard.)
                    if (pair[0] == null || ((BoolValue) tool.eval(pair[0], context, from, partial.get(0), 0)).val) {
                        return walk(pair[1], context, partial);
                    }
                }
            }
            if (opcode == 0
                    && tool.lookup(application.getOperator(), context, false) instanceof OpDefNode definition
                    && definition.getInRecursive() == false) {
                return walk(definition.getBody(), tool.getOpContext(definition, args, context, true), partial);
            }
        }
        return leaf(node, context, partial);
    }

    private void note(OpDefNode definition, Context context) {
        String name = definition.getName().toString();
        try {
            String shown = show.apply(name, tool.eval(definition.getBody(), context, from));
            if (shown.isEmpty()) {
                bindings.remove(name);
            } else {
                bindings.put(name, shown);
            }
        } catch (RuntimeException e) {
            bindings.remove(name); // not a plain value: nothing to show
        }
    }

    private List<TLCState> leaf(SemanticNode node, Context context, List<TLCState> partial) {
        List<TLCState> next = new ArrayList<>();
        INextStateFunctor collect = new INextStateFunctor() {
            @Override
            public Object addElement(TLCState state) {
                throw new IllegalStateException("an initial state in an action");
            }

            @Override
            public Object addElement(TLCState s0, Action a, TLCState s1) {
                next.add(s1.copy());
                return this;
            }
        };
        for (TLCState to : partial) {
            tool.getNextStates(
                    action, node, ActionItemList.Empty, context, from, to.copy(), collect, CostModel.DO_NOT_RECORD);
        }
        if (next.isEmpty()) {
            failed = node;
            evaluateSides(node, context);
        }
        return next;
    }

    private void evaluateSides(SemanticNode node, Context context) {
        if (!(node instanceof OpApplNode application)) {
            return;
        }
        if (BuiltInOPs.getOpCode(application.getOperator().getName()) == ToolGlobals.OPCODE_lnot) {
            evaluateSides(application.getArgs()[0], context);
            return;
        }
        for (ExprOrOpArgNode operand : application.getArgs()) {
            if (operand instanceof OpApplNode) {
                try {
                    sides.put(operand.getLocation(), tool.eval(operand, context, from));
                } catch (RuntimeException e) {
                    sides.remove(operand.getLocation()); // it is about the state after
                }
            }
        }
    }

    /** The states that {@code definition} describes, read as an initial predicate with its formals bound. */
    public static List<TLCState> initialStates(Tool tool, OpDefNode definition, Context context) {
        List<TLCState> states = new ArrayList<>();
        tool.getInitStates(
                definition.getBody(),
                ActionItemList.Empty,
                context,
                TLCState.Empty.createEmpty(),
                state -> {
                    states.add(state.copy());
                    return state;
                },
                CostModel.DO_NOT_RECORD);
        return states;
    }
}
