package dev.longitude.migration;

import java.math.BigInteger;

/**
 * How far a guest's counter can be from where it should be after a migration, in its ticks: the sum of what each step
 * can add.
 *
 * @param rounding what truncation adds
 * @param reading what it adds that a counter and real time are not read at one instant, or in whole ns
 * @param hostClocks what it adds that the hosts' real-time clocks are apart
 * @param rate what it adds that the counter's rate is not known exactly
 */
public record Bound(long rounding, long reading, long hostClocks, long rate) {
    /** All of it. */
    public long total() {
        return rounding + reading + hostClocks + rate;
    }

    /** The ticks in some ns, at so many in a second, rounded up; neither negative. */
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
