package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;

/** What differs between the architectures in a model of a migration. */
public enum MigratedGuest {
    /** Its clocks are the TSC and kvmclock. */
    X86("X86", "TSC", "kvmclock") {
        @Override
        ImmutableList<String> hostConstants(boolean scales) {
            return ImmutableList.of(
                    "  SourceTsc = 10", "  DestinationTscs = " + (scales ? "{3, 50}" : "{3}"), "  DestinationNs = 9");
        }
    },
    /** Its clocks are the two counters. */
    ARM64("Arm64", "CNTVCT", "CNTPCT") {
        @Override
        ImmutableList<String> hostConstants(boolean scales) {
            return ImmutableList.of("  SourceCounter = 10", "  DestinationCounters = {3}");
        }
    };

    private final String suffix;
    private final String counter;
    private final String second;

    MigratedGuest(String suffix, String counter, String second) {
        this.suffix = suffix;
        this.counter = counter;
        this.second = second;
    }

    /** The guest of an architecture. */
    public static MigratedGuest of(Arch arch) {
        return switch (arch) {
            case X86 -> X86;
            case ARM64 -> ARM64;
        };
    }

    /** The end of its module's name. */
    String suffix() {
        return suffix;
    }

    /** The first values of its hosts' clocks, for the configuration. */
    abstract ImmutableList<String> hostConstants(boolean scales);

    /** The counter that the guest reads. */
    public String counter() {
        return counter;
    }

    /** The other clock that the guest reads. */
    public String secondClock() {
        return second;
    }
}
