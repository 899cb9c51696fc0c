package dev.longitude.migration;

import com.google.common.collect.ImmutableList;
import java.math.BigInteger;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Two clocks that contradict each other: at least one number of a migration is wrong, or the VMM did not follow the
 * recipe.
 *
 * @param kind which clocks
 * @param oneNs the first clock's value, signed ns
 * @param otherNs the second clock's value, signed ns
 * @param toleranceNs the largest difference that is no contradiction, ns, not negative
 */
public record ClockDifference(Kind kind, BigInteger oneNs, BigInteger otherNs, BigInteger toleranceNs) {
    /** The tolerance of every comparison for reading the two clocks one after the other, ns. */
    public static final long READING_NS = 1_000_000;

    /**
     * The tolerance for their rates, ppm of the elapsed time: the kernel slews CLOCK_REALTIME by at most this much
     * (MAXFREQ, include/linux/timex.h), and does not slew kvmclock and the TSC.
     */
    public static final long RATE_PPM = 500;

    private static final BigInteger MILLION = BigInteger.valueOf(1_000_000);

    /** Which clocks. */
    public enum Kind {
        /** CLOCK_REALTIME of the destination is before that of the source: the first and the second. */
        REALTIME_GOES_BACK,
        /** The time elapsed by kvmclock, and by CLOCK_REALTIME. */
        KVMCLOCK_AND_REALTIME,
        /** The time elapsed by the TSC of the one host that is source and destination, and by its CLOCK_REALTIME. */
        TSC_AND_REALTIME,
        /** The time elapsed between two readings on the source, by its TSC and by its CLOCK_REALTIME. */
        TSC_AND_REALTIME_OF_SOURCE,
        /** The time elapsed between two readings on the destination, by its TSC and by its CLOCK_REALTIME. */
        TSC_AND_REALTIME_OF_DESTINATION
    }

    /**
     * Whether real time goes back from the source to the destination.
     *
     * @param source CLOCK_REALTIME, unsigned ns
     * @param destination CLOCK_REALTIME, unsigned ns
     */
    public static Optional<ClockDifference> realtime(long source, long destination) {
        return Long.compareUnsigned(destination, source) >= 0
                ? Optional.empty()
                : Optional.of(new ClockDifference(
                        Kind.REALTIME_GOES_BACK, unsigned(destination), unsigned(source), BigInteger.ZERO));
    }

    /**
     * The contradictions between the clocks of a migration. A frozen guest's kvmclock may stand still: it is compared
     * only for {@link Policy#ADVANCE}.
     *
     * @param sameHost whether source and destination are one host that was not restarted in between
     */
    public static ImmutableList<ClockDifference> between(
            Policy policy, ClockFix source, ClockFix destination, boolean sameHost) {
        BigInteger realtime = unsigned(destination.realtime()).subtract(unsigned(source.realtime()));
        BigInteger kvmclock = unsigned(destination.clock()).subtract(unsigned(source.clock()));
        return Stream.of(
                        realtime(source.realtime(), destination.realtime()),
                        policy == Policy.ADVANCE
                                ? compare(Kind.KVMCLOCK_AND_REALTIME, kvmclock, realtime)
                                : Optional.<ClockDifference>empty(),
                        sameHost
                                ? tsc(
                                        Kind.TSC_AND_REALTIME,
                                        destination.hostKhz(),
                                        destination.hostTsc() - source.hostTsc(),
                                        destination.realtime() - source.realtime())
                                : Optional.<ClockDifference>empty())
                .flatMap(Optional::stream)
                .collect(ImmutableList.toImmutableList());
    }

    /**
     * Whether a host's TSC and its CLOCK_REALTIME contradict each other between two of its instants.
     *
     * @param hostKhz the rate of its TSC, kHz, positive
     * @param cycles the time elapsed by its TSC, signed cycles: modulo 2^64
     * @param realtimeNs the time elapsed by CLOCK_REALTIME, signed ns
     */
    public static Optional<ClockDifference> tsc(Kind kind, int hostKhz, long cycles, long realtimeNs) {
        BigInteger byTsc = BigInteger.valueOf(cycles).multiply(MILLION).divide(BigInteger.valueOf(hostKhz));
        return compare(kind, byTsc, BigInteger.valueOf(realtimeNs));
    }

    private static Optional<ClockDifference> compare(Kind kind, BigInteger oneNs, BigInteger realtimeNs) {
        BigInteger tolerance = realtimeNs
                .abs()
                .multiply(BigInteger.valueOf(RATE_PPM))
                .divide(MILLION)
                .add(BigInteger.valueOf(READING_NS));
        return oneNs.subtract(realtimeNs).abs().compareTo(tolerance) <= 0
                ? Optional.empty()
                : Optional.of(new ClockDifference(kind, oneNs, realtimeNs, tolerance));
    }

    private static BigInteger unsigned(long word) {
        return new BigInteger(Long.toUnsignedString(word));
    }
}
