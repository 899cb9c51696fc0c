package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.concurrent.atomic.AtomicLong;

/** A host whose TSC is stable, the same on all its CPUs, and moved by the test. */
public final class X86Host {
    private final int tscKhz;
    private final TscScaling scaling;
    private final boolean tscClocksource;
    private final AtomicLong tsc;

    /**
     * A host.
     *
     * @param tscKhz the rate of its TSC, kHz, positive
     * @param scaling what its hardware can do
     * @param tscClocksource whether the kernel's clocksource is the TSC; without it there is no masterclock
     * @param tsc its TSC now, unsigned cycles
     */
    public X86Host(int tscKhz, TscScaling scaling, boolean tscClocksource, long tsc) {
        checkArgument(tscKhz > 0, "a TSC rate of %s kHz", tscKhz);
        this.tscKhz = tscKhz;
        this.scaling = scaling;
        this.tscClocksource = tscClocksource;
        this.tsc = new AtomicLong(tsc);
    }

    /** The rate of the TSC, kHz. */
    public int tscKhz() {
        return tscKhz;
    }

    /** What the hardware can scale. */
    public TscScaling scaling() {
        return scaling;
    }

    /** Whether the kernel's clocksource is the TSC. */
    public boolean tscClocksource() {
        return tscClocksource;
    }

    /** The TSC, unsigned cycles. */
    public long rdtsc() {
        return tsc.get();
    }

    /**
     * Lets time pass.
     *
     * @param cycles of the TSC, not negative
     */
    public void advance(long cycles) {
        checkArgument(cycles >= 0, "time does not go back by %s cycles", -cycles);
        tsc.addAndGet(cycles);
    }

    /** The cycles of the TSC in {@code ms} milliseconds: one kHz is one cycle a millisecond. */
    public long millis(long ms) {
        return Math.multiplyExact(ms, (long) tscKhz);
    }

    /**
     * get_kvmclock_base_ns(): CLOCK_MONOTONIC_RAW plus boot offset. While the TSC is the clocksource it is a function
     * of the TSC.
     *
     * @param hostTsc unsigned cycles
     * @return ns, unsigned
     */
    long baseNs(long hostTsc) {
        return Unsigned.multiplyDivide(hostTsc, 1_000_000, tscKhz);
    }
}
