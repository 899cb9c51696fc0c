package dev.longitude.x86;

/**
 * The kernel's numbers and fixed-point arithmetic (arch/x86/kvm/x86.c, Linux 5.16 to 7.3). {@code RateLemmasTest} proves, for
 * all rates of 31 bits in kHz, what each conversion loses, and what is lost there and back: at most one ns in the first second
 * from 2 to 32 GHz, and two from 1 GHz on.
 */
public final class KernelRates implements Rates {
    private static final long HZ_PER_KHZ = 1000;
    private static final long NS_PER_MS = 1_000_000;
    private static final long MOST_ADVANCE_NS = 5_000;

    @Override
    public long second(long khz) {
        return khz * HZ_PER_KHZ;
    }

    /**
     * At most the exact cycles, and at most 2 and 2^-30 of them fewer, from 977 kHz to 32 GHz. KVM_SET_TSC_KHZ accepts other
     * rates, too: below, at most 183 ppm too many; above, at most 1 and a billionth (10^-9) fewer, until the shift drops bits,
     * at 2 THz after 52 days ({@code RateLemmasTest}).
     */
    @Override
    public long nsToCycles(int khz, long ns) {
        return TimeScale.of(khz * HZ_PER_KHZ, TimeScale.NSEC_PER_SEC).apply(ns);
    }

    /** Truncated; monotone, and without overflow from 1 GHz on ({@code RateLemmasTest}, for all rates). */
    @Override
    public long cyclesToNs(int khz, long cycles) {
        return Unsigned.multiplyDivide(cycles, NS_PER_MS, khz);
    }

    /** From cycles to ns with an error of at most 2 ns and 10^-9, from 1 GHz on ({@code KvmclockLemmasTest}). */
    @Override
    public TimeScale pageScale(long cyclesPerSecond) {
        // A rate that rounds to 0 kHz has no multiplier: the kernel's algorithm would never end.
        return cyclesPerSecond == 0 ? new TimeScale(0, 0) : TimeScale.of(TimeScale.NSEC_PER_SEC, cyclesPerSecond);
    }

    @Override
    public long pageNs(TimeScale scale, long cycles) {
        return scale.apply(cycles);
    }

    @Override
    public long mostAdvanceNs() {
        return MOST_ADVANCE_NS;
    }
}
