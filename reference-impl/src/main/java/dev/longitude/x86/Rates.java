package dev.longitude.x86;

/**
 * Conversions between cycles of a TSC and nanoseconds, as {@code spec/Rates.tla} has them: the part of the arithmetic
 * that depends on how long a second is. Sums and differences of words are Java's own, modulo 2^64.
 *
 * <p>The kernel's are {@link KernelRates}. A model has a second of a few ticks and words of a few bits; see {@code
 * longitude lockstep}.
 */
public interface Rates {
    /**
     * The cycles in a second, which is also the length of the window in which writes of a TSC count as one.
     *
     * @param khz the TSC's rate, kHz
     * @return unsigned cycles
     */
    long second(long khz);

    /** From elapsed ns, unsigned, to cycles of a TSC at a rate in kHz. */
    long nsToCycles(int khz, long ns);

    /** How long cycles of the host's TSC last: ns, unsigned. */
    long cyclesToNs(int khz, long cycles);

    /**
     * The multiplier and the shift in the kvmclock page of a vCPU.
     *
     * @param cyclesPerSecond of the vCPU's TSC, unsigned
     */
    TimeScale pageScale(long cyclesPerSecond);

    /** From cycles since a page's time stamp to ns, as a guest computes it with the page's scale. */
    long pageNs(TimeScale scale, long cycles);

    /** lapic_timer_advance_ns: the most by which KVM lets a timer expire early, before it waits for the rest, ns. */
    long mostAdvanceNs();
}
