package dev.longitude.migration;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * How far a guest's counter can be from its right value after a migration, in its ticks: the sum of each step's error.
 *
 * @param rounding what truncation adds
 * @param reading what it adds that a counter and real time are not read at one instant, or in whole ns
 * @param hostClocks what it adds that the hosts' real-time clocks are apart; null if nobody says how far they may be: the
 *     counter can then be off by any number of ticks, and the other parts bound the rest of the error only
 * @param rate what it adds that the counter's rate is not known exactly
 */
public record Bound(long rounding, long reading, @Nullable Long hostClocks, long rate) {
    /** All that is known of it. It bounds the error only if {@code hostClocks} is not null. */
    public long known() {
        return rounding + reading + (hostClocks == null ? 0 : hostClocks) + rate;
    }

    /**
     * What it adds that the hosts' real-time clocks are apart.
     *
     * @param ns how far they may be apart, not negative; null if that is not known
     * @param perSecond ticks
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
