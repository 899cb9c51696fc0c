package dev.longitude.validator;

import static com.google.common.collect.ImmutableSet.toImmutableSet;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.Latest;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Posting;
import dev.longitude.kernel.Release;
import dev.longitude.kernel.Switch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tlc2.TLCGlobals;
import tlc2.tool.Action;
import tlc2.tool.TLCState;
import tlc2.tool.impl.Conjuncts;
import tlc2.tool.impl.FastTool;
import tlc2.util.Context;
import tlc2.util.FP64;
import tlc2.value.IValue;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.ToolIO;
import util.UniqueString;

/**
 * The specification of an architecture. Both are loaded at once: TLC keeps what it loads in static state, so a JVM can
 * hold one root module. Evaluates its actions and operators by name, with arguments by the names of their formal
 * parameters.
 */
public final class Specification {
    private static final String ROOT = "Trace";
    private static final UniqueString LAST_GUEST_TSC = UniqueString.uniqueStringOf("lastGuestTsc");
    private static final UniqueString KERNEL = UniqueString.uniqueStringOf("kernel");
    private static @Nullable ImmutableMap<Arch, Specification> loaded;

    private final FastTool tool;
    private final Evaluator evaluator;

    /** What the names of its operators begin with in the root module. */
    private final String prefix;

    /** Names and definitions as TLC has them; its own tables are slow to ask. */
    private final Map<String, UniqueString> names = new ConcurrentHashMap<>();

    private final Map<String, Optional<Evaluator.Operator>> operators = new ConcurrentHashMap<>();

    private final Map<KernelProfile, Value> kernels = new ConcurrentHashMap<>();

    private Specification(FastTool tool, Evaluator evaluator, Arch arch) {
        this.tool = tool;
        this.evaluator = evaluator;
        this.prefix = arch == Arch.X86 ? "" : "Arm64!";
    }

    /**
     * The specification of this program.
     *
     * @throws IllegalStateException if it cannot be parsed or loaded; the message is TLC's
     */
    public static synchronized Specification of(Arch arch) {
        if (loaded == null) {
            FastTool tool = parse();
            Evaluator evaluator = new Evaluator(tool);
            loaded = Maps.toMap(EnumSet.allOf(Arch.class), each -> new Specification(tool, evaluator, each));
        }
        return requireNonNull(loaded.get(arch));
    }

    private static FastTool parse() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream before = ToolIO.out;
        PrintStream systemOut = System.out;
        PrintStream systemErr = System.err;
        PrintStream sink = new PrintStream(said, true, UTF_8);
        try {
            Path folder = Files.createTempDirectory("longitude-spec");
            ToolIO.out = sink;
            System.setOut(sink); // parts of TLC print past ToolIO
            System.setErr(sink);
            FP64.Init();
            TLCGlobals.warn = false; // of each conjunct that is false
            FastTool tool = new FastTool(ROOT, ROOT, new SpecificationFiles(folder));
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
            return tool;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "the specification cannot be loaded:\n" + said.toString(UTF_8) + e.getMessage(), e);
        } finally {
            ToolIO.out = before;
            System.setOut(systemOut);
            System.setErr(systemErr);
        }
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
    private Evaluator.Operator operator(String name) {
        return find(name).orElseThrow(() -> new IllegalStateException("the specification has no operator " + name));
    }

    /** What TLC has loaded. */
    FastTool tool() {
        return tool;
    }

    /** What TLC has of the operator of that name. */
    OpDefNode definition(String name) {
        return operator(name).definition();
    }

    /** The names of the formal parameters of an operator. */
    public ImmutableList<String> formals(String operator) {
        return operator(operator).formals();
    }

    static Context bind(OpDefNode definition, Map<String, Value> args) {
        Context context = Context.Empty;
        for (FormalParamNode formal : definition.getParams()) {
            Value value = args.get(formal.getName().toString());
            if (value == null) {
                throw new IllegalStateException(definition.getName() + " needs a value for " + formal.getName());
            }
            context = context.cons(formal, value);
        }
        return context;
    }

    /** The one state that an initial predicate with these arguments describes. */
    State initially(String predicate, Map<String, Value> args) {
        OpDefNode definition = definition(predicate);
        List<TLCState> states = Conjuncts.initialStates(tool, definition, bind(definition, args));
        if (states.size() != 1) {
            throw new IllegalStateException(predicate + " describes " + states.size() + " states");
        }
        return plain(State.of(states.get(0)));
    }

    /** The successors of {@code from}, all of whose words are known, by an action. */
    List<State> step(String action, Map<String, Value> args, State from) {
        return distinct(operator(action).successors(args, from));
    }

    /** The successors of {@code from} by an action, on the {@link dev.longitude.unknowns.Way} that is being gone. */
    List<State> stepSymbolically(String action, Map<String, Value> args, State from) {
        return distinct(operator(action).symbolicSuccessors(args, from));
    }

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

    /** The same in a state of which words may be unknown, on the way that is being gone. */
    Value evalSymbolically(String operator, Map<String, Value> args, State state) {
        return operator(operator).evalSymbolically(args, state);
    }

    /** The value of a variable, or of an operator without arguments, in a state. */
    Value look(String variable, State state) {
        Value value = state.lookup(name(variable));
        return value == null ? eval(variable, ImmutableMap.of(), state) : value;
    }

    /** A name as TLC has it. */
    UniqueString name(String name) {
        UniqueString known = names.get(name);
        return known == null ? names.computeIfAbsent(name, UniqueString::uniqueStringOf) : known;
    }

    /** An operator without arguments, in one state after another. */
    Latest latest(String operator) {
        return operator(operator).latest();
    }

    /** {@code state} with another value for a variable. */
    static State with(State state, String variable, Value value) {
        return state.with(UniqueString.uniqueStringOf(variable), value);
    }

    /** {@code state} under a kernel in which one switch is the other way. */
    static State flipped(State state, Switch one) {
        RecordValue kernel = (RecordValue) requireNonNull(state.lookup(KERNEL));
        UniqueString name = UniqueString.uniqueStringOf(one.specName());
        Value[] values = kernel.values.clone();
        int i = Arrays.asList(kernel.names).indexOf(name);
        values[i] = values[i] == BoolValue.ValTrue ? BoolValue.ValFalse : BoolValue.ValTrue;
        return state.with(KERNEL, new RecordValue(kernel.names, values, false));
    }

    /** The record of a kernel's switches, as the specification's own table has it. */
    Value kernel(KernelProfile kernel) {
        return kernels.computeIfAbsent(kernel, k -> {
            Release release = k.release();
            Posting posting = k.posting();
            Value record = eval(
                    "KernelOf",
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
            return TlaValues.plain(record).toRcd();
        });
    }

    /** The same as text. */
    public static String textOf(KernelProfile kernel) {
        Release release = kernel.release();
        Posting posting = kernel.posting();
        return "KernelOf(<<" + release.major() + ", " + release.minor() + ", " + release.patch() + ">>, \""
                + (posting == null ? "" : posting.specName()) + "\")";
    }

    /** A kernel's switches as the specification's own table has them, by name. */
    public ImmutableMap<String, Boolean> switches(KernelProfile kernel) {
        return flags(kernel(kernel));
    }

    /** The switches that the specification has and Java's table lacks, by name. */
    public ImmutableSet<String> onlyHere() {
        Set<String> known = Arrays.stream(Switch.values()).map(Switch::specName).collect(Collectors.toSet());
        return switches(KernelProfile.of("corrected")).keySet().stream()
                .filter(name -> !known.contains(name))
                .collect(toImmutableSet());
    }

    /** What of a state can still matter: two states that have the same are one. */
    Value essence(State state) {
        return evalSymbolically("Essence", ImmutableMap.of(), state);
    }

    /** All of a state that an action can depend on. */
    Value course(State state) {
        return evalSymbolically("Course", ImmutableMap.of(), state);
    }

    /** All of a state that an action can depend on or an event can show. */
    Value standing(State state) {
        Value last = state.lookup(LAST_GUEST_TSC);
        return last == null ? course(state) : new TupleValue(course(state), last);
    }

    /** Each property for a report, by name: whether it holds, in one known state after another. */
    ImmutableMap<String, Latest> kept() {
        return operator("Kept").latestFields();
    }

    /** The same in states of which words may be unknown, on the way that is being gone. */
    ImmutableMap<String, Function<State, Value>> keptSymbolically() {
        return operator("Kept").symbolicFields();
    }

    /** The names of the properties for a report. */
    public ImmutableSet<String> reportedProperties() {
        return kept().keySet();
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
    Conjuncts.Outcome firstFalse(
            String action, Map<String, Value> args, State from, State to, BiFunction<String, IValue, String> show) {
        OpDefNode definition = definition(action);
        return Conjuncts.firstFalse(
                tool,
                new Action(definition.getBody(), Context.Empty, definition),
                bind(definition, args),
                from.forTlc(),
                to.forTlc(),
                show);
    }

    /** The names of the operators that an operator's body applies, itself not among them. */
    public ImmutableList<String> appliedBy(String operator) {
        List<String> names = new ArrayList<>();
        collect(definition(operator).getBody(), names);
        return ImmutableList.copyOf(names);
    }

    private static void collect(SemanticNode node, List<String> names) {
        if (node instanceof OpApplNode application) {
            names.add(application.getOperator().getName().toString());
        }
        SemanticNode[] children = node.getChildren();
        if (children != null) {
            for (SemanticNode child : children) {
                collect(child, names);
            }
        }
    }

    /** (The other architecture's variables have no value.) */
    static State plain(State state) {
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
