package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;

import java.math.BigInteger;

/**
 * A conversion between two rates in the kernel's fixed-point form: shift, then multiply by a 32-bit fraction. Mirrors
 * kvm_get_time_scale() and pvclock_scale_delta() of arch/x86/kvm/x86.c and arch/x86/include/asm/pvclock.h, Linux 5.16
 * to 7.3.
 *
 * @param mult the fraction times 2^32, 0 to 2^32 - 1
 * @param shift how many bits to shift the delta to the left first, or to the right if negative; -32 to 32
 */
public record TimeScale(long mult, int shift) {
    private static final long TWO_TO_32 = 1L << 32;

    /** Nanoseconds in a second, the base rate of the kernel's clocks, Hz. */
    public static final long NSEC_PER_SEC = 1_000_000_000L;

    /** Checks the ranges. */
    public TimeScale {
        checkArgument(mult >= 0 && mult < TWO_TO_32, "mult %s is not a 32-bit number", mult);
        checkArgument(shift >= -32 && shift <= 32, "shift %s is not within 32 bits", shift);
    }

    /**
     * The scale that converts a count at {@code baseHz} to one at {@code scaledHz}. {@code ScaleLemmasTest} proves that the
     * multiplier has 32 bits and is at least 2^31 - 1.
     *
     * @param scaledHz Hz, 1 to 2^62 - 1
     * @param baseHz Hz, 1 to 2^62 - 1
     * @throws IllegalArgumentException if one is out of its range, or if they are so far apart that no shift will do
     */
    public static TimeScale of(long scaledHz, long baseHz) {
        checkArgument(scaledHz > 0 && scaledHz < 1L << 62, "scaledHz %s out of range", scaledHz);
        checkArgument(baseHz > 0 && baseHz < 1L << 62, "baseHz %s out of range", baseHz);
        long scaled = scaledHz;
        long base = baseHz;
        int shift = 0;
        while (base > 2 * scaled || base >= TWO_TO_32) {
            base >>>= 1;
            shift--;
        }
        while (base <= scaled || scaled >= TWO_TO_32) {
            if (scaled >= TWO_TO_32 || base >= TWO_TO_32 / 2) {
                scaled >>>= 1;
            } else {
                base <<= 1;
            }
            shift++;
        }
        return new TimeScale(
                BigInteger.valueOf(scaled)
                        .shiftLeft(32)
                        .divide(BigInteger.valueOf(base))
                        .longValueExact(),
                shift);
    }

    /**
     * The delta at the scaled rate, truncated. {@code TimeScaleLemmasTest} proves of every shift and every multiplier: it is
     * monotone for deltas of which the shift drops no bit; the product has 96 bits, and is never larger than the shifted
     * delta; a shift to the left loses nothing, and one to the right at most one unit.
     *
     * @param delta unsigned 64 bits; the shift drops bits at the top, as in the kernel
     * @return unsigned 64 bits
     */
    public long apply(long delta) {
        long shifted = shift >= 0 ? delta << shift : delta >>> -shift;
        return Unsigned.multiplyShiftRight(shifted, mult, 32);
    }
}
