package dev.longitude.validator;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.longitude.evaluator.Latest;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tla2sany.semantic.LevelConstants;
import tla2sany.semantic.ModuleNode;
import tla2sany.semantic.OpDefNode;
import tlc2.tool.Action;
import tlc2.tool.StateVec;
import tlc2.util.Context;
import tlc2.util.FP64;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * Our evaluator is TLC's: on random walks through the specification under every kernel, both find the same successors by
 * every action, with arguments good and bad, and the same value of all that the validator asks for. The seed is the
 * walk's last parameter.
 */
class EvaluatorTest {
    private static final Set<String> SPECIFICATION = Set.of("KvmX86", "TraceKvmX86", "KvmArm64", "TraceKvmArm64");
    private static final int STEPS = 1_500;
    private static final int KHZ = 2_596_124;

    static Stream<Arguments> walks() {
        return Arrays.stream(Arch.values())
                .flatMap(arch -> KernelProfile.showing(arch).stream()
                        .flatMap(kernel -> Stream.of(1L, 2L).map(seed -> Arguments.of(arch, kernel, seed))));
    }

    @ParameterizedTest
    @MethodSource("walks")
    void bothEvaluatorsSayTheSame(Arch arch, KernelProfile kernel, long seed) {
        Walk walk = new Walk(arch, kernel, seed);
        for (int i = 0; i < STEPS; i++) {
            walk.step();
        }
        // Not a walk on which nothing happens, and on which everything does.
        assertThat(walk.taken).hasSizeGreaterThan(arch == Arch.X86 ? 15 : 10);
        assertThat(walk.kept).hasSizeGreaterThan(5);
        assertThat(walk.keys).hasSizeBetween(STEPS / 5, STEPS - 1);
        assertThat(walk.refusals).isGreaterThan(STEPS / 20);
    }

    /** What it has not it would only say when it needs it. */
    @Test
    void ourEvaluatorHasAllThatTheSpecificationUses() {
        ModuleNode root = Specification.of(Arch.X86).tool().getSpecProcessor().getRootModule();
        assertThat(beyondUs(Arch.X86, root)).isEmpty();
        assertThat(beyondUs(Arch.ARM64, root.getInstances()[0].getModule())).isEmpty();
    }

    private static List<String> beyondUs(Arch arch, ModuleNode module) {
        Specification specification = Specification.of(arch);
        List<String> names = Arrays.stream(module.getOpDefs())
                .filter(definition -> SPECIFICATION.contains(definition
                                .getOriginallyDefinedInModuleNode()
                                .getName()
                                .toString())
                        && definition.getBody().getLevel() < LevelConstants.TemporalLevel)
                .map(definition -> definition.getName().toString())
                .toList();
        assertThat(names).contains("EnterGuest", "TimePasses", "Course", "Kept").hasSizeGreaterThan(80);
        return names.stream()
                .filter(name -> isBeyondUs(() -> specification.eval(name, ImmutableMap.of(), State.EMPTY))
                        || isBeyondUs(() -> specification.step(name, ImmutableMap.of(), State.EMPTY)))
                .toList();
    }

    /** (There are no arguments, and no variable has a value: most cannot be evaluated.) */
    private static boolean isBeyondUs(ThrowingCallable evaluation) {
        return catchThrowable(evaluation) instanceof IllegalArgumentException;
    }

    private static final class Walk {
        private final Arch arch;
        private final Specification specification;
        private final SplittableRandom random;
        private final List<String> operators = new ArrayList<>(List.of("Kept", "Course", "Essence"));
        private final Map<String, Latest> latest;
        private final ImmutableMap<String, Latest> kept;
        private final Set<Long> fingerprints = new HashSet<>();
        private final Set<ValueKey> keys = new HashSet<>();
        private final List<Long> words = new ArrayList<>(List.of(0L, 1L, -1L, 5_000_000L));
        private final Set<String> taken = new TreeSet<>();
        private final String what;
        private int refusals;
        private State state;

        Walk(Arch arch, KernelProfile kernel, long seed) {
            this.arch = arch;
            this.specification = Specification.of(arch);
            this.random = new SplittableRandom(seed);
            this.what = arch + ", " + kernel + ", seed " + seed + ": ";
            long now = random.nextLong();
            this.state = specification.initially(
                    arch == Arch.X86 ? "NewVm" : "NewHost",
                    arch == Arch.X86
                            ? ImmutableMap.of(
                                    "switches", Specification.switches(kernel),
                                    "khz", IntValue.gen(KHZ),
                                    "fracBits", IntValue.gen(pick(0, 32, 48)),
                                    "clocksourceIsTsc", flag(random.nextInt(4) > 0),
                                    "unstable", flag(false),
                                    "tsc", Words64.word(now),
                                    "ns", Words64.word(random.nextLong()),
                                    "realtime", Words64.word(random.nextLong()))
                            : ImmutableMap.of(
                                    "switches", Specification.switches(kernel),
                                    "isVhe", flag(random.nextBoolean()),
                                    "hasEcv", flag(random.nextBoolean()),
                                    "pcpus", IntValue.gen(2),
                                    "counter", Words64.word(now)));
            if (arch == Arch.X86) {
                operators.add("NothingHidden");
            }
            for (StateVariable variable : StateVariable.values()) {
                if (specification.has(variable.specName())
                        && specification.formals(variable.specName()).isEmpty()) {
                    operators.add(variable.specName());
                }
            }
            this.latest = Maps.toMap(operators, specification::latest);
            this.kept = specification.kept();
        }

        void step() {
            String action = random.nextInt(3) == 0 ? "TimePasses" : pick(actions());
            Map<String, Value> args = args(action);
            State from = state;
            Supplier<String> call = () -> what + action + args + " in\n" + from;
            Optional<List<State>> our = outcome(() -> specification.step(action, args, state));
            Optional<List<State>> their = outcome(() -> byTlc(action, args));
            assertThat(our.isPresent()).as(call).isEqualTo(their.isPresent());
            if (our.isEmpty()) {
                return;
            }
            List<State> ours = our.orElseThrow();
            List<State> theirs = their.orElseThrow();
            assertThat(ours.size()).as(call).isEqualTo(theirs.size());
            for (State one : ours) {
                assertThat(theirs.stream().anyMatch(other -> one.isSame(other)))
                        .as(() -> call.get() + "\nto\n" + one)
                        .isTrue();
            }
            if (ours.isEmpty()) {
                refusals++;
                return;
            }
            taken.add(action);
            state = pick(ours);
            for (String operator : operators) {
                OpDefNode definition = specification.definition(operator);
                Value value = specification.eval(operator, ImmutableMap.of(), state);
                Value same = (Value) specification.tool().eval(definition.getBody(), Context.Empty, state.forTlc());
                assertThat(TlaValues.plain(value))
                        .as(() -> what + operator + " in\n" + state)
                        .isEqualTo(TlaValues.plain(same));
                assertThat(value.fingerPrint(FP64.New())).isEqualTo(same.fingerPrint(FP64.New()));
                assertThat(requireNonNull(latest.get(operator)).in(state))
                        .as(() -> what + operator + ", asked after each step, in\n" + state)
                        .isEqualTo(value);
            }
            RecordValue properties = (RecordValue) specification.eval("Kept", ImmutableMap.of(), state);
            for (int i = 0; i < properties.names.length; i++) {
                String property = properties.names[i].toString();
                assertThat(requireNonNull(kept.get(property)).in(state))
                        .as(() -> what + property + ", asked after each step, in\n" + state)
                        .isEqualTo(properties.values[i]);
            }
            Value course = specification.eval("Course", ImmutableMap.of(), state);
            assertThat(keys.add(new ValueKey(course)))
                    .as(() -> what + "new by its key, in\n" + state)
                    .isEqualTo(fingerprints.add(course.fingerPrint(FP64.New())));
        }

        private List<String> actions() {
            return Operation.of(arch).stream()
                    .filter(operation -> arch == Arch.ARM64 || operation != Operation.CREATE_VM)
                    .map(Operation::specName)
                    .toList();
        }

        private List<State> byTlc(String action, Map<String, Value> args) {
            OpDefNode definition = specification.definition(action);
            StateVec found = specification
                    .tool()
                    .getNextStates(
                            new Action(definition.getBody(), Context.Empty, definition),
                            Specification.bind(definition, args),
                            state.forTlc());
            List<State> states = new ArrayList<>();
            for (int i = 0; i < found.size(); i++) {
                State next = Specification.plain(State.of(found.elementAt(i)));
                if (states.stream().noneMatch(other -> other.isSame(next))) {
                    states.add(next);
                }
            }
            return states;
        }

        /** (Empty where there is none: a value that has no such field, a vCPU that is not there.) */
        private static Optional<List<State>> outcome(Supplier<List<State>> of) {
            try {
                return Optional.of(of.get());
            } catch (RuntimeException e) {
                return Optional.empty();
            }
        }

        private Map<String, Value> args(String action) {
            if (action.equals("TimePasses") && arch == Arch.X86) {
                long cycles = random.nextLong(1L << (10 + random.nextInt(24)));
                long ns = (long) (cycles * 1e6 / KHZ) + (random.nextInt(20) == 0 ? 1_000_000 : 0);
                return ImmutableMap.of(
                        "tsc", later("hostTsc", cycles),
                        "ns", later("hostNs", ns),
                        "realtime", later("hostRealtime", ns));
            }
            if (action.equals("TimePasses")) {
                String formal = specification.formals(action).get(0);
                return ImmutableMap.of(formal, later("cntpct", random.nextLong(1L << (10 + random.nextInt(24)))));
            }
            ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
            for (String formal : specification.formals(action)) {
                args.put(formal, arg(formal));
            }
            return args.buildOrThrow();
        }

        private Value later(String clock, long by) {
            long then = Words64.bits(specification.look(clock, state)) + (random.nextInt(20) == 0 ? -by : by);
            words.add(then);
            return Words64.word(then);
        }

        private Value arg(String formal) {
            if (formal.equals("vm")) {
                return IntValue.gen(random.nextInt(2));
            }
            Field field = Arrays.stream(Operation.values())
                    .flatMap(operation -> operation.args().stream())
                    .filter(each -> each.name().equals(formal))
                    .findFirst()
                    .orElseThrow();
            return switch (field.kind()) {
                case VCPU -> {
                    Value index = IntValue.gen(random.nextInt(3));
                    yield arch == Arch.X86 ? index : new TupleValue(IntValue.gen(random.nextInt(2)), index);
                }
                case PCPU -> IntValue.gen(random.nextInt(2));
                case FLAG -> flag(random.nextBoolean());
                case NUMBER, SMALL ->
                    IntValue.gen(
                            field.equals(Field.FLAGS)
                                    ? pick(0, 2, 4, 8, 14, 1)
                                    : pick(0, KHZ, KHZ + 10, 2 * KHZ, KHZ / 2));
                default -> Words64.word(random.nextInt(5) == 0 ? random.nextLong() : pick(words));
            };
        }

        @SafeVarargs
        private <T> T pick(T... of) {
            return of[random.nextInt(of.length)];
        }

        private <T> T pick(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }

        private static Value flag(boolean value) {
            return value ? BoolValue.ValTrue : BoolValue.ValFalse;
        }
    }
}
