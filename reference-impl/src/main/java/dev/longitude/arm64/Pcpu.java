package dev.longitude.arm64;

import org.jspecify.annotations.Nullable;

/**
 * A CPU of the host: the registers of its EL2 that decide what a guest reads of its counters. A change needs the host's
 * lock, and only the vCPU that is loaded here depends on them.
 */
final class Pcpu {
    private static final int EL1PCTEN = 0;
    private static final int EL1PCEN = 1;
    private static final int ECV = 12;
    private static final int E2H_SHIFT = 10;

    final int number;
    private final int counterBit;
    private final int timerBit;
    private final int always;

    /** CNTHCTL_EL2: a bit that is 0 traps. */
    volatile int cnthctl;

    /** CNTVOFF_EL2, ticks modulo 2^64. */
    volatile long cntvoff;

    /** CNTPOFF_EL2, ticks modulo 2^64. */
    volatile long cntpoff;

    @Nullable
    Arm64Vcpu loaded;

    /**
     * A CPU.
     *
     * @param usesCntpoff whether the kernel enables CNTPOFF_EL2: CNTHCTL_EL2's ECV bit
     */
    Pcpu(int number, boolean vhe, boolean usesCntpoff) {
        this.number = number;
        int shift = vhe ? E2H_SHIFT : 0; // with E2H the register has another layout
        counterBit = 1 << (EL1PCTEN + shift);
        timerBit = 1 << (EL1PCEN + shift);
        always = usesCntpoff ? 1 << ECV : 0;
        allow(true, true);
    }

    /** Becomes a copy of another, on which no vCPU is loaded. */
    void take(Pcpu other) {
        cnthctl = other.cnthctl;
        cntvoff = other.cntvoff;
        cntpoff = other.cntpoff;
    }

    /** Lets a guest read the physical counter, and use the physical timer, without a trap. */
    void allow(boolean counter, boolean timer) {
        cnthctl = (counter ? counterBit : 0) | (timer ? timerBit : 0) | always;
    }

    /** Whether a guest's read of CNTPCT_EL0 traps. */
    boolean trapsCounter() {
        return (cnthctl & counterBit) == 0;
    }
}
