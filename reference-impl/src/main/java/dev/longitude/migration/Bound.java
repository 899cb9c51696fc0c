package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;

import java.math.BigInteger;
import java.util.Arrays;
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
    /** Checks that the sum fits: one that wraps would be a smaller bound. */
    public Bound {
        sum(rounding, reading, hostClocks == null ? 0 : hostClocks, rate);
    }

    /** The sum of the known parts. It bounds the error only if {@code hostClocks} is not null. */
    public long known() {
        return sum(rounding, reading, hostClocks == null ? 0 : hostClocks, rate);
    }

    /**
     * A sum of parts that are not negative.
     *
     * @throws IllegalArgumentException if it has more than 63 bits
     */
    static long sum(long... parts) {
        return fitting(Arrays.stream(parts).mapToObj(BigInteger::valueOf).reduce(BigInteger.ZERO, BigInteger::add));
    }

    private static long fitting(BigInteger bound) {
        checkArgument(bound.bitLength() < Long.SIZE, "a bound of %s is too large", bound);
        return bound.longValueExact();
    }

    /**
     * The real time that elapsed from one reading to a later or earlier one, signed ns. (An elapsed time of half the range
     * would turn its sign.)
     *
     * @param source CLOCK_REALTIME, unsigned ns
     * @param destination CLOCK_REALTIME, unsigned ns
     * @throws IllegalArgumentException if it is 2^63 ns or more, either way: 292 years
     */
    static long elapsed(long source, long destination) {
        long elapsed = destination - source;
        boolean later = Long.compareUnsigned(destination, source) >= 0;
        checkArgument(
                later == elapsed >= 0 && elapsed != Long.MIN_VALUE,
                "real times of %s and %s ns are too far apart",
                Long.toUnsignedString(source),
                Long.toUnsignedString(destination));
        return elapsed;
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

    /**
     * The ticks in some ns at a rate in Hz, rounded up; neither negative. {@code OffsetPlanLemmasTest} proves that it is at
     * least what it bounds, and less than a tick more.
     */
    static long ticks(long ns, long perSecond) {
        BigInteger second = BigInteger.valueOf(1_000_000_000);
        return fitting(BigInteger.valueOf(ns)
                .multiply(BigInteger.valueOf(perSecond))
                .add(second)
                .subtract(BigInteger.ONE)
                .divide(second));
    }
}
