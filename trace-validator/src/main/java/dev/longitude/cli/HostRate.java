package dev.longitude.cli;

import dev.longitude.migration.ClockFix;
import dev.longitude.migration.Drift;
import dev.longitude.migration.GuestRate;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a host makes of the guest's rate, for people and for programs.
 *
 * @param host source or destination
 * @param guestKhz the guest's rate, kHz
 */
record HostRate(String host, int guestKhz, ClockFix fix) {
    private static final String REFUSED =
            "KVM_SET_TSC_KHZ of a vCPU fails with EINVAL; of the VM it may succeed, but no vCPU gets the rate";

    GuestRate rate() {
        return fix.rateOf(guestKhz);
    }

    /** Whether there is an offset for such a guest there. */
    boolean hasOffset() {
        return switch (rate()) {
            case UNSCALED, SCALED, CATCHES_UP -> true;
            case REFUSED, NOT_KNOWN -> false;
        };
    }

    /** The exit code of a plan for this destination. */
    int exitCode() {
        return switch (rate()) {
            case UNSCALED, SCALED -> ExitCode.HOLDS;
            case CATCHES_UP, REFUSED -> ExitCode.VIOLATED;
            case NOT_KNOWN -> ExitCode.UNDECIDED;
        };
    }

    /** What to say of it, if there is something. */
    Optional<String> text() {
        return switch (rate()) {
            case SCALED -> Optional.empty();
            case UNSCALED ->
                drift().ppm() == 0 ? Optional.empty() : Optional.of("drift on the " + host + ": " + driftText());
            case CATCHES_UP -> Optional.of(rates() + ", which cannot scale: " + catchesUp());
            case REFUSED ->
                Optional.of(rates()
                        + (fix.scales()
                                ? ", beyond what that scales: KVM_SET_TSC_KHZ fails with EINVAL"
                                : ", which cannot scale: " + REFUSED));
            case NOT_KNOWN ->
                Optional.of(rates()
                        + ", and whether that scales is not known (tscControl, fracBits). If it does not: "
                        + (guestKhz > fix.hostKhz() ? catchesUp() : REFUSED)
                        + ". If it does: KVM_SET_TSC_KHZ succeeds, and the offset needs fracBits.");
        };
    }

    private Drift drift() {
        return new Drift(guestKhz, fix.hostKhz());
    }

    private String rates() {
        return host + ": a guest at " + guestKhz + " kHz on a host at " + fix.hostKhz() + " kHz";
    }

    private String catchesUp() {
        return String.format(
                Locale.ROOT,
                "KVM_SET_TSC_KHZ succeeds, and KVM catches up at each entry of a vCPU only: between entries its TSC is slow by"
                        + " %.1f ppm, at an entry it leaps forward. So the vCPUs' TSCs differ, and KVM raises the offset"
                        + " that was set",
                -drift().ppm());
    }

    private String driftText() {
        return String.format(
                Locale.ROOT,
                "the guest's TSC is %s: %+.3f ppm, %+.3f s a day, to within %.3f ppm; KVM sets no ratio within"
                        + " tsc_tolerance_ppm (250) of the host's rate",
                drift().ppm() > 0 ? "fast" : "slow",
                drift().ppm(),
                drift().secondsADay(),
                drift().errorPpm());
    }

    /** The same for JSON. */
    Map<String, Object> json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("rate", rate());
        if (rate() == GuestRate.UNSCALED) {
            all.put("driftPpm", drift().ppm());
            all.put("driftSecondsADay", drift().secondsADay());
            all.put("driftErrorPpm", drift().errorPpm());
        }
        text().ifPresent(text -> all.put("text", text));
        return all;
    }
}
