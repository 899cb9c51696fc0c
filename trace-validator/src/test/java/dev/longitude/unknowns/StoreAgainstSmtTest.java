package dev.longitude.unknowns;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.z3.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Compares a store's bounds on 64-bit numbers with an SMT solver that gets the constraints as they were imposed. */
class StoreAgainstSmtTest {
    private static final int BUDGET = 20_000;
    private static final int EFFORT = 2_000_000;

    /** How many systems each of the two decided, and how many had no solution. */
    private int systems;

    private int smtDecided;
    private int solved;
    private int unsolvable;
    private int seen;
    private int certified;

    @Test
    void whatTheStoreSaysFollowsFromWhatWasImposed() {
        Seeds.of(250).forEach(seed -> {
            WideSystem system = new WideSystem(seed);
            Store store = system.store;
            List<Constraint> constraints = store.constraints();
            Solution solution = store.solve(BUDGET);
            try (Smt smt = new Smt(constraints, EFFORT)) {
                Status status = smt.check();
                systems++;
                smtDecided += status == Status.UNKNOWN ? 0 : 1;
                solved += solution instanceof Solution.GaveUp ? 0 : 1;
                if (status == Status.UNSATISFIABLE) {
                    unsolvable++;
                    seen += store.isInfeasible() ? 1 : 0;
                    assertThat(solution).as("%s", system).isNotInstanceOf(Solution.Found.class);
                } else if (status == Status.SATISFIABLE) {
                    assertThat(store.isInfeasible()).as("%s", system).isFalse();
                    assertThat(solution).as("%s", system).isNotInstanceOf(Solution.Refuted.class);
                }
                if (store.isInfeasible()) {
                    Certificate.of(constraints).ifPresent(certificate -> {
                        certified++;
                        try (Smt part = new Smt(certificate.constraints(), EFFORT)) {
                            assertThat(part.check()).as("%s", system).isNotEqualTo(Status.SATISFIABLE);
                        }
                    });
                } else if (status == Status.SATISFIABLE) {
                    assertThat(smt.checkAnyOutside(differences(store), store))
                            .as("%s", system)
                            .isNotEqualTo(Status.SATISFIABLE);
                    Store less = store.copy();
                    less.forget(unknown -> (unknown + seed) % 3 != 0);
                    assertThat(smt.checkAnyOutside(differences(less), less))
                            .as("%s", system)
                            .isNotEqualTo(Status.SATISFIABLE);
                    assertThat(less.solve(BUDGET)).as("%s", system).isNotInstanceOf(Solution.Refuted.class);
                }
            }
        });
        if (systems > 100) {
            assertThat(smtDecided)
                    .as("decided by the SMT solver, of %s", systems)
                    .isGreaterThan(systems * 90 / 100);
            assertThat(solved).as("solved, of %s", systems).isGreaterThan(systems * 98 / 100);
            assertThat(unsolvable).as("without solution, of %s", systems).isGreaterThan(systems * 10 / 100);
            assertThat(seen).as("seen without a search, of %s", unsolvable).isGreaterThan(unsolvable * 95 / 100);
            assertThat(certified).as("certified, of %s", seen).isGreaterThan(seen * 95 / 100);
        }
    }

    private static List<LinearSum> differences(Store store) {
        List<LinearSum> sums = new ArrayList<>();
        for (int i = 0; i < store.made(); i++) {
            for (int j = 0; j < store.made(); j++) {
                if (store.has(i) && store.has(j)) {
                    sums.add(i == j ? LinearSum.of(i) : LinearSum.of(i).minus(LinearSum.of(j)));
                }
            }
        }
        return sums;
    }
}
