package dev.longitude.kernel;

import java.util.Arrays;
import java.util.Optional;

/** An architecture, by the name that {@code uname -m} prints. */
public enum Arch {
    /** The guest has a TSC and kvmclock. */
    X86("x86_64"),
    /** The guest has a virtual and a physical counter. */
    ARM64("aarch64");

    private final String machine;

    Arch(String machine) {
        this.machine = machine;
    }

    /** The name, as in a trace's header. */
    public String machine() {
        return machine;
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
