package dev.longitude.trace;

import org.jspecify.annotations.Nullable;

/**
 * When something happened, by the clocks of the host.
 *
 * @param counter its counter: on x86 its TSC, unsigned cycles; on arm64 its physical counter (CNTPCT_EL0), unsigned ticks
 * @param ns on x86 the base clock of kvmclock, CLOCK_MONOTONIC_RAW plus boot offset, unsigned ns; null if nothing is known
 * @param realtime CLOCK_REALTIME, unsigned ns; null if nothing is known
 * @param nsCounter between which values of the counter {@code ns} was read, where the kernel reads the two clocks one after
 *     the other; null if it was the same instant, as it is in every trace of ours
 */
public record HostTime(
        Interval counter,
        @Nullable Interval ns,
        @Nullable Interval realtime,
        @Nullable Interval nsCounter) {
    /** Clocks that are read at one instant. */
    public HostTime(Interval counter, @Nullable Interval ns, @Nullable Interval realtime) {
        this(counter, ns, realtime, null);
    }

    /** An instant that is known exactly. */
    public static HostTime exactly(long counter, long ns, long realtime) {
        return new HostTime(Interval.exactly(counter), Interval.exactly(ns), Interval.exactly(realtime));
    }

    /** An instant of which nothing but the counter matters. */
    public static HostTime exactly(long counter) {
        return of(Interval.exactly(counter));
    }

    /** Something between two readings of the counter. */
    public static HostTime of(Interval counter) {
        return new HostTime(counter, null, null);
    }
}
