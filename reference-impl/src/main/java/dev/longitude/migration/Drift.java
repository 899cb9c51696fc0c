package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The drift of a guest's time if the guest counts by its TSC: the TSC runs at the host's rate, and the guest expects its
 * own. kvmclock does not drift with it: its page has the host's rate.
 *
 * @param guestKhz the rate that the guest expects, kHz, positive
 * @param hostKhz the rate at which its TSC runs, kHz, positive
 */
public record Drift(int guestKhz, int hostKhz) {
    private static final double MILLION = 1_000_000;
    private static final double SECONDS_A_DAY = 86_400;

    /** Checks the rates. */
    public Drift {
        checkArgument(guestKhz > 0 && hostKhz > 0, "rates of %s and %s kHz", guestKhz, hostKhz);
    }

    /** Parts per million of real time; positive: the guest is fast, negative: it is slow. */
    public double ppm() {
        return ((double) hostKhz - guestKhz) / guestKhz * MILLION;
    }

    /** Seconds in a day of real time; positive: the guest gains them, negative: it loses them. */
    public double secondsADay() {
        return ppm() / MILLION * SECONDS_A_DAY;
    }

    /**
     * The largest error of {@link #ppm} because both rates are in whole kHz, not negative: half a kHz for each. It does not
     * contain the error of the hosts' own measurements of their rates.
     */
    public double errorPpm() {
        return MILLION / guestKhz;
    }
}
