package dev.longitude.cli;

import dev.longitude.migration.ClockDifference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Clocks that contradict each other: what a plan says of them, and whether its user accepts them. */
final class ClockDifferenceOption {
    @Option(
            names = "--accept-clock-difference",
            description =
                    "Exit as if no clocks contradicted each other: CLOCK_REALTIME that goes back, kvmclock or a"
                            + " host's TSC that differs from CLOCK_REALTIME by more than 1 ms and 500 ppm. They are still named.")
    private boolean accepted;

    int exitCode(List<ClockDifference> differences) {
        return accepted || differences.isEmpty() ? ExitCode.HOLDS : ExitCode.VIOLATED;
    }

    String text(ClockDifference difference) {
        return (accepted ? "accepted: " : "warning: ") + sentence(difference);
    }

    private static String sentence(ClockDifference difference) {
        String numbers = difference.oneNs() + " ns against " + difference.otherNs() + " ns";
        return switch (difference.kind()) {
            case REALTIME_GOES_BACK -> "CLOCK_REALTIME of the destination is before the source's: " + numbers;
            case KVMCLOCK_AND_REALTIME ->
                "kvmclock and CLOCK_REALTIME differ in the elapsed time: " + numbers + tolerance(difference);
            case TSC_AND_REALTIME ->
                "the host's TSC and CLOCK_REALTIME differ in the elapsed time: " + numbers + tolerance(difference);
            case TSC_AND_REALTIME_OF_SOURCE ->
                "the source's TSC and CLOCK_REALTIME differ in the elapsed time there: " + numbers
                        + tolerance(difference);
            case TSC_AND_REALTIME_OF_DESTINATION ->
                "the destination's TSC and CLOCK_REALTIME differ in the elapsed time there: " + numbers
                        + tolerance(difference);
        };
    }

    private static String tolerance(ClockDifference difference) {
        return ", tolerated are " + difference.toleranceNs() + " ns";
    }

    /** The same for JSON. */
    List<Map<String, Object>> json(List<ClockDifference> differences) {
        return differences.stream().map(this::json).toList();
    }

    private Map<String, Object> json(ClockDifference difference) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("kind", difference.kind());
        all.put("oneNs", difference.oneNs().toString());
        all.put("otherNs", difference.otherNs().toString());
        all.put("toleranceNs", difference.toleranceNs().toString());
        all.put("accepted", accepted);
        all.put("text", sentence(difference));
        return all;
    }
}
