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
 * Evaluates the operators of a specification that TLC has loaded, as TLC would. TLC's own evaluator asks at each node of
 * an expression what it is and what its names stand for; here that is asked once, and what is left is run. It has what
 * the specification uses of TLA+, and says what it has not.
 */
public final class Evaluator {
    private final Tool tool;

    /** The operators of {@link Words64} that the specification has, as TLC has loaded them: by which name it has them. */
    private final IdentityHashMap<Object, String> words = new IdentityHashMap<>();

    /** An evaluator of what {@code tool} has loaded. */
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

    /** An operator; it is made into code when it is needed first. */
    public final class Operator {
        private final OpDefNode definition;
        private final ImmutableList<String> formals;
        private volatile @Nullable Code<Step> action;
        private volatile @Nullable Code<Step> symbolicAction;
        private volatile @Nullable Code<Expression> expression;
        private volatile @Nullable Code<Expression> symbolicExpression;
        private volatile @Nullable ImmutableMap<String, Code<Expression>> fields;
        private volatile @Nullable ImmutableMap<String, Code<Expression>> symbolicFields;

        private Operator(OpDefNode definition) {
            this.definition = definition;
            this.formals = Arrays.stream(definition.getParams())
                    .map(formal -> formal.getName().toString())
                    .collect(ImmutableList.toImmutableList());
        }

        /** What TLC has of it. */
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
         * @throws IllegalArgumentException if it has something that this evaluator has not
         * @throws RuntimeException if it has no value there
         */
        public Value eval(Map<String, Value> args, State state) {
            Code<Expression> code = code();
            return code.code.value(with(args, Frame.of(state, code.slots)));
        }

        /**
         * Its value in a state of which words may be unknown, on the {@link dev.longitude.unknowns.Way} that is being
         * gone.
         *
         * @throws TooLittleKnownException if what is known does not suffice to follow a conversion
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

        /** It, which has no arguments, in one state after another. */
        public MemoizedOperator latest() {
            return new MemoizedOperator(code());
        }

        /** Each field of the record that it is, by name; it has no arguments. */
        public ImmutableMap<String, MemoizedOperator> latestFields() {
            ImmutableMap<String, Code<Expression>> codes = fields;
            if (codes == null) {
                codes = compiler(false).fields(definition);
                fields = codes;
            }
            return ImmutableMap.copyOf(Maps.transformValues(codes, MemoizedOperator::new));
        }

        /** The same in states of which words may be unknown; see {@link #evalSymbolically}. */
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
         * The successors of a state by it, an action; one that two ways lead to may be among them twice.
         *
         * @param args a value for each of its formal parameters, in their order
         * @throws IllegalArgumentException if the action has something that this evaluator has not
         * @throws RuntimeException if it cannot be evaluated there, or does not say what becomes of a variable
         */
        public List<State> successors(Value[] args, State state) {
            Code<Step> code = action;
            if (code == null) {
                code = compiler(false).action(definition);
                action = code;
            }
            return run(code, args, state);
        }

        /** The same from a state of which words may be unknown; see {@link #evalSymbolically}. */
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
     * @param slots how many values it keeps meanwhile; the first are those of its arguments
     * @param places of the variables that it depends on
     */
    record Code<T>(T code, int slots, ImmutableIntArray places) {}
}
