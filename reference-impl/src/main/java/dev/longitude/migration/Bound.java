package dev.longitude.migration;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * How far a guest's counter can be from its right value after a migration, in its ticks: the sum of each step's error.
 *
 * @param rounding the error from truncation
 * @param reading the error from reading a counter and real time at different instants, or in whole ns
 * @param hostClocks the error from the difference between the hosts' real-time clocks; null if that difference is not
 *     known: the counter can then be off by any number of ticks, and the other parts bound only the rest of the error
 * @param rate the error from a counter rate that is not known exactly
 */
public record Bound(long rounding, long reading, @Nullable Long hostClocks, long rate) {
    /** The sum of the known parts. It bounds the error only if {@code hostClocks} is not null. */
    public long known() {
        return rounding + reading + (hostClocks == null ? 0 : hostClocks) + rate;
    }

    /**
     * The error from the difference between the hosts' real-time clocks.
     *
     * @param ns the largest difference, ns, not negative; null if it is not known
     * @param perSecond ticks in a second
     */
    static @Nullable Long hostClocks(@Nullable Long ns, long perSecond) {
        return ns == null ? null : Long.valueOf(ticks(ns, perSecond));
    }

    /** The ticks in some ns at a rate in Hz, rounded up; neither negative. */
    static long ticks(long ns, long perSecond) {
        BigInteger second = BigInteger.valueOf(1_000_000_000);
        return BigInteger.valueOf(ns)
                .multiply(BigInteger.valueOf(perSecond))
                .add(second)
                .subtract(BigInteger.ONE)
                .divide(second)
                .longValueExact();
    }
}
