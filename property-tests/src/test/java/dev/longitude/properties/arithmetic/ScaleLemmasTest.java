package dev.longitude.properties.arithmetic;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The kernel's loops that choose a multiplier, for any two rates below 2^62, by induction: what holds after the first loop,
 * what each step of the second keeps, and what follows when it ends.
 */
class ScaleLemmasTest {
    private static final int WIDTH = 96;
    private static final Term.Variable SCALED = new Term.Variable("scaled", 62);
    private static final Term.Variable BASE = new Term.Variable("base", 62);

    private static final Term S = SCALED.resized(WIDTH);
    private static final Term B = BASE.resized(WIDTH);

    /** The condition of the first loop. */
    private static final Fact BASE_TOO_LARGE =
            S.times(2).isLess(B).or(S.powerOfTwo(32).isAtMost(B));

    /** The condition of the second. */
    private static final Fact SCALED_TOO_LARGE =
            B.isAtMost(S).or(S.powerOfTwo(32).isAtMost(S));

    /** Whether the second halves, and does not double. */
    private static final Fact HALVES =
            S.powerOfTwo(32).isAtMost(S).or(B.powerOfTwo(31).isAtMost(B));

    /** Between the steps: the base has 32 bits, and is at most twice the scaled rate, or one more if it has its top bit. */
    private static Fact between(Term scaled, Term base) {
        Term twice = scaled.times(2);
        Fact nearly = base.isAtMost(twice.plus(1)).and(base.powerOfTwo(31).isAtMost(base));
        return scaled.isAtLeast(1)
                .and(base.isAtLeast(1))
                .and(base.isLess(base.powerOfTwo(32)))
                .and(base.isAtMost(twice).or(nearly));
    }

    private static Map<Term, BigInteger> rates(long scaled, long base) {
        return Map.of(SCALED, BigInteger.valueOf(scaled), BASE, BigInteger.valueOf(base));
    }

    private static final Fact POSITIVE = S.isAtLeast(1).and(B.isAtLeast(1));

    /** The first loop keeps the base positive, so that it ends, and leaves what the second needs. */
    @Test
    void theFirstLoopLeavesWhatTheSecondNeeds() {
        Proof.holdsAsNumbers(
                POSITIVE.and(BASE_TOO_LARGE).implies(B.shiftedRight(1).isAtLeast(1)));
        Proof.holdsAsNumbers(POSITIVE.and(BASE_TOO_LARGE.not()).implies(between(S, B)));

        // Not without its second condition: twice 2^62 - 1 is more than 2^32.
        Proof.fails(POSITIVE.and(B.isAtMost(S.times(2))).implies(between(S, B)), rates((1L << 62) - 1, 1L << 32));
    }

    /** Each step of the second loop keeps it. */
    @Test
    void eachStepOfTheSecondKeepsIt() {
        Fact step = between(S, B).and(SCALED_TOO_LARGE);
        Proof.holdsAsNumbers(step.and(HALVES).implies(between(S.shiftedRight(1), B)));
        Proof.holdsAsNumbers(step.and(HALVES.not()).implies(between(S, B.shiftedLeft(1))));

        // Not if it doubled a base of 2^31.
        Proof.fails(step.implies(between(S, B.shiftedLeft(1))), rates(1L << 31, 1L << 31));
    }

    /** The multiplier has 32 bits, and is at least a half but for one unit. */
    @Test
    void aMultiplierIsAtLeastAHalfButForOneUnit() {
        Term mult = S.shiftedLeft(32).dividedBy(B);
        Fact ended = between(S, B).and(SCALED_TOO_LARGE.not());
        Proof.holds(ended.implies(mult.isLess(mult.powerOfTwo(32))));
        Term half = new Term.Constant(BigInteger.ONE.shiftLeft(31).subtract(BigInteger.ONE), WIDTH);
        Proof.holdsAsNumbers(ended.implies(half.isAtMost(mult)));

        // The bounds are reached: equal rates of 2^32 - 1, which become 2^31 - 1 and 2^32 - 1; and 2^32 - 2 of 2^32 -
        // 1.
        Proof.fails(ended.implies(half.isLess(mult)), rates((1L << 31) - 1, (1L << 32) - 1));
        Proof.fails(
                ended.implies(mult.isLess(new Term.Constant(BigInteger.valueOf((1L << 32) - 2), WIDTH))),
                rates((1L << 32) - 2, (1L << 32) - 1));
    }
}
