package dev.longitude.matrix;

import dev.longitude.kernel.Arch;
import dev.longitude.recipe.Property;

/** What differs between the architectures in a model of a migration. */
public enum MigratedGuest {
    /** Its clocks are the TSC and kvmclock. */
    X86("X86", "TSC", "kvmclock"),
    /** Its clocks are the two counters. */
    ARM64("Arm64", "CNTVCT", "CNTPCT") {
        @Override
        String invariant(Property property) {
            // KvmArm64 has a TimerOnTime of its own, of a timer that an observer looks at.
            return property == Property.TIMER_ON_TIME ? "TimerRestored" : super.invariant(property);
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

    /** The name of a property in its module. */
    String invariant(Property property) {
        return property.specName();
    }

    /** The counter that the guest reads. */
    public String counter() {
        return counter;
    }

    /** The other clock that the guest reads. */
    public String secondClock() {
        return second;
    }
}
