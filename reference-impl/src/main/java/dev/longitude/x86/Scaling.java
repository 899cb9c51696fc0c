package dev.longitude.x86;

/**
 * How a host scales the TSC of its guests, as {@code spec/Rates.tla} has it. The kernel's is {@link TscScaling}; a model
 * has ratios of a few bits, see {@code longitude lockstep}.
 */
public interface Scaling {
    /** The bits behind a ratio's point; 0: the host cannot scale. */
    int fracBits();

    /** Whether the host can scale. */
    default boolean supported() {
        return fracBits() != 0;
    }

    /** The ratio of a guest that runs at the host's rate. */
    default long defaultRatio() {
        return 1L << fracBits();
    }

    /**
     * The ratio for a guest at one rate on a host at another, truncated.
     *
     * @param userKhz kHz, positive
     * @param hostKhz kHz, positive
     * @return unsigned fixed point; 0 if there is no such ratio
     */
    long ratio(int userKhz, int hostKhz);

    /**
     * The first rate that KVM_SET_TSC_KHZ refuses (max_guest_tsc_khz, arch/x86/kvm/x86.c): the host's rate times the
     * largest ratio.
     *
     * @param hostKhz kHz, positive
     * @return kHz
     * @throws IllegalStateException if the host cannot scale
     */
    int maxGuestTscKhz(int hostKhz);

    /**
     * The host's cycles as the guest sees them, truncated, before its offset.
     *
     * @param cycles unsigned
     * @param ratio unsigned fixed point
     */
    long scale(long cycles, long ratio);

    /** The same of a rate: kHz. */
    long scaleKhz(int khz, long ratio);
}
