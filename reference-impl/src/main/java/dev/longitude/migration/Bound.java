package dev.longitude.migration;

import java.math.BigInteger;

/**
 * How far a guest's counter can be from its right value after a migration, in its ticks: the sum of each step's error.
 *
 * @param rounding the error from truncation
 * @param reading the error from reading a counter and real time at different instants, or in whole ns
 * @param hostClocks the error from the difference between the hosts' real-time clocks
 * @param rate the error from a counter rate that is not known exactly
 */
public record Bound(long rounding, long reading, long hostClocks, long rate) {
    /** The sum. */
    public long total() {
        return rounding + reading + hostClocks + rate;
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
