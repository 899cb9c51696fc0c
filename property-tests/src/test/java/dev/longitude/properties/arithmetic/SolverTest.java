package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A solver means by a term what is computed of it: otherwise its proofs would be of something else. */
class SolverTest {
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Solver PRINCESS = new Princess();
    private static final List<Solver> Z3S =
            List.of(new Z3(Z3Words::new, 20_000_000), new Z3(Z3Integers::new, 5_000_000));

    /** (Princess needs seconds to show that a quotient has no other value.) Every kind of term, where it wraps and where it does not. */
    private static final List<Term> TERMS = List.of(
            A.plus(B),
            A.minus(B),
            A.times(B),
            A.shiftedLeft(9),
            A.shiftedRight(9),
            A.resized(7),
            A.resized(80).times(B.resized(80)),
            A.plus(1).dividedBy(B),
            A.times(3).dividedBy(B.shiftedRight(1).plus(1)).dividedBy(7),
            A.isLess(B).choose(A, B.plus(5)),
            A.isAtMost(B).not().choose(A.number(1), A.minus(B).shiftedRight(60)));

    @Test
    void aTermIsWhatIsComputedOfIt() {
        for (long[] values : new long[][] {{-1, 2}, {1, -1}, {3L << 60, 12_345_678_901L}}) {
            Computation computation = new Computation(Map.of("a", unsigned(values[0]), "b", unsigned(values[1])));
            Fact there = A.equalTo(new Term.Constant(unsigned(values[0]), 64))
                    .and(B.equalTo(new Term.Constant(unsigned(values[1]), 64)));
            for (Term term : TERMS) {
                Fact equal = term.equalTo(new Term.Constant(computation.of(term), term.width()));
                assertThat(PRINCESS.solve(there.and(equal)).answer()).isEqualTo(Solver.Answer.SATISFIABLE);
                for (Solver solver : Z3S) {
                    assertThat(solver.solve(there.and(equal)).answer()).isEqualTo(Solver.Answer.SATISFIABLE);
                    assertThat(solver.solve(there.and(equal.not())).answer()).isEqualTo(Solver.Answer.UNSATISFIABLE);
                }
            }
        }
    }

    /** A false claim has a counterexample, for which it fails as computed. */
    @Test
    void aFalseClaimHasACounterexample() {
        Fact claim = A.isAtMost(A.plus(B));
        for (Solver solver : List.of(PRINCESS, Z3S.get(0), Z3S.get(1))) {
            Map<String, BigInteger> values = solver.counterexample(claim).orElseThrow();
            assertThat(new Computation(values).holds(claim)).isFalse();
        }
    }

    @Test
    void aSolverThatGivesUpHasProvedNothing() {
        Solver hasty = new Z3(Z3Words::new, 1);
        assertThatThrownBy(() -> hasty.counterexample(A.times(B).equalTo(B.times(A.plus(A)))))
                .isInstanceOf(AssertionError.class)
                .hasMessage("the solver gave up");
    }
}
