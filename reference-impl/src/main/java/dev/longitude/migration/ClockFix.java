package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longitude.x86.TscScaling;

/**
 * One instant of a host, by its own clocks, and the rate that its guest's TSC has there: what KVM_GET_CLOCK returned
 * with KVM_CLOCK_REALTIME and KVM_CLOCK_HOST_TSC (Linux 5.16 and later), and how the host scales.
 *
 * @param hostKhz the rate of the host's TSC, kHz, positive
 * @param scaling what its hardware can do
 * @param hostTsc {@code host_tsc}: its TSC, unsigned cycles
 * @param clock {@code clock}: the VM's kvmclock, unsigned ns
 * @param realtime {@code realtime}: its CLOCK_REALTIME, unsigned ns
 */
public record ClockFix(int hostKhz, TscScaling scaling, long hostTsc, long clock, long realtime) {
    /** Checks the rate. */
    public ClockFix {
        checkArgument(hostKhz > 0, "a TSC rate of %s kHz", hostKhz);
    }

    /**
     * The ratio by which the host scales its TSC for a guest at this rate; as KVM_SET_TSC_KHZ chooses it.
     *
     * @param guestKhz kHz, positive
     * @return unsigned fixed point; 0 if the host cannot run such a guest
     */
    public long ratioFor(int guestKhz) {
        if (TscScaling.nearEnough(guestKhz, hostKhz)) {
            return scaling.defaultRatio();
        }
        return scaling.supported() ? scaling.ratio(guestKhz, hostKhz) : 0;
    }
}
