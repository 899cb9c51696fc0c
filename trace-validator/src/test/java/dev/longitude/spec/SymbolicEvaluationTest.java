package dev.longitude.spec;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.MemoizedCondition;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.TooLittleKnownException;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Symbolic evaluation agrees with concrete evaluation: on random walks under every kernel, the test replaces some words
 * of a state and of an action's arguments by unknowns, and evaluates the action, the properties, and the validator's
 * keys of states on every way. Exactly one way admits the true values of the unknowns, and with these values it has the
 * successors and values of the concrete evaluation. {@code -Dsymbolic.steps=N} walks further than usual.
 */
class SymbolicEvaluationTest {
    private static final int STEPS = Integer.getInteger("symbolic.steps", 400);
    private static final int MOST_WAYS = 100_000;

    /** The actions that led some walk to another state. */
    private static final Map<Arch, Set<String>> taken = new EnumMap<>(Arch.class);

    static Stream<Arguments> walks() {
        Long one = Long.getLong("symbolic.seed");
        return Arrays.stream(Arch.values())
                .flatMap(arch -> KernelProfile.showing(arch).stream()
                        .flatMap(kernel -> (one != null ? LongStream.of(one) : LongStream.of(1))
                                .mapToObj(seed -> Arguments.of(arch, kernel, seed))));
    }

    @ParameterizedTest
    @MethodSource("walks")
    void symbolicEvaluationAndSubstitutionEqualConcreteEvaluation(Arch arch, KernelProfile kernel, long seed) {
        SymbolicWalk walk = new SymbolicWalk(arch, kernel, seed);
        int steps = arch == Arch.X86 ? STEPS : 2 * STEPS; // there a guest needs more steps before it runs
        for (int i = 0; i < steps; i++) {
            walk.step();
        }
        taken.computeIfAbsent(arch, each -> new TreeSet<>()).addAll(walk.taken);
        // Otherwise the test proved nothing.
        assertThat(walk.taken).as(walk.what).hasSizeGreaterThan(8);
        assertThat(walk.forks).as(walk.what).isGreaterThan(STEPS / 30);
        assertThat(walk.tooLittleKnown).as(walk.what).isLessThan(STEPS / 10);
    }

    @AfterAll
    static void everyActionWasTaken() {
        taken.forEach((arch, names) -> assertThat(names).containsAll(RandomWalk.actions(arch)));
    }

    /** The value of an evaluation on one way, with the values of the unknowns. */
    private record Outcome<T>(T value, Map<Integer, Long> truth, Store store) {}

    private static final class SymbolicWalk {
        private final Specification specification;
        private final RandomWalk walk;
        private final ImmutableMap<String, MemoizedCondition> kept;
        private final ImmutableMap<String, Function<State, Value>> keptSymbolically;
        private final Set<String> taken = new TreeSet<>();
        private final String what;
        private int forks;
        private int tooLittleKnown;

        private State state;
        /** The same state with unknowns in it, the constraints on them, and their true values. */
        private State symbolic;

        private Store store = new Store();
        private Map<Integer, Long> truth = new HashMap<>();

        SymbolicWalk(Arch arch, KernelProfile kernel, long seed) {
            this.specification = Specification.of(arch);
            this.walk = new RandomWalk(arch, seed);
            this.kept = specification.properties();
            this.keptSymbolically = specification.propertiesSymbolically();
            this.what = arch + ", " + kernel + ", seed " + seed
                    + "\nrepeat: mvn test -pl reference-impl,trace-validator -Dtest=SymbolicEvaluationTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Dsymbolic.seed=" + seed + " -Dsymbolic.steps=" + STEPS
                    + "\n";
            this.state = walk.first(kernel);
            this.symbolic = state;
        }

        /** Mostly an action that is possible. */
        void step() {
            for (int tries = 0; ; tries++) {
                String action = tries == 0 ? walk.action() : walk.anotherAction();
                if (tries < 20 && taken.contains(action) && walk.random.nextBoolean()) {
                    continue; // those that are rarely possible get more tries
                }
                if (action.equals("TimePasses") && walk.arch == Arch.X86 && walk.random.nextInt(4) == 0) {
                    action = "TimePassesBetweenReads";
                }
                Map<String, Value> args = walk.args(action, state);
                if (tries == 40
                        || !specification
                                .step(specification.action(action, args), state)
                                .isEmpty()) {
                    step(action, args);
                    return;
                }
            }
        }

        private void step(String action, Map<String, Value> args) {
            if (truth.size() > 8 || walk.random.nextInt(3) == 0) {
                store = new Store();
                truth = new HashMap<>();
                symbolic = new WordReplacer(walk.random, store, truth).in(state);
            }
            Map<String, Value> symbolicArgs = new WordReplacer(walk.random, store, truth).in(args);
            Supplier<String> call = () -> what + action + args + "\nas " + symbolicArgs + "\nwith " + truth + " in\n"
                    + state + "\nas\n" + symbolic;

            List<State> nexts = specification.step(specification.action(action, args), state);
            Outcome<List<State>> outcome = admitted(
                    () -> specification.stepSymbolically(specification.action(action, symbolicArgs), symbolic),
                    action.startsWith("TimePasses") && nexts.isEmpty(),
                    call);
            if (outcome == null) {
                return;
            }
            List<State> symbolicNexts = outcome.value;
            for (State symbolicNext : symbolicNexts) {
                State solved = solved(symbolicNext, outcome);
                assertThat(nexts).as(() -> call.get() + "\nadded\n" + solved).anyMatch(solved::isSame);
            }
            for (State next : nexts) {
                assertThat(symbolicNexts)
                        .as(() -> call.get() + "\nlost\n" + next)
                        .anyMatch(symbolicNext -> solved(symbolicNext, outcome).isSame(next));
            }
            if (nexts.isEmpty()) {
                return;
            }
            taken.add(action);
            goOnFrom(walk.pick(nexts), symbolicNexts, outcome);
            evaluate();
        }

        private void goOnFrom(State next, List<State> symbolicNexts, Outcome<List<State>> outcome) {
            state = next;
            symbolic = symbolicNexts.stream()
                    .filter(each -> solved(each, outcome).isSame(next))
                    .findFirst()
                    .orElseThrow();
            store = outcome.store;
            truth = outcome.truth;
            if (walk.random.nextBoolean()) {
                BitSet mentioned = new BitSet();
                symbolic = Unknowns.simplified(symbolic, store, mentioned);
                store.forget(mentioned::get);
                truth.keySet().removeIf(unknown -> !store.has(unknown));
            }
        }

        /** The queries of a state, in the current state of the walk. */
        private void evaluate() {
            for (Map.Entry<String, Function<State, Value>> property : keptSymbolically.entrySet()) {
                evaluate(
                        property.getKey(),
                        () -> requireNonNull(kept.get(property.getKey())).in(state),
                        () -> property.getValue().apply(symbolic));
            }
            for (String operator : List.of("Essence", "Course")) {
                evaluate(
                        operator,
                        () -> specification.eval(operator, ImmutableMap.of(), state),
                        () -> specification.evalSymbolically(operator, ImmutableMap.of(), symbolic));
            }
        }

        private void evaluate(String operator, Supplier<Value> concretely, Supplier<Value> symbolically) {
            Supplier<String> call = () -> what + operator + " with " + truth + " in\n" + state + "\nas\n" + symbolic;
            Value concrete = concretely.get();
            Outcome<Value> outcome = admitted(symbolically, false, call);
            if (outcome != null) {
                assertThat(new ValueKey(solved(outcome.value, outcome)))
                        .as(call)
                        .isEqualTo(new ValueKey(concrete));
            }
        }

        private static State solved(State of, Outcome<?> outcome) {
            return Unknowns.solved(of, unknown -> requireNonNull(outcome.truth.get(unknown)));
        }

        private static Value solved(Value value, Outcome<?> outcome) {
            UniqueString any = State.variables().get(0);
            return requireNonNull(solved(State.EMPTY.with(any, value), outcome).lookup(any));
        }

        /**
         * The outcome on the one way that admits the values of the unknowns; null if too little is known for any.
         *
         * @param mayBeNone whether it is correct that no way does
         */
        private <T> @Nullable Outcome<T> admitted(Supplier<T> evaluation, boolean mayBeNone, Supplier<String> call) {
            Way.Exploration<T> explored;
            try {
                explored = Way.explore(store, MOST_WAYS, evaluation);
            } catch (TooLittleKnownException e) {
                tooLittleKnown++;
                return null;
            }
            assertThat(explored.complete()).as(call).isTrue();
            if (explored.outcomes().size() > 1) {
                forks++;
            }
            List<Outcome<T>> admitting = new ArrayList<>();
            for (Way.Outcome<T> each : explored.outcomes()) {
                Map<Integer, Long> values = valuesIn(each.store());
                if (values != null) {
                    admitting.add(new Outcome<>(each.value(), values, each.store()));
                }
            }
            if (admitting.isEmpty() && mayBeNone) {
                return null;
            }
            assertThat(admitting).as(call).hasSize(1);
            return admitting.get(0);
        }

        /** The values of all unknowns, also of those that depend on others; null if the store does not admit them. */
        private @Nullable Map<Integer, Long> valuesIn(Store of) {
            Store fixed = of.copy();
            for (Map.Entry<Integer, Long> each : truth.entrySet()) {
                if (!fixed.require(LinearSum.of(each.getKey()), each.getValue(), each.getValue())) {
                    return null;
                }
            }
            Map<Integer, Long> values = new HashMap<>();
            for (int unknown = 0; values.size() < fixed.size(); unknown++) {
                if (fixed.has(unknown)) {
                    LinearSum alone = LinearSum.of(unknown);
                    assertThat(fixed.least(alone))
                            .as("%sthe value of x%d", what, unknown)
                            .isEqualTo(fixed.greatest(alone));
                    values.put(unknown, fixed.least(alone));
                }
            }
            return values;
        }
    }
}
