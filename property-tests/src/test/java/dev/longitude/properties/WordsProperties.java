package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.evaluator.Words64;
import dev.longitude.x86.SyncWindow;
import dev.longitude.x86.TimeScale;
import java.math.BigInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/** Compares words, offsets and the one-second window with exact integers. */
@AddLifecycleHook(Reproducible.class)
class WordsProperties {
    private static final BigInteger MODULUS = BigInteger.ONE.shiftLeft(64);

    private static BigInteger number(long word) {
        return BigInteger.valueOf(word).mod(MODULUS);
    }

    @Property
    void wordsAreIntegersModulo2To64(@ForAll long a, @ForAll long b) {
        assertThat(Words64.bits(Words64.word(a))).isEqualTo(a);
        assertThat(number(Words64.bits(Words64.add(Words64.word(a), Words64.word(b)))))
                .isEqualTo(number(a).add(number(b)).mod(MODULUS));
        assertThat(number(Words64.bits(Words64.sub(Words64.word(a), Words64.word(b)))))
                .isEqualTo(number(a).subtract(number(b)).mod(MODULUS));
    }

    @Property
    void lessIsUnsignedAndBeforeIsHalfTheCircle(@ForAll long a, @ForAll long b) {
        assertThat(Words64.less(Words64.word(a), Words64.word(b)))
                .isEqualTo(number(a).compareTo(number(b)) < 0 ? BoolValue.ValTrue : BoolValue.ValFalse);
        assertThat(Words64.before(Words64.word(a), Words64.word(b)))
                .isEqualTo(
                        number(a).subtract(number(b)).mod(MODULUS).testBit(63)
                                ? BoolValue.ValTrue
                                : BoolValue.ValFalse);
    }

    /** Two implementations that share no code: the reference's and the specification's twin. */
    @Property
    void bothImplementationsOfTheKernelsScaleAgree(
            @ForAll @IntRange(min = 1, max = Integer.MAX_VALUE / 1000) int khz, @ForAll long ns) {
        assertThat(TimeScale.of(khz * 1000L, TimeScale.NSEC_PER_SEC).apply(ns))
                .isEqualTo(Words64.bits(Words64.nsToCycles(IntValue.gen(khz), Words64.word(ns))));
    }

    /**
     * Compares the kernel's fixed point with the exact rational, for up to an hour at realistic rates: it is never
     * more, and less by at most one part in 2^31 (the multiplier, at least 2^31, is truncated) and one cycle.
     */
    @Property
    void theKernelsScaleIsNearlyExact(
            @ForAll @IntRange(min = 100_000, max = 6_000_000) int khz,
            @ForAll @LongRange(min = 0, max = 3_600_000_000_000L) long ns) {
        BigInteger exact = BigInteger.valueOf(ns)
                .multiply(BigInteger.valueOf(khz * 1000L))
                .divide(BigInteger.valueOf(TimeScale.NSEC_PER_SEC));
        BigInteger scaled =
                number(TimeScale.of(khz * 1000L, TimeScale.NSEC_PER_SEC).apply(ns));
        BigInteger bound = exact.shiftRight(31).add(BigInteger.TWO);
        assertThat(exact.subtract(scaled)).isBetween(BigInteger.ZERO, bound);
    }

    @Property
    void cyclesToNanosecondsIsTheQuotient(
            @ForAll @IntRange(min = 1, max = Integer.MAX_VALUE) int khz, @ForAll long cycles) {
        assertThat(number(Words64.bits(Words64.cyclesToNs(IntValue.gen(khz), Words64.word(cycles)))))
                .isEqualTo(number(cycles)
                        .multiply(BigInteger.valueOf(1_000_000))
                        .divide(BigInteger.valueOf(khz))
                        .mod(MODULUS));
    }

    /** With wrapped sums, as C computes them. */
    @Property
    void theWindowIsWhatCComputes(
            @ForAll long value, @ForAll long expected, @ForAll @LongRange(min = 1, max = 1L << 41) long hz) {
        BigInteger upper = number(expected).add(number(hz)).mod(MODULUS);
        BigInteger lifted = number(value).add(number(hz)).mod(MODULUS);
        assertThat(SyncWindow.contains(value, expected, hz))
                .isEqualTo(number(value).compareTo(upper) < 0 && lifted.compareTo(number(expected)) > 0);
    }

    /** Away from the ends of the counter the test is the plain distance: strictly less than a second. */
    @Property
    void theWindowIsOneSecondWide(
            @ForAll @LongRange(min = 1L << 42, max = 1L << 60) long expected,
            @ForAll @LongRange(min = 1, max = 1L << 41) long hz,
            @ForAll @LongRange(min = -2, max = 2) long seconds,
            @ForAll @LongRange(min = -1, max = 1) long cycles) {
        long distance = seconds * hz + cycles;
        assertThat(SyncWindow.contains(expected + distance, expected, hz)).isEqualTo(Math.abs(distance) < hz);
    }

    /**
     * A guest's conversion of cycles: twin and reference agree, and differ from the exact quotient by their rounding
     * only.
     */
    @Property
    void bothImplementationsOfThePvclockAgree(
            @ForAll @LongRange(min = 1_000_000, max = 8_000_000_000L) long hz,
            @ForAll @LongRange(min = 0, max = 1L << 48) long cycles) {
        Value rate = Words64.word(hz);
        Value mul = Words64.pvclockMul(rate);
        IntValue shift = (IntValue) Words64.pvclockShift(rate);
        TimeScale scale = TimeScale.of(TimeScale.NSEC_PER_SEC, hz);
        assertThat(Words64.bits(mul)).isEqualTo(scale.mult());
        assertThat(shift.val).isEqualTo(scale.shift());
        long ns = scale.apply(cycles);
        assertThat(Words64.bits(Words64.pvclockNs(mul, shift, Words64.word(cycles))))
                .isEqualTo(ns);
        BigInteger exact = BigInteger.valueOf(cycles)
                .multiply(BigInteger.valueOf(TimeScale.NSEC_PER_SEC))
                .divide(BigInteger.valueOf(hz));
        // The multiplier has at least 31 bits, and a shift to the right loses less than a nanosecond.
        BigInteger rounding = exact.shiftRight(29).add(BigInteger.TWO);
        assertThat(BigInteger.valueOf(ns).subtract(exact).abs()).isLessThanOrEqualTo(rounding);
    }

    /** A rate of 0 terminates: it has no multiplier. */
    @Property(tries = 1)
    void aRateOfZeroHasNoMultiplier() {
        assertThat(Words64.bits(Words64.pvclockMul(Words64.word(0)))).isZero();
        assertThat(((IntValue) Words64.pvclockShift(Words64.word(0))).val).isZero();
    }
}
