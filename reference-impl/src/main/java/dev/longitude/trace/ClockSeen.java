package dev.longitude.trace;

/**
 * What a later line shows of kvmclock: it was {@code clock} when the TSC was in {@code tsc}.
 *
 * @param clock ns, unsigned
 * @param tsc cycles, unsigned; of the guest's TSC for a page's time stamp
 * @param offset guest TSC minus host TSC for a page, 0 where {@code tsc} is the host's
 * @param from where it was seen
 * @param vcpu the vCPU whose page it is; -1 if it is none's
 * @param khz the rate, kHz, that the vCPU that is caught up with has been given by then; 0 if it has been given none
 */
public record ClockSeen(long clock, Interval tsc, long offset, From from, int vcpu, int khz) {
    /** A sight that does not depend on a vCPU's rate. */
    public ClockSeen(long clock, Interval tsc, long offset, From from, int vcpu) {
        this(clock, tsc, offset, from, vcpu, 0);
    }

    /** Where kvmclock was seen. */
    public enum From {
        /** A page's time stamp: the clock update that wrote the page took the host's clocks then. */
        PAGE,
        /** The time stamp of a page that was written when its vCPU's TSC was raised to where it should be. */
        CAUGHT_UP,
        /** KVM_GET_CLOCK by the masterclock: both at one instant. */
        MASTERCLOCK,
        /** KVM_GET_CLOCK without it: within {@code tsc}. */
        BASE_CLOCK
    }
}
