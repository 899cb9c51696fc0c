package dev.longitude.trace;

import org.jspecify.annotations.Nullable;

/**
 * When something happened, by the clocks of the host.
 *
 * @param counter the host's counter: on x86 its TSC, unsigned cycles; on arm64 its physical counter (CNTPCT_EL0),
 *     unsigned ticks
 * @param ns on x86 the base clock of kvmclock, CLOCK_MONOTONIC_RAW plus boot offset, unsigned ns; null if unknown
 * @param realtime CLOCK_REALTIME, unsigned ns; null if unknown
 * @param nsCounter the values of the counter between which the kernel read {@code ns}, where it reads the two clocks
 *     one after the other; null if it read both at one instant, as the reference implementation does
 */
public record HostTime(
        Interval counter,
        @Nullable Interval ns,
        @Nullable Interval realtime,
        @Nullable Interval nsCounter) {
    /** Clocks read at one instant. */
    public HostTime(Interval counter, @Nullable Interval ns, @Nullable Interval realtime) {
        this(counter, ns, realtime, null);
    }

    /** An instant that is known exactly. */
    public static HostTime exactly(long counter, long ns, long realtime) {
        return new HostTime(Interval.exactly(counter), Interval.exactly(ns), Interval.exactly(realtime));
    }

    /** An instant where only the counter matters. */
    public static HostTime exactly(long counter) {
        return of(Interval.exactly(counter));
    }

    /** An instant between two readings of the counter. */
    public static HostTime of(Interval counter) {
        return new HostTime(counter, null, null);
    }
}
