package dev.longitude.kernel;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** An architecture, by the name that {@code uname -m} prints. */
public enum Arch {
    /** The guest has a TSC and kvmclock. */
    X86("x86_64", "tsc", true),
    /** The guest has a virtual and a physical counter. */
    ARM64("aarch64", "cntpct", false);

    private final String machine;
    private final String counter;
    private final boolean kvmclock;

    Arch(String machine, String counter, boolean kvmclock) {
        this.machine = machine;
        this.counter = counter;
        this.kvmclock = kvmclock;
    }

    /** The name, as in a trace's header. */
    public String machine() {
        return machine;
    }

    /** The host's counter, as a trace calls it. */
    public String counter() {
        return counter;
    }

    /** Whether KVM has a clock of its own for guests, computed from the host's base clock and CLOCK_REALTIME. */
    public boolean hasKvmclock() {
        return kvmclock;
    }

    /** All names, for messages: {@code x86_64 and aarch64}. */
    public static String names() {
        return Arrays.stream(values()).map(Arch::machine).collect(Collectors.joining(" and "));
    }

    /** The architecture of that name, if there is one. */
    public static Optional<Arch> named(String machine) {
        return Arrays.stream(values()).filter(a -> a.machine.equals(machine)).findFirst();
    }

    @Override
    public String toString() {
        return machine;
    }
}
