package dev.longitude.properties.arithmetic;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import java.math.BigInteger;
import java.util.Map;

/** What tests say of facts. */
final class Proof {
    private static final Solver PRINCESS = new Princess();
    private static final Solver Z3 = new Z3(Z3Words::new, 20_000_000);
    private static final Solver INTEGERS = new Z3(Z3Integers::new, 5_000_000);

    private Proof() {}

    /** For all values, by Princess. (Z3 does not end where a product of two unknown words decides.) */
    static void holds(Fact claim) {
        assertThat(PRINCESS.counterexample(claim))
                .as("values for which it fails")
                .isEmpty();
    }

    /** For all values, by both solvers. */
    static void holdsForBoth(Fact claim) {
        assertThat(PRINCESS.counterexample(claim))
                .as("values for which it fails")
                .isEmpty();
        assertThat(Z3.counterexample(claim)).as("values for which it fails").isEmpty();
    }

    /** For all values, by Z3 on whole numbers: where shifts and quotients by unknown words decide. */
    static void holdsAsNumbers(Fact claim) {
        assertThat(INTEGERS.counterexample(claim))
                .as("values for which it fails")
                .isEmpty();
    }

    /**
     * It fails for these values, as computed, and the solvers agree. So what is assumed does not contradict itself, and
     * nothing is proved because of that.
     */
    static void fails(Fact claim, Map<Term, BigInteger> values) {
        Computation computation = new Computation(values.entrySet().stream()
                .collect(ImmutableMap.toImmutableMap(e -> ((Term.Variable) e.getKey()).name(), Map.Entry::getValue)));
        assertThat(computation.holds(claim)).as("it holds for %s", values).isFalse();
        Fact there = claim.not();
        for (Map.Entry<Term, BigInteger> value : values.entrySet()) {
            there = there.and(value.getKey()
                    .equalTo(new Term.Constant(value.getValue(), value.getKey().width())));
        }
        assertThat(PRINCESS.solve(there).answer()).isEqualTo(Solver.Answer.SATISFIABLE);
        assertThat(Z3.solve(there).answer()).isEqualTo(Solver.Answer.SATISFIABLE);
        assertThat(INTEGERS.solve(there).answer()).isEqualTo(Solver.Answer.SATISFIABLE);
    }
}
