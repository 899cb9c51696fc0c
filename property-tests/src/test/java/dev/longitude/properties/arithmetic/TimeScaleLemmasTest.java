package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.clockAt;
import static dev.longitude.properties.arithmetic.Encodings.converted;
import static dev.longitude.properties.arithmetic.Encodings.multiplied;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel's conversion between two rates, for all deltas and all multipliers, and kvmclock's page that uses it. */
class TimeScaleLemmasTest {
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term MULT = Term.word("mult", 32);

    /** After the shift nothing overflows: the result is not larger than what was multiplied. */
    @Test
    void aMultiplierMakesNothingLarger() {
        Proof.holds(multiplied(A, MULT).isAtMost(A));

        // The largest delta becomes almost itself: a multiplier is less than 1.
        Proof.fails(multiplied(A, MULT).isLess(A), Map.of(A, BigInteger.ZERO, MULT, unsigned(0xffff_ffffL)));
    }

    /** Without a shift to the left: such a shift drops bits at the top, and then a larger delta can become less. */
    @ParameterizedTest
    @ValueSource(ints = {0, -1, -2, -31, -32})
    void aConversionIsMonotone(int shift) {
        Fact monotone = converted(A, MULT, shift).isAtMost(converted(B, MULT, shift));
        Proof.holds(A.isAtMost(B).implies(monotone));
    }

    @Test
    void aShiftToTheLeftDropsBits() {
        Proof.fails(
                A.isAtMost(B).implies(converted(A, MULT, 1).isAtMost(converted(B, MULT, 1))),
                Map.of(A, BigInteger.ONE, B, unsigned(1L << 63), MULT, unsigned(1L << 31)));
    }

    /** Two intervals converted one by one are at most one unit behind both in one. */
    @Test
    void convertingInTwoPartsLosesAtMostOneUnit() {
        Term mult = MULT.resized(WIDE);
        Term first = A.resized(WIDE).times(mult).shiftedRight(32);
        Term second = B.resized(WIDE).times(mult).shiftedRight(32);
        Term whole = A.resized(WIDE).plus(B.resized(WIDE)).times(mult).shiftedRight(32);
        Term parts = first.plus(second);
        Proof.holds(parts.isAtMost(whole).and(whole.isAtMost(parts.plus(1))));
        Proof.fails(parts.equalTo(whole), Map.of(A, BigInteger.ONE, B, BigInteger.ONE, MULT, unsigned(1L << 31)));
    }

    /**
     * A guest's kvmclock does not go back as long as its TSC does not, from the page's time stamp on. Before the time stamp
     * the difference wraps: a vCPU whose TSC is a cycle behind another's page reads a time far in the future.
     */
    @Test
    void kvmclockIsMonotoneFromThePagesTimeStampOn() {
        Term tsc = Term.word("tsc");
        Term later = Term.word("later");
        Term stamp = Term.word("stamp");
        Term time = Term.word("time");
        Fact inOrder = stamp.isAtMost(tsc).and(tsc.isAtMost(later));
        Term now = clockAt(tsc, stamp, time, MULT, -1);
        Term then = clockAt(later, stamp, time, MULT, -1);
        Fact noWrap = time.isAtMost(then);
        Proof.holds(inOrder.and(noWrap).implies(now.isAtMost(then)));

        Proof.fails(
                tsc.isAtMost(later).and(noWrap).implies(now.isAtMost(then)),
                Map.of(
                        tsc, BigInteger.valueOf(99),
                        stamp, BigInteger.valueOf(100),
                        later, BigInteger.valueOf(101),
                        time, BigInteger.ZERO,
                        MULT, unsigned(1L << 31)));
    }
}
