package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longitude.x86.TscScaling;
import org.jspecify.annotations.Nullable;

/**
 * One instant of a host, by its own clocks, and the rate that its guest's TSC has there: what KVM_GET_CLOCK returned
 * with KVM_CLOCK_REALTIME and KVM_CLOCK_HOST_TSC (Linux 5.16 and later), and how the host scales.
 *
 * @param hostKhz the rate of the host's TSC, kHz, positive
 * @param scaling what its hardware can do (KVM_CAP_TSC_CONTROL); null if that is not known
 * @param hostTsc {@code host_tsc}: its TSC, unsigned cycles
 * @param clock {@code clock}: the VM's kvmclock, unsigned ns
 * @param realtime {@code realtime}: its CLOCK_REALTIME, unsigned ns
 */
public record ClockFix(int hostKhz, @Nullable TscScaling scaling, long hostTsc, long clock, long realtime) {
    /** Checks the rate. */
    public ClockFix {
        checkArgument(hostKhz > 0, "a TSC rate of %s kHz", hostKhz);
    }

    /** Whether its hardware is known to scale. */
    public boolean scales() {
        return scaling != null && scaling.supported();
    }

    /**
     * What KVM_SET_TSC_KHZ does here with a guest's rate.
     *
     * @param guestKhz kHz, positive
     */
    public GuestRate rateOf(int guestKhz) {
        if (TscScaling.nearEnough(guestKhz, hostKhz)) {
            return GuestRate.UNSCALED;
        }
        if (scaling == null) {
            return GuestRate.NOT_KNOWN;
        }
        if (!scaling.supported()) {
            return guestKhz > hostKhz ? GuestRate.CATCHES_UP : GuestRate.REFUSED;
        }
        boolean fits = guestKhz < scaling.maxGuestTscKhz(hostKhz) && scaling.ratio(guestKhz, hostKhz) != 0;
        return fits ? GuestRate.SCALED : GuestRate.REFUSED;
    }

    /**
     * This host's TSC as a guest sees it, before its offset: scaled and truncated, or as it is.
     *
     * @param guestKhz kHz, positive
     * @return unsigned cycles
     * @throws IllegalArgumentException if the host refuses such a guest, or if it is not known whether it scales
     */
    public long scaledTsc(int guestKhz) {
        return switch (rateOf(guestKhz)) {
            case UNSCALED, CATCHES_UP -> hostTsc;
            case SCALED -> {
                TscScaling known = requireNonNull(scaling);
                yield known.scale(hostTsc, known.ratio(guestKhz, hostKhz));
            }
            case REFUSED ->
                throw new IllegalArgumentException(
                        "a host at " + hostKhz + " kHz cannot have a guest at " + guestKhz + " kHz");
            case NOT_KNOWN ->
                throw new IllegalArgumentException("it is not known whether a host at " + hostKhz
                        + " kHz scales its TSC for a guest at " + guestKhz + " kHz");
        };
    }
}
