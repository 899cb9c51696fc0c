package dev.longitude.spec;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.longitude.evaluator.MemoizedCondition;
import dev.longitude.evaluator.MemoizedOperator;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.StateVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.Value;

/**
 * Our evaluator agrees with TLC's: on random walks through the specification under every kernel, both find the same
 * successors by every action, with valid and invalid arguments, and the same values of all operators that the validator
 * uses. The seed is the walk's last parameter.
 */
class EvaluatorTest {
    private static final Set<String> SPECIFICATION = Set.of("KvmX86", "TraceKvmX86", "KvmArm64", "TraceKvmArm64");
    private static final int STEPS = 1_500;

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
        // Neither a walk on which nothing is possible nor one on which everything is.
        assertThat(walk.taken).hasSizeGreaterThan(arch == Arch.X86 ? 15 : 10);
        assertThat(walk.kept).hasSizeGreaterThan(5);
        assertThat(walk.keys).hasSizeBetween(STEPS / 5, STEPS - 1);
        assertThat(walk.refusals).isGreaterThan(STEPS / 20);
    }

    /** The evaluator reports an unsupported construct only at its first use. */
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
        assertThat(names)
                .contains("EnterGuest", "TimePasses", "Course", "ReportedProperties")
                .hasSizeGreaterThan(80);
        return names.stream()
                .filter(name -> isBeyondUs(() -> specification.eval(name, ImmutableMap.of(), State.EMPTY))
                        || isBeyondUs(
                                () -> specification.step(new ActionCall(specification.operator(name)), State.EMPTY)))
                .toList();
    }

    /** (There are no arguments, and no variable has a value: most cannot be evaluated.) */
    private static boolean isBeyondUs(ThrowingCallable evaluation) {
        return catchThrowable(evaluation) instanceof IllegalArgumentException;
    }

    private static final class Walk {
        private final Specification specification;
        private final RandomWalk walk;
        private final List<String> operators = new ArrayList<>(List.of("ReportedProperties", "Course", "Essence"));
        private final Map<String, MemoizedOperator> latest;
        private final ImmutableMap<String, MemoizedCondition> kept;
        private final Set<Long> fingerprints = new HashSet<>();
        private final Set<ValueKey> keys = new HashSet<>();
        private final Set<String> taken = new TreeSet<>();
        private final String what;
        private int refusals;
        private State state;

        Walk(Arch arch, KernelProfile kernel, long seed) {
            this.specification = Specification.of(arch);
            this.walk = new RandomWalk(arch, seed);
            this.what = arch + ", " + kernel + ", seed " + seed + ": ";
            this.state = walk.first(kernel);
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
            this.kept = specification.properties();
        }

        void step() {
            String action = walk.action();
            Map<String, Value> args = walk.args(action, state);
            State from = state;
            Supplier<String> call = () -> what + action + args + " in\n" + from;
            // (No action fails to be evaluated, whatever its arguments: an exception of either engine fails the test.)
            List<State> ours = specification.step(specification.action(action, args), state);
            List<State> theirs = byTlc(action, args);
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
            state = walk.pick(ours);
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
            RecordValue properties = (RecordValue) specification.eval("ReportedProperties", ImmutableMap.of(), state);
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

        private List<State> byTlc(String action, Map<String, Value> args) {
            OpDefNode definition = specification.definition(action);
            StateVec found = specification
                    .tool()
                    .getNextStates(
                            new Action(definition.getBody(), Context.Empty, definition),
                            Specification.bind(
                                    definition,
                                    specification.action(action, args).args()),
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
    }
}
