package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.scaled;
import static dev.longitude.properties.arithmetic.Encodings.ticks;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The offsets of a migration, for all words. */
class OffsetPlanLemmasTest {
    private static final Term.Variable KHZ = new Term.Variable("khz", 31);
    private static final Term K = KHZ.resized(WIDE);
    private static final Term SOURCE = Term.word("source");
    private static final Term DESTINATION = Term.word("destination");
    private static final Term OFFSET = Term.word("offset");
    private static final Term ELAPSED = Term.word("elapsed");
    private static final Term RATIO = Term.word("ratio");
    private static final Term OTHER_RATIO = Term.word("otherRatio");
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");

    /** The corrected offset gives the guest on the destination what it had, and what has elapsed, however words wrap. */
    @Test
    void theCorrectedOffsetGoesOnWhereTheGuestWas() {
        Term source = scaled(SOURCE, RATIO, 48);
        Term destination = scaled(DESTINATION, OTHER_RATIO, 32);
        Term corrected = OFFSET.plus(ELAPSED.plus(source.minus(destination)));
        Proof.holds(destination.plus(corrected).equalTo(source.plus(OFFSET).plus(ELAPSED)));

        // The documented one does so only if neither host scales.
        Term documented = OFFSET.plus(ELAPSED.plus(SOURCE.minus(DESTINATION)));
        Proof.fails(
                destination.plus(documented).equalTo(source.plus(OFFSET).plus(ELAPSED)),
                Map.of(
                        SOURCE, BigInteger.ONE,
                        DESTINATION, BigInteger.ZERO,
                        OFFSET, BigInteger.ZERO,
                        ELAPSED, BigInteger.ZERO,
                        RATIO, BigInteger.ZERO,
                        OTHER_RATIO, BigInteger.ZERO));
    }

    /** Elapsed ns become their cycles, truncated: less than one is lost, and one more at most if there are two migrations. */
    @Test
    void elapsedTimeLosesLessThanOneCycleAMigration() {
        Term first = A.resized(WIDE).times(K);
        Term second = B.resized(WIDE).times(K);
        Term parts = first.dividedBy(1_000_000).plus(second.dividedBy(1_000_000));
        Term whole = first.plus(second).dividedBy(1_000_000);
        Proof.holdsAsNumbers(parts.isAtMost(whole));
        Proof.holdsAsNumbers(whole.isAtMost(parts.plus(1)));
        Map<Term, BigInteger> halves = Map.of(A, BigInteger.ONE, B, BigInteger.ONE, KHZ, BigInteger.valueOf(500_000));
        Proof.fails(whole.isAtMost(parts), halves);

        Term exact = first.dividedBy(1_000_000).plus(1).times(1_000_000);
        Proof.holdsAsNumbers(first.isLess(exact));
        // 999 999 millionths of a cycle are lost.
        Proof.fails(first.plus(1).isLess(exact), Map.of(A, BigInteger.ONE, KHZ, BigInteger.valueOf(999_999)));
    }

    /** A part of a bound is rounded up: at least what it bounds, and less than one tick more. */
    @Test
    void aBoundIsRoundedUp() {
        Term product = A.resized(WIDE).times(B.resized(WIDE));
        Term ticks = ticks(A, B);
        Proof.holdsAsNumbers(product.isAtMost(ticks.times(1_000_000_000)));
        Proof.holdsAsNumbers(ticks.times(1_000_000_000).isLess(product.plus(1_000_000_000)));
        // A ns at 1 Hz is a whole tick.
        Proof.fails(
                ticks.times(1_000_000_000).isLess(product.plus(999_999_999)),
                Map.of(A, BigInteger.ONE, B, BigInteger.ONE));
        Proof.fails(ticks.times(1_000_000_000).isAtMost(product), Map.of(A, BigInteger.ONE, B, unsigned(1)));
    }
}
