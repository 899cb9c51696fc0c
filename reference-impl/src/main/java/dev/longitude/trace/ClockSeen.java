package dev.longitude.trace;

/**
 * What a later line shows of kvmclock: it was {@code clock} when the TSC was in {@code tsc}.
 *
 * @param clock ns, unsigned
 * @param tsc cycles, unsigned; of the guest's TSC for a page's time stamp
 * @param offset guest TSC minus host TSC for a page, 0 where {@code tsc} is the host's
 * @param from where it was seen
 */
public record ClockSeen(long clock, Interval tsc, long offset, From from) {
    /** Where kvmclock was seen. */
    public enum From {
        /** A page's time stamp: the clock update that wrote the page took the host's clocks then. */
        PAGE,
        /** KVM_GET_CLOCK by the masterclock: both at one instant. */
        MASTERCLOCK,
        /** KVM_GET_CLOCK without it: within {@code tsc}. */
        BASE_CLOCK
    }
}
