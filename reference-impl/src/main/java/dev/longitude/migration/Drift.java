package dev.longitude.migration;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How the time of a guest drifts that goes by its TSC, where the TSC runs at the host's rate and the guest takes it to run
 * at its own. kvmclock does not drift with it: its page has the host's rate.
 *
 * @param guestKhz the rate that the guest believes, kHz, positive
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
     * How far from the right one {@link #ppm} can be as both rates are in whole kHz, not negative: half a kHz for each. It
     * does not contain how well the hosts measured their rates.
     */
    public double errorPpm() {
        return MILLION / guestKhz;
    }
}
