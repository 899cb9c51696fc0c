package dev.longitude.spec;

import static com.google.common.collect.ImmutableSet.toImmutableSet;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.MemoizedCondition;
import dev.longitude.evaluator.MemoizedOperator;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Posting;
import dev.longitude.kernel.Release;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.OpDefNode;
import tlc2.tool.Action;
import tlc2.tool.TLCState;
import tlc2.tool.impl.Conjuncts;
import tlc2.tool.impl.FastTool;
import tlc2.util.Context;
import tlc2.value.IValue;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * The specification of an architecture. Both are loaded at once, unless one is enough: TLC keeps what it loads in static
 * state, so a JVM can hold one root module. Each operator that Java calls has a method here or in a subclass; an action takes its arguments
 * by the names of its formal parameters.
 */
public abstract sealed class Specification permits X86Specification, Arm64Specification {
    /** The last step's reply. */
    public static final Variable REPLY = new Variable("reply");

    private static final Variable KERNEL = new Variable("kernel");
    private static final String NOT_MODELLED = "NotModelled";

    private final FastTool tool;
    private final Evaluator evaluator;

    /** The prefix of its operators' names in the root module. */
    private final String prefix;

    /** A cache of TLC's names and definitions: TLC's own tables are slow. */
    private final Map<String, UniqueString> names = new ConcurrentHashMap<>();

    private final Map<String, Optional<Evaluator.Operator>> operators = new ConcurrentHashMap<>();
    private final List<BoundOperator> bound = new ArrayList<>();
    private final BoundOperator essence = bind("Essence");
    private final BoundOperator course = bind("Course");
    private final BoundOperator properties = bind("ReportedProperties");
    private final BoundOperator kernelOf = bind("KernelOf", "release", "posting");

    private final Map<KernelProfile, Value> kernels = new ConcurrentHashMap<>();

    Specification(FastTool tool, Evaluator evaluator, String prefix) {
        this.tool = tool;
        this.evaluator = evaluator;
        this.prefix = prefix;
    }

    /**
     * The specification of this program.
     *
     * @throws IllegalStateException if it cannot be parsed or loaded; the message is TLC's
     */
    public static Specification of(Arch arch) {
        return switch (arch) {
            case X86 -> x86();
            case ARM64 -> arm64();
        };
    }

    /** The specification of x86; see {@link #of}. */
    public static X86Specification x86() {
        return Architectures.loaded(Arch.X86).ofX86();
    }

    /** The specification of arm64; see {@link #of}. */
    public static Arm64Specification arm64() {
        return Architectures.loaded(Arch.ARM64).ofArm64();
    }

    /**
     * Says that this JVM needs one architecture: the first that is asked for. To ask for the other then fails.
     */
    public static void oneIsEnough() {
        Architectures.oneIsEnough();
    }

    /** An operator that a method here calls. */
    final BoundOperator bind(String name, String... formals) {
        BoundOperator operator = new BoundOperator(name, ImmutableList.copyOf(formals), this::find);
        bound.add(operator);
        return operator;
    }

    /** All operators that methods call by a name of their own. */
    final ImmutableList<BoundOperator> bound() {
        return ImmutableList.copyOf(bound);
    }

    /**
     * Loads the specification anew, with other texts for some modules, for whoever asks for it from now on. This is for a
     * JVM that does nothing but judge changed specifications. Every text must declare the bundled variables in their
     * order: TLC keeps a table of them for the whole JVM.
     *
     * @param replaced the texts, by the module's name; none: the bundled specification
     * @throws IllegalStateException if it cannot be parsed or loaded; the message is TLC's
     */
    public static void replace(ImmutableMap<String, String> replaced) {
        Architectures.load(replaced);
    }

    /** Whether there is an operator of that name. */
    boolean has(String name) {
        return find(name).isPresent();
    }

    private Optional<Evaluator.Operator> find(String name) {
        Optional<Evaluator.Operator> known = operators.get(name);
        if (known == null) {
            known = Optional.ofNullable(tool.getSpecProcessor()
                            .getRootModule()
                            .getOpDef(UniqueString.uniqueStringOf(prefix + name)))
                    .map(evaluator::operator);
            operators.put(name, known);
        }
        return known;
    }

    /** The operator of that name. */
    Evaluator.Operator operator(String name) {
        return find(name).orElseThrow(() -> new IllegalStateException("the specification has no operator " + name));
    }

    /** TLC's tool with the loaded specification. */
    FastTool tool() {
        return tool;
    }

    /** TLC's definition of the operator of that name. */
    OpDefNode definition(String name) {
        return operator(name).definition();
    }

    /** The names of the formal parameters of an operator. */
    ImmutableList<String> formals(String operator) {
        return operator(operator).formals();
    }

    static Context bind(OpDefNode definition, Value... args) {
        Context context = Context.Empty;
        FormalParamNode[] formals = definition.getParams();
        for (int i = 0; i < formals.length; i++) {
            context = context.cons(formals[i], args[i]);
        }
        return context;
    }

    /** The one state that an initial predicate with these arguments describes. */
    final State initially(ActionCall predicate) {
        OpDefNode definition = predicate.operator().definition();
        List<TLCState> states = Conjuncts.initialStates(tool, definition, bind(definition, predicate.args()));
        if (states.size() != 1) {
            throw new IllegalStateException(predicate + " describes " + states.size() + " states");
        }
        return plain(State.of(states.get(0)));
    }

    /** The successors of {@code from} by an action; all words of {@code from} must be known. */
    public List<State> step(ActionCall action, State from) {
        return distinct(action.operator().successors(action.args(), from));
    }

    /** The successors of {@code from} by an action, on the current {@link dev.longitude.unknowns.Way}. */
    public List<State> stepSymbolically(ActionCall action, State from) {
        return distinct(action.operator().symbolicSuccessors(action.args(), from));
    }

    /** The action of an operation. */
    public ActionCall action(Operation operation, Map<String, Value> args) {
        return action(operation.specName(), args);
    }

    /** The same with its arguments in the order of its {@link #formals(Operation)}. */
    public ActionCall action(Operation operation, Value... args) {
        return new ActionCall(operator(operation.specName()), args);
    }

    /** The names of the formal parameters of an operation's action. */
    public ImmutableList<String> formals(Operation operation) {
        return formals(operation.specName());
    }

    /** An action by its name. */
    ActionCall action(String name, Map<String, Value> args) {
        Evaluator.Operator operator = operator(name);
        return new ActionCall(operator, operator.inOrder(args));
    }

    /** Whether the specification leaves out some cases of an operation. */
    public boolean leavesOutSomeOf(Operation operation) {
        return has(NOT_MODELLED + operation.specName());
    }

    /** The operator by which the specification leaves out this case of an operation; empty if it models the case. */
    public Optional<String> leavesOut(Operation operation, Map<String, Value> args, State state) {
        String name = NOT_MODELLED + operation.specName();
        return has(name) && evalSymbolically(name, args, state) == BoolValue.ValTrue
                ? Optional.of(name)
                : Optional.empty();
    }

    /** A vCPU's value in this architecture's modules. */
    public abstract Value vcpu(VcpuId vcpu);

    /** Whether a state has no part that no event shows. */
    public abstract boolean nothingHidden(State state);

    private static List<State> distinct(List<State> found) {
        if (found.size() <= 1) {
            return found;
        }
        // Several disjuncts may lead to one state.
        List<State> states = new ArrayList<>(found.size());
        for (State state : found) {
            if (states.stream().noneMatch(state::isSame)) {
                states.add(state);
            }
        }
        return states;
    }

    /** The value of an operator in a state. */
    Value eval(String operator, Map<String, Value> args, State state) {
        return operator(operator).eval(args, state);
    }

    /** The same in a state with words that may be unknown, on the current way. */
    Value evalSymbolically(String operator, Map<String, Value> args, State state) {
        return operator(operator).evalSymbolically(args, state);
    }

    /** The value in a state of a variable, or of a value derived from variables. */
    public Value look(StateVariable variable, State state) {
        Value value = state.lookup(name(variable.specName()));
        return value == null ? eval(variable.specName(), ImmutableMap.of(), state) : value;
    }

    /** The same of a derived value, in a state with words that may be unknown, on the current way. */
    public Value lookSymbolically(StateVariable derived, State state) {
        return evalSymbolically(derived.specName(), ImmutableMap.of(), state);
    }

    /** A value derived from variables, for evaluation in successive states. */
    public MemoizedOperator latest(StateVariable derived) {
        return latest(derived.specName());
    }

    /** The place of a variable in a state; negative for a derived value. */
    public int place(StateVariable variable) {
        return name(variable.specName()).getVarLoc();
    }

    /** The name of a field of a reply, as TLC has it. */
    public UniqueString name(Field field) {
        return name(field.name());
    }

    private UniqueString name(String name) {
        UniqueString known = names.get(name);
        return known == null ? names.computeIfAbsent(name, UniqueString::uniqueStringOf) : known;
    }

    /** An operator without arguments, for evaluation in successive states. */
    MemoizedOperator latest(String operator) {
        return operator(operator).latest();
    }

    static Value flag(boolean value) {
        return value ? BoolValue.ValTrue : BoolValue.ValFalse;
    }

    /** {@code state} under a kernel with one switch flipped. */
    public static State flipped(State state, Switch one) {
        return KERNEL.set(state, flipped((RecordValue) KERNEL.in(state), one));
    }

    private static RecordValue flipped(RecordValue kernel, Switch one) {
        UniqueString name = UniqueString.uniqueStringOf(one.specName());
        Value[] values = kernel.values.clone();
        int i = Arrays.asList(kernel.names).indexOf(name);
        values[i] = values[i] == BoolValue.ValTrue ? BoolValue.ValFalse : BoolValue.ValTrue;
        return new RecordValue(kernel.names, values, false);
    }

    /** The record of a kernel's switches, from the specification's own table. */
    Value kernel(KernelProfile kernel) {
        return kernels.computeIfAbsent(kernel, k -> {
            Release release = k.release();
            Posting posting = k.posting();
            Value record = kernelOf.operator()
                    .eval(
                            ImmutableMap.of(
                                    "release",
                                    new TupleValue(new Value[] {
                                        IntValue.gen(release.major()),
                                        IntValue.gen(release.minor()),
                                        IntValue.gen(release.patch())
                                    }),
                                    "posting",
                                    new StringValue(posting == null ? "" : posting.specName())),
                            State.EMPTY);
            RecordValue switches = (RecordValue) TlaValues.plain(record).toRcd();
            for (Switch one : k.flipped()) {
                switches = flipped(switches, one);
            }
            return switches;
        });
    }

    /** The same as text. */
    public static String textOf(KernelProfile kernel) {
        Release release = kernel.release();
        Posting posting = kernel.posting();
        String text = "KernelOf(<<" + release.major() + ", " + release.minor() + ", " + release.patch() + ">>, \""
                + (posting == null ? "" : posting.specName()) + "\")";
        for (Switch one : kernel.flipped()) {
            text = "[" + text + " EXCEPT !." + one.specName() + " = ~@]";
        }
        return text;
    }

    /** A kernel's switches from the specification's own table, by name. */
    public ImmutableMap<String, Boolean> switches(KernelProfile kernel) {
        return flags(kernel(kernel));
    }

    /** The switches that only the specification's table has, by name. */
    public ImmutableSet<String> onlyHere() {
        Set<String> known = Arrays.stream(Switch.values()).map(Switch::specName).collect(Collectors.toSet());
        return switches(KernelProfile.of("corrected")).keySet().stream()
                .filter(name -> !known.contains(name))
                .collect(toImmutableSet());
    }

    /** The part of a state that can still matter: states that agree in it are equivalent. */
    public Value essence(State state) {
        return essence.operator().evalSymbolically(ImmutableMap.of(), state);
    }

    /** The part of a state that an action can depend on. */
    public Value course(State state) {
        return course.operator().evalSymbolically(ImmutableMap.of(), state);
    }

    /** The part of a state that an action can depend on or an event can show. */
    public abstract Value standing(State state);

    /** Each property for a report, by name, for evaluation in successive known states. */
    public ImmutableMap<String, MemoizedCondition> properties() {
        return properties.operator().latestFields();
    }

    /** The same in states with words that may be unknown, on the current way. */
    public ImmutableMap<String, Function<State, Value>> propertiesSymbolically() {
        return properties.operator().symbolicFields();
    }

    /** The names of the properties for a report. */
    public ImmutableSet<String> reportedProperties() {
        return properties().keySet();
    }

    private static ImmutableMap<String, Boolean> flags(Value value) {
        RecordValue record = (RecordValue) value.toRcd();
        ImmutableMap.Builder<String, Boolean> flags = ImmutableMap.builder();
        for (int i = 0; i < record.names.length; i++) {
            flags.put(record.names[i].toString(), ((BoolValue) record.values[i]).val);
        }
        return flags.buildOrThrow();
    }

    /** The first conjunct of an action that is false from one state to any completion of another. */
    public Conjuncts.Outcome firstFalse(
            ActionCall action, State from, State to, BiFunction<String, IValue, String> show) {
        OpDefNode definition = action.operator().definition();
        return Conjuncts.firstFalse(
                tool,
                new Action(definition.getBody(), Context.Empty, definition),
                bind(definition, action.args()),
                from.forTlc(),
                to.forTlc(),
                show);
    }

    static State plain(State state) { // (the other architecture's variables have no value)
        State plain = state;
        for (UniqueString variable : State.variables()) {
            Value value = state.lookup(variable);
            if (value != null) {
                plain = plain.with(variable, TlaValues.plain(value));
            }
        }
        return plain;
    }
}
