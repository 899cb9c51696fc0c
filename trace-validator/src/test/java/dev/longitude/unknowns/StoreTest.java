package dev.longitude.unknowns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.LongSummaryStatistics;
import org.junit.jupiter.api.Test;

/** Compares a store with brute force over all values. */
class StoreTest {
    private static final int ENOUGH = 200_000;

    @Test
    void aStoreNeverLosesASolutionAndBoundsHoldForAll() {
        Seeds.of(1500).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 7);
            Store store = system.store();
            List<Constraint> imposed = new ArrayList<>();
            for (Constraint constraint : system.constraints) {
                boolean possible = RandomSystem.impose(store, constraint);
                imposed.add(constraint);
                assertThat(store.isInfeasible()).as("%s", system).isEqualTo(!possible);
                List<long[]> solutions = system.solutions(imposed);
                if (!possible) {
                    assertThat(solutions).as("%s", system).isEmpty();
                    break;
                }
                for (int i = 0; i < 4; i++) {
                    LinearSum sum = system.sum(i, 3);
                    contains(store, sum, solutions, system);
                }
            }
            assertThat(store.constraints()
                            .subList(system.unknowns(), store.constraints().size()))
                    .as("%s", system)
                    .isEqualTo(imposed);
        });
    }

    @Test
    void aSolutionIsFoundWhereThereIsOneAndRefutedWhereThereIsNone() {
        Seeds.of(1500).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 7);
            Store store = system.store();
            system.constraints.forEach(constraint -> RandomSystem.impose(store, constraint));
            Object before = store.signature();
            Solution solution = store.solve(ENOUGH);
            assertThat(store.signature()).as("%s", system).isEqualTo(before);
            judge(system, solution, true);
        });
    }

    @Test
    void whatIsForgottenOnlyWeakens() {
        int[] forgotten = new int[1];
        Seeds.of(1500).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 7);
            Store store = system.store();
            List<Constraint> imposed = new ArrayList<>();
            for (Constraint constraint : system.constraints) {
                if (!mentionsOnly(constraint, store)) {
                    continue;
                }
                RandomSystem.impose(store, constraint);
                imposed.add(constraint);
                if (system.random.nextInt(3) == 0) {
                    BitSet live = new BitSet();
                    for (int i = 0; i < system.unknowns(); i++) {
                        live.set(i, system.random.nextInt(3) > 0);
                    }
                    BitSet had = new BitSet();
                    for (int i = 0; i < system.unknowns(); i++) {
                        had.set(i, store.has(i));
                    }
                    int before = store.size();
                    store.forget(live::get);
                    forgotten[0] += before - store.size();
                    live.stream()
                            .filter(unknown -> had.get(unknown))
                            .forEach(unknown -> assertThat(store.has(unknown))
                                    .as("x%s of %s", unknown, system)
                                    .isTrue());
                }
                List<long[]> solutions = system.solutions(imposed);
                if (store.isInfeasible()) {
                    assertThat(solutions).as("%s", system).isEmpty();
                    break;
                }
                for (int i = 0; i < system.unknowns(); i++) {
                    for (int j = 0; j < system.unknowns(); j++) {
                        if (store.has(i) && store.has(j)) {
                            LinearSum sum = LinearSum.of(i).minus(LinearSum.of(j));
                            contains(store, sum, solutions, system);
                        }
                    }
                }
            }
            system.constraints.retainAll(imposed);
            judge(system, store.solve(ENOUGH), true);
        });
        assertThat(forgotten[0]).isPositive();
    }

    /**
     * The store need not find every contradiction; the test counts those that it finds, so that the loss of a rule
     * shows.
     */
    @Test
    void mostContradictionsShowWithoutASearch() {
        int[] seen = new int[1];
        int[] all = new int[1];
        Seeds.of(1500).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 7);
            Store store = system.store();
            boolean possible =
                    system.constraints.stream().allMatch(constraint -> RandomSystem.impose(store, constraint));
            if (system.solutions(system.constraints).isEmpty()) {
                all[0]++;
                seen[0] += possible ? 0 : 1;
            }
        });
        if (all[0] > 100) {
            assertThat(seen[0]).as("of %s", all[0]).isGreaterThan(all[0] * 99 / 100);
        }
    }

    private static void contains(Store store, LinearSum sum, List<long[]> solutions, RandomSystem system) {
        LongSummaryStatistics values = solutions.stream()
                .mapToLong(solution -> RandomSystem.at(sum, solution))
                .summaryStatistics();
        if (values.getCount() > 0) {
            assertThat(values.getMin()).as("%s of %s", sum, system).isGreaterThanOrEqualTo(store.least(sum));
            assertThat(values.getMax()).as("%s of %s", sum, system).isLessThanOrEqualTo(store.greatest(sum));
        }
    }

    private static boolean mentionsOnly(Constraint constraint, Store store) {
        return constraint.sums().stream().allMatch(sum -> {
            for (int i = 0; i < sum.size(); i++) {
                if (!store.has(sum.unknown(i))) {
                    return false;
                }
            }
            return true;
        });
    }

    private static void judge(RandomSystem system, Solution solution, boolean mustDecide) {
        boolean solvable = !system.solutions(system.constraints).isEmpty();
        if (solution instanceof Solution.Found found) {
            long[] values = found.values().toArray();
            assertThat(values).as("%s", system).hasSize(system.unknowns());
            for (int i = 0; i < values.length; i++) {
                assertThat(values[i])
                        .as("x%s of %s", i, system)
                        .isBetween(system.ranges.get(i)[0], system.ranges.get(i)[1]);
            }
            assertThat(system.constraints)
                    .as("%s", system)
                    .allMatch(constraint -> RandomSystem.holds(constraint, values));
        } else if (solution instanceof Solution.Refuted) {
            assertThat(solvable).as("%s", system).isFalse();
        } else {
            assertThat(mustDecide).as("gave up: %s", system).isFalse();
        }
    }
}
