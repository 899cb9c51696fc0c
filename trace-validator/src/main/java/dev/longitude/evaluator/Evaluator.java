package dev.longitude.evaluator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.primitives.ImmutableIntArray;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SymbolNode;
import tlc2.overrides.TLAPlusOperator;
import tlc2.tool.impl.Tool;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Evaluates the operators of a specification that TLC has loaded, as TLC would. TLC's own evaluator dispatches on each
 * node of an expression and resolves its names at each evaluation; this one compiles an operator once. It supports the
 * part of TLA+ that the specification uses, and reports a construct that it does not support.
 */
public final class Evaluator {
    private final Tool tool;

    /** The names of the operators of {@link Words64}, by the objects that TLC has loaded. */
    private final IdentityHashMap<Object, String> words = new IdentityHashMap<>();

    /** An evaluator of the specification that {@code tool} has loaded. */
    public Evaluator(Tool tool) {
        this.tool = tool;
        for (Method method : Words64.class.getMethods()) {
            TLAPlusOperator twin = method.getAnnotation(TLAPlusOperator.class);
            if (twin != null) {
                SymbolNode operator = tool.getSpecProcessor()
                        .getRootModule()
                        .getOpDef(UniqueString.uniqueStringOf(twin.identifier()));
                if (operator != null) {
                    words.put(tool.lookup(operator), twin.identifier());
                }
            }
        }
    }

    /** An operator of the specification. */
    public Operator operator(OpDefNode definition) {
        return new Operator(definition);
    }

    /** An operator; it is compiled at its first use. */
    public final class Operator {
        private final OpDefNode definition;
        private final ImmutableList<String> formals;
        private volatile @Nullable Code<Step> action;
        private volatile @Nullable Code<Step> symbolicAction;
        private volatile @Nullable Code<Expression> expression;
        private volatile @Nullable Code<Expression> symbolicExpression;
        private volatile @Nullable ImmutableMap<String, ImmutableList<Clause>> conditions;
        private volatile @Nullable ImmutableMap<String, Code<Expression>> symbolicFields;

        private Operator(OpDefNode definition) {
            this.definition = definition;
            this.formals = Arrays.stream(definition.getParams())
                    .map(formal -> formal.getName().toString())
                    .collect(ImmutableList.toImmutableList());
        }

        /** TLC's definition. */
        public OpDefNode definition() {
            return definition;
        }

        /** The names of its formal parameters. */
        public ImmutableList<String> formals() {
            return formals;
        }

        /**
         * Its value in a state of which every word is known.
         *
         * @param args a value for each of its formal parameters, by name
         * @throws IllegalArgumentException if it uses a construct that this evaluator does not support
         * @throws RuntimeException if it has no value there
         */
        public Value eval(Map<String, Value> args, State state) {
            Code<Expression> code = code();
            return code.code.value(with(args, Frame.of(state, code.slots)));
        }

        /** The same with the arguments in the order of its formal parameters. */
        public Value evalInOrder(Value[] args, State state) {
            Code<Expression> code = code();
            Frame frame = Frame.of(state, code.slots);
            System.arraycopy(args, 0, frame.slots, 0, args.length);
            return code.code.value(frame);
        }

        /**
         * Its value in a state with words that may be unknown, on the current {@link dev.longitude.unknowns.Way}.
         *
         * @throws TooLittleKnownException if too little is known to follow a conversion
         * @throws RuntimeException as for {@link #eval}
         */
        public Value evalSymbolically(Map<String, Value> args, State state) {
            Code<Expression> code = symbolicExpression;
            if (code == null) {
                code = compiler(true).expression(definition);
                symbolicExpression = code;
            }
            return code.code.value(with(args, Frame.of(state, code.slots)));
        }

        /** The operator, which must have no arguments, for evaluation in successive states. */
        public MemoizedOperator latest() {
            return new MemoizedOperator(code());
        }

        /** Each field of its value, a record of conditions, by name; it must have no arguments. */
        public ImmutableMap<String, MemoizedCondition> latestFields() {
            ImmutableMap<String, ImmutableList<Clause>> clauses = conditions;
            if (clauses == null) {
                clauses = compiler(false).conditions(definition);
                conditions = clauses;
            }
            return ImmutableMap.copyOf(Maps.transformValues(clauses, MemoizedCondition::new));
        }

        /** The same in states with words that may be unknown; see {@link #evalSymbolically}. */
        public ImmutableMap<String, Function<State, Value>> symbolicFields() {
            ImmutableMap<String, Code<Expression>> codes = symbolicFields;
            if (codes == null) {
                codes = compiler(true).fields(definition);
                symbolicFields = codes;
            }
            return ImmutableMap.copyOf(
                    Maps.transformValues(codes, code -> state -> code.code.value(Frame.of(state, code.slots))));
        }

        /**
         * The successors of a state by this action; one that two branches lead to may occur twice.
         *
         * @param args a value for each of its formal parameters, in their order
         * @throws IllegalArgumentException if the action uses a construct that this evaluator does not support
         * @throws RuntimeException if it cannot be evaluated there, or leaves a variable unassigned
         */
        public List<State> successors(Value[] args, State state) {
            Code<Step> code = action;
            if (code == null) {
                code = compiler(false).action(definition);
                action = code;
            }
            return run(code, args, state);
        }

        /** The same from a state with words that may be unknown; see {@link #evalSymbolically}. */
        public List<State> symbolicSuccessors(Value[] args, State state) {
            Code<Step> code = symbolicAction;
            if (code == null) {
                code = compiler(true).action(definition);
                symbolicAction = code;
            }
            return run(code, args, state);
        }

        private List<State> run(Code<Step> code, Value[] args, State state) {
            Frame frame = Frame.ofStep(state, code.slots);
            System.arraycopy(args, 0, frame.slots, 0, args.length);
            code.code.run(frame);
            return frame.found;
        }

        private Code<Expression> code() {
            Code<Expression> code = expression;
            if (code == null) {
                code = compiler(false).expression(definition);
                expression = code;
            }
            return code;
        }

        private Compiler compiler(boolean symbolic) {
            return new Compiler(tool, words, symbolic);
        }

        private Frame with(Map<String, Value> args, Frame frame) {
            for (int i = 0; i < formals.size(); i++) {
                frame.slots[i] = argument(i, args);
            }
            return frame;
        }

        /** The values of its formal parameters in their order. */
        public Value[] inOrder(Map<String, Value> args) {
            Value[] values = new Value[formals.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = argument(i, args);
            }
            return values;
        }

        private Value argument(int i, Map<String, Value> args) {
            Value value = args.get(formals.get(i));
            if (value == null) {
                throw new IllegalStateException(definition.getName() + " needs a value for " + formals.get(i));
            }
            return value;
        }
    }

    /**
     * The code of an operator.
     *
     * @param slots the number of its local values; the first are its arguments
     * @param places the places of the variables that it depends on
     */
    record Code<T>(T code, int slots, ImmutableIntArray places) {}
}
