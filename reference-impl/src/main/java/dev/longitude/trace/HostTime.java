package dev.longitude.trace;

import org.jspecify.annotations.Nullable;

/**
 * When something happened, by the clocks of the host.
 *
 * @param tsc its TSC, unsigned cycles
 * @param ns the base clock of kvmclock, CLOCK_MONOTONIC_RAW plus boot offset, unsigned ns; null if nothing is known
 * @param realtime CLOCK_REALTIME, unsigned ns; null if nothing is known
 */
public record HostTime(
        Interval tsc, @Nullable Interval ns, @Nullable Interval realtime) {
    /** An instant that is known exactly. */
    public static HostTime exactly(long tsc, long ns, long realtime) {
        return new HostTime(Interval.exactly(tsc), Interval.exactly(ns), Interval.exactly(realtime));
    }

    /** Something between two readings of the TSC. */
    public static HostTime of(Interval tsc) {
        return new HostTime(tsc, null, null);
    }
}
