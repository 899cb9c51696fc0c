package dev.longitude.unknowns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares the ways through an evaluation with the same evaluation on every solution. */
class WayTest {
    private static final int MANY = 10_000;

    private interface Questions {
        boolean atMost(LinearSum sum, long bound);

        boolean is(LinearSum sum, long value);
    }

    /** A tree of questions: which one is asked next depends on the answers so far. */
    private static List<Boolean> evaluate(RandomSystem system, long seed, Questions questions) {
        List<Boolean> answers = new ArrayList<>();
        Random random = new Random(seed);
        int depth = 1 + random.nextInt(4);
        for (int i = 0; i < depth; i++) {
            Random here = new Random(seed * 31 + answers.hashCode());
            LinearSum sum = LinearSum.of(here.nextInt(system.unknowns()));
            if (here.nextBoolean()) {
                sum = sum.minus(LinearSum.of(here.nextInt(system.unknowns())));
            }
            if (here.nextInt(4) == 0) {
                sum = sum.plus(LinearSum.of(here.nextInt(system.unknowns())).times(2));
            }
            long value = here.nextInt(13) - 6L;
            answers.add(here.nextInt(3) > 0 ? questions.atMost(sum, value) : questions.is(sum, value));
        }
        return answers;
    }

    @Test
    void eachSolutionIsOnExactlyTheWayThatItsEvaluationTakes() {
        Seeds.of(700).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 4);
            Store store = system.store();
            system.constraints.forEach(constraint -> RandomSystem.impose(store, constraint));
            if (store.isInfeasible()) {
                return;
            }
            Object before = store.signature();
            Way.Exploration<List<Boolean>> explored = Way.explore(
                    store,
                    MANY,
                    () -> evaluate(system, seed, new Questions() {
                        @Override
                        public boolean atMost(LinearSum sum, long bound) {
                            return Way.current().atMost(sum, bound);
                        }

                        @Override
                        public boolean is(LinearSum sum, long value) {
                            return Way.current().is(sum, value);
                        }
                    }));
            assertThat(store.signature()).as("%s", system).isEqualTo(before);
            assertThat(explored.complete()).as("%s", system).isTrue();
            for (long[] solution : system.solutions(system.constraints)) {
                List<Boolean> answers = evaluate(system, seed, new Questions() {
                    @Override
                    public boolean atMost(LinearSum sum, long bound) {
                        return RandomSystem.at(sum, solution) <= bound;
                    }

                    @Override
                    public boolean is(LinearSum sum, long value) {
                        return RandomSystem.at(sum, solution) == value;
                    }
                });
                List<List<Boolean>> on = explored.outcomes().stream()
                        .filter(outcome -> holds(outcome.store(), solution))
                        .map(Way.Outcome::value)
                        .toList();
                assertThat(on).as("%s", system).containsExactly(answers);
                assertThat(explored.deadEnds()).as("%s", system).noneMatch(end -> holds(end, solution));
            }
            assertThat(explored.outcomes())
                    .as("%s", system)
                    .noneMatch(outcome -> outcome.store().isInfeasible());
            assertThat(explored.deadEnds()).as("%s", system).allMatch(Store::isInfeasible);
        });
    }

    /** Whether values meet all constraints. */
    private static boolean holds(Store store, long[] values) {
        return store.constraints().stream().allMatch(constraint -> RandomSystem.holds(constraint, values));
    }

    @Test
    void aQuestionThatTheBoundsAnswerAddsNothing() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 10));
        Way.Exploration<ImmutableList<Boolean>> explored = Way.explore(
                store,
                1,
                () -> ImmutableList.of(
                        Way.current().atMost(x, 10),
                        Way.current().atMost(x, -1),
                        Way.current().is(x, 11)));
        assertThat(explored.complete()).isTrue();
        assertThat(explored.outcomes()).hasSize(1);
        assertThat(explored.outcomes().get(0).value()).containsExactly(true, false, false);
        assertThat(explored.outcomes().get(0).store().constraints()).isEqualTo(store.constraints());
    }

    @Test
    void waysBeyondTheMostAreNotTakenAndItSaysSo() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 10));
        Way.Exploration<Boolean> one = Way.explore(store, 1, () -> Way.current().atMost(x, 5));
        assertThat(one.complete()).isFalse();
        assertThat(one.outcomes()).hasSize(1);
        Way.Exploration<Boolean> both =
                Way.explore(store, 2, () -> Way.current().atMost(x, 5));
        assertThat(both.complete()).isTrue();
        assertThat(both.outcomes()).extracting(Way.Outcome::value).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void anAnswerThatIsNotPossibleIsADeadEndThatCanBeCertified() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 10));
        LinearSum y = LinearSum.of(store.unknown(0, 20));
        store.because("doubled").relate(y, x, Floor.exact(2, 0, 1));
        // By the bounds of x and y alone 2x - y may be 20; then x is 10 and y is 0, which contradicts the relation.
        LinearSum sum = x.times(2).minus(y);
        Way.Exploration<Boolean> explored = Way.explore(store, 10, () -> {
            Way.current().store().because("asked");
            return Way.current().atMost(sum, 19);
        });
        assertThat(explored.outcomes()).extracting(Way.Outcome::value).containsExactly(true);
        assertThat(explored.deadEnds()).hasSize(1);
        assertThat(Certificate.of(explored.deadEnds().get(0).constraints())
                        .orElseThrow()
                        .constraints())
                .extracting(Constraint::reason)
                .contains("asked", "doubled");
    }

    @Test
    void aWayMayEndItselfAndAnErrorIsNotTakenForAnEnd() {
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 10));
        Way.Exploration<Boolean> explored = Way.explore(store, 10, () -> {
            if (Way.current().atMost(x, 5)) {
                Way.current().store().require(x, 6, 7);
                throw new IllegalArgumentException("as an evaluator may wrap it");
            }
            return true;
        });
        assertThat(explored.outcomes()).hasSize(1);
        assertThat(explored.deadEnds()).hasSize(1);
        assertThatThrownBy(() -> Way.explore(store, 10, () -> {
                    throw new IllegalArgumentException("a fault");
                }))
                .hasMessage("a fault");
    }

    @Test
    void thereIsNoWayOutsideOfAnExplorationAndTheOuterOneReturnsAfterAnInner() {
        assertThatThrownBy(Way::current).isInstanceOf(IllegalStateException.class);
        Store store = new Store();
        LinearSum x = LinearSum.of(store.unknown(0, 10));
        Way.explore(store, 1, () -> {
            Way outer = Way.current();
            Way.explore(outer.store(), 10, () -> Way.current().atMost(x, 5));
            assertThat(Way.current()).isSameAs(outer);
            return true;
        });
        assertThatThrownBy(Way::current).isInstanceOf(IllegalStateException.class);
    }
}
