package dev.longitude.spec;

import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.Fingerprint;
import dev.longitude.evaluator.MemoizedOperator;
import dev.longitude.evaluator.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.OpDeclNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SymbolNode;
import tlc2.tool.StateVec;
import tlc2.tool.impl.FastTool;
import tlc2.tool.impl.ModelConfig;
import tlc2.value.IValue;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * The specification with the bounds of a model: words of a few bits, and what its configuration says. TLC keeps what it
 * loads in static state, so a JVM that has one of these can load no other, and no {@link Specification}.
 */
public final class ModelSpecification {
    private static final Value[] NO_ARGS = {};

    private final FastTool tool;
    private final Evaluator evaluator;
    private final ImmutableList<Evaluator.Operator> constraints;
    private final Evaluator.@Nullable Operator view;
    private final Map<String, Value> constants = new HashMap<>();
    private final Fingerprint fingerprints = new Fingerprint();
    private final Map<String, Evaluator.Operator> operators = new HashMap<>();

    private ModelSpecification(FastTool tool) {
        this.tool = tool;
        this.evaluator = new Evaluator(tool);
        ModelConfig configuration = tool.getModelConfig();
        List<Evaluator.Operator> all = new ArrayList<>();
        for (int i = 0; i < configuration.getConstraints().size(); i++) {
            all.add(operator((String) configuration.getConstraints().elementAt(i)));
        }
        if (configuration.getSpec().equals("MCFair") && has("Bounded")) {
            all.add(operator("Bounded")); // where it is part of the next-state relation
        }
        this.constraints = ImmutableList.copyOf(all);
        this.view = configuration.getView().isEmpty() ? null : operator(configuration.getView());
    }

    /**
     * Loads a model.
     *
     * @param module its root module
     * @param name its name, that of its configuration
     * @param replaced other texts for some modules, by the module's name
     * @throws IllegalStateException if it cannot be parsed; the message is TLC's
     */
    public static ModelSpecification load(String module, String name, Map<String, String> replaced) {
        return new ModelSpecification(RootModule.load(module, "models/" + name, ImmutableMap.copyOf(replaced)));
    }

    private SymbolNode symbol(String name) {
        SymbolNode defined = tool.getSpecProcessor().getRootModule().getOpDef(UniqueString.uniqueStringOf(name));
        if (defined != null) {
            return defined;
        }
        for (OpDeclNode declared : tool.getSpecProcessor().getRootModule().getConstantDecls()) {
            if (declared.getName().toString().equals(name)) {
                return declared;
            }
        }
        throw new IllegalStateException("the model has no " + name);
    }

    /** An operator of the model, with what the configuration overrides. */
    public Evaluator.Operator operator(String name) {
        return operators.computeIfAbsent(name, n -> {
            Object meaning = tool.lookup(symbol(n));
            checkState(meaning instanceof OpDefNode, "%s is no operator", n);
            return evaluator.operator((OpDefNode) meaning);
        });
    }

    /** Whether the model has an operator or a constant of this name. */
    public boolean has(String name) {
        return tool.getSpecProcessor().getRootModule().getOpDef(UniqueString.uniqueStringOf(name)) != null;
    }

    /** The value of a constant, or of a definition that depends on no variable. */
    public Value constant(String name) {
        return constants.computeIfAbsent(name, this::evaluated);
    }

    private Value evaluated(String name) {
        Object meaning = tool.lookup(symbol(name));
        if (meaning instanceof IValue value) {
            return TlaValues.plain((Value) value);
        }
        return TlaValues.plain(operator(name).eval(ImmutableMap.of(), State.EMPTY));
    }

    /** The same, a number. */
    public int number(String name) {
        return ((IntValue) constant(name)).val;
    }

    /** The same, a set: its elements, in order. */
    public ImmutableList<Value> set(String name) {
        return ImmutableList.copyOf(((SetEnumValue) constant(name).toSetEnum()).elems.toArray());
    }

    /** The same, a set of strings. */
    public ImmutableSet<String> names(String name) {
        return set(name).stream()
                .map(each -> ((StringValue) each).val.toString())
                .collect(ImmutableSet.toImmutableSet());
    }

    /** The initial states. */
    public ImmutableList<State> initial() {
        StateVec states = tool.getInitStates();
        ImmutableList.Builder<State> all = ImmutableList.builder();
        for (int i = 0; i < states.size(); i++) {
            all.add(Specification.plain(State.of(states.elementAt(i))));
        }
        return all.build();
    }

    /** Whether the model's constraint keeps a state. */
    public boolean keeps(State state) {
        for (int i = 0; i < constraints.size(); i++) {
            if (!holds(constraints.get(i), state)) {
                return false;
            }
        }
        return true;
    }

    /** Whether a state predicate, with these arguments in their order, is true. */
    public static boolean holds(Evaluator.Operator predicate, State state, Value... args) {
        return predicate.evalInOrder(args, state) == BoolValue.ValTrue;
    }

    /** The fingerprint of what the model's view shows of a state: by it the model's distinct states are counted. */
    public long fingerprint(State state) {
        if (view != null) {
            return fingerprints.ofView(view.evalInOrder(NO_ARGS, state));
        }
        Value[] all = new Value[State.variables().size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = requireNonNull(state.at(i));
        }
        return fingerprints.ofView(new TupleValue(all));
    }

    /** The successors of a state by an action, each once. */
    public static List<State> successors(Evaluator.Operator action, Value[] args, State state) {
        List<State> found = action.successors(args, state);
        if (found.size() <= 1) {
            return found;
        }
        List<State> states = new ArrayList<>(found.size());
        for (State each : found) {
            if (states.stream().noneMatch(each::isSame)) {
                states.add(each);
            }
        }
        return states;
    }

    /** An operator without arguments, for evaluation in successive states. */
    public MemoizedOperator latest(String name) {
        return operator(name).latest();
    }

    /** The names of the variables in which two states differ, in order. */
    public static ImmutableList<String> changed(State from, State to) {
        return State.variables().stream()
                .filter(name -> !requireNonNull(from.lookup(name)).equals(to.lookup(name)))
                .map(UniqueString::toString)
                .collect(ImmutableList.toImmutableList());
    }
}
