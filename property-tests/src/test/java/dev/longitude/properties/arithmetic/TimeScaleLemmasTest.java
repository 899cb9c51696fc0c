package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.clockAt;
import static dev.longitude.properties.arithmetic.Encodings.converted;
import static dev.longitude.properties.arithmetic.Encodings.multiplied;
import static dev.longitude.properties.arithmetic.Encodings.shifted;

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

    /** Of every shift, for deltas of which it drops no bit at the top: the shift is, and so is what follows it. */
    @Test
    void aConversionIsMonotoneWhereTheShiftDropsNothing() {
        Proof.holds(A.isAtMost(B).implies(multiplied(A, MULT).isAtMost(multiplied(B, MULT))));
        for (int shift = -32; shift <= 32; shift++) {
            Fact inOrder = A.isAtMost(B).and(keeps(B, shift));
            Proof.holdsAsNumbers(inOrder.implies(shifted(A, shift).isAtMost(shifted(B, shift))));
        }
    }

    /** The shift drops no bit of this delta at the top. */
    private static Fact keeps(Term delta, int shift) {
        return shift <= 0 ? Fact.all() : delta.isLess(delta.powerOfTwo(Long.SIZE - shift));
    }

    @Test
    void aShiftToTheLeftDropsBits() {
        Proof.fails(
                A.isAtMost(B).implies(converted(A, MULT, 1).isAtMost(converted(B, MULT, 1))),
                Map.of(A, BigInteger.ONE, B, unsigned(1L << 63), MULT, unsigned(1L << 31)));
    }

    /** A shift to the right drops bits before the product: it loses at most one unit more than a product of all bits. */
    @Test
    void aShiftToTheRightLosesAtMostOneUnitMore() {
        for (int bits = 1; bits <= 32; bits++) {
            Term whole = A.resized(WIDE).times(MULT.resized(WIDE)).shiftedRight(32 + bits);
            Term parts = converted(A, MULT, -bits).resized(WIDE);
            Proof.holdsAsNumbers(parts.isAtMost(whole));
            Proof.holdsAsNumbers(whole.isAtMost(parts.plus(1)));
        }

        // 3 of 4 units are in the bit that a shift by one drops: 5 * 0.8 / 2 is 2, and 2 * 0.8 is 1.
        Term whole = A.resized(WIDE).times(MULT.resized(WIDE)).shiftedRight(33);
        Proof.fails(
                whole.isAtMost(converted(A, MULT, -1).resized(WIDE)),
                Map.of(A, BigInteger.valueOf(5), MULT, unsigned(3_435_973_837L)));
    }

    /** A shift to the left that drops no bit loses nothing: it is part of the product, which has 96 bits. */
    @Test
    void aShiftToTheLeftLosesNothing() {
        for (int bits = 0; bits <= 32; bits++) {
            Term product = A.resized(WIDE).shiftedLeft(bits).times(MULT.resized(WIDE));
            Fact given = keeps(A, bits);
            Proof.holdsAsNumbers(
                    given.implies(converted(A, MULT, bits).resized(WIDE).equalTo(product.shiftedRight(32))));
            Proof.holdsAsNumbers(given.implies(product.isLess(product.powerOfTwo(96))));
        }

        Term product = A.resized(WIDE).times(MULT.resized(WIDE));
        Proof.fails(product.isLess(product.powerOfTwo(95)), Map.of(A, unsigned(-1), MULT, unsigned(0xffff_ffffL)));
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

    /**
     * The same of every shift that a page can have, as long as it drops no bit of the cycles since the time stamp: those
     * cycles are in order, so is what they become, and so is the sum. The clock that KVM_GET_CLOCK computes from the host's TSC
     * is one, too: its time stamp is the masterclock's instant.
     */
    @Test
    void kvmclockIsMonotoneWithEveryShift() {
        Term stamp = Term.word("stamp");
        Fact inOrder = stamp.isAtMost(A).and(A.isAtMost(B));
        Proof.holdsAsNumbers(inOrder.implies(A.minus(stamp).isAtMost(B.minus(stamp))));
        aConversionIsMonotoneWhereTheShiftDropsNothing();
        Term time = Term.word("time");
        Fact noWrap = time.isAtMost(time.plus(B));
        Proof.holdsAsNumbers(A.isAtMost(B).and(noWrap).implies(time.plus(A).isAtMost(time.plus(B))));

        // A page of a guest at 1 MHz (shift 10) loses a bit of 2^54 cycles, 570 years.
        Proof.fails(
                inOrder.implies(clockAt(A, stamp, stamp, MULT, 10).isAtMost(clockAt(B, stamp, stamp, MULT, 10))),
                Map.of(A, BigInteger.ONE, B, unsigned(1L << 54), stamp, BigInteger.ZERO, MULT, unsigned(1L << 31)));
    }
}
