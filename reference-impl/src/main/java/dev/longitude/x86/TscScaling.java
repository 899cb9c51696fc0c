package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import java.math.BigInteger;

/**
 * TSC scaling in hardware: the TSC that a guest sees is the host's times a ratio, in fixed point. Mirrors
 * kvm_scale_tsc() and set_tsc_khz() of arch/x86/kvm/x86.c, Linux 5.16 to 7.3.
 *
 * @param fracBits the bits behind the point: 48 (Intel), 32 (AMD), or 0: the host cannot scale
 */
public record TscScaling(int fracBits) implements Scaling {
    /** A host that cannot scale. */
    public static final TscScaling NONE = new TscScaling(0);

    /** VMX: 48 bits behind the point. */
    public static final TscScaling INTEL = new TscScaling(48);

    /** SVM: 32 bits behind the point, and 8 before it. */
    public static final TscScaling AMD = new TscScaling(32);

    /** tsc_tolerance_ppm, a parameter of the module kvm: its default, parts per million. */
    public static final int TOLERANCE_PPM = 250;

    /** Checks that the bits are one of the three. */
    public TscScaling {
        checkArgument(fracBits == 0 || fracBits == 32 || fracBits == 48, "no scaling has %s fraction bits", fracBits);
    }

    /** The first ratio that KVM refuses, unsigned: 2^64 - 1, with AMD 2^40 - 1. */
    private BigInteger most() {
        return BigInteger.ONE.shiftLeft(fracBits == 32 ? 40 : 64).subtract(BigInteger.ONE);
    }

    /**
     * The ratio for a guest at one rate on a host at another, truncated. {@code TscScalingLemmasTest} proves, for all rates,
     * that the host's rate scaled by it is the guest's or one kHz less.
     *
     * @param userKhz kHz, positive
     * @param hostKhz kHz, positive
     * @return unsigned fixed point; 0 if there is no such ratio
     */
    @Override
    public long ratio(int userKhz, int hostKhz) {
        checkArgument(userKhz > 0 && hostKhz > 0, "rates of %s and %s kHz", userKhz, hostKhz);
        BigInteger ratio = BigInteger.valueOf(userKhz).shiftLeft(fracBits).divide(BigInteger.valueOf(hostKhz));
        return ratio.compareTo(most()) < 0 ? ratio.longValue() : 0;
    }

    /**
     * The first rate that KVM_SET_TSC_KHZ refuses (max_guest_tsc_khz, arch/x86/kvm/x86.c): the host's rate times the
     * largest ratio, at most 31 bits. {@code TscScalingLemmasTest} proves that every rate below it has a ratio.
     *
     * @param hostKhz kHz, positive
     * @return kHz
     * @throws IllegalStateException if the host cannot scale
     */
    @Override
    public int maxGuestTscKhz(int hostKhz) {
        checkState(supported(), "a host that cannot scale has no such limit");
        return most().multiply(BigInteger.valueOf(hostKhz))
                .shiftRight(fracBits)
                .min(BigInteger.valueOf(Integer.MAX_VALUE))
                .intValueExact();
    }

    /**
     * As in {@link Scaling}. {@code TscScalingLemmasTest} proves, for all cycles and ratios, that it is monotone until the
     * guest's TSC wraps, and what scaling in two parts loses.
     */
    @Override
    public long scale(long cycles, long ratio) {
        return ratio == defaultRatio() ? cycles : Unsigned.multiplyShiftRight(cycles, ratio, fracBits);
    }

    @Override
    public long scaleKhz(int khz, long ratio) {
        return scale(khz, ratio);
    }

    /**
     * Whether a rate is so close to the host's that it needs no scaling: tsc_tolerance_ppm, 250 by default. {@code
     * TscScalingLemmasTest} proves, for all rates, that it is 250 ppm, and less than a kHz more below the host's.
     */
    public static boolean nearEnough(int userKhz, int hostKhz) {
        return userKhz >= hostKhz * (1_000_000L - TOLERANCE_PPM) / 1_000_000
                && userKhz <= hostKhz * (1_000_000L + TOLERANCE_PPM) / 1_000_000;
    }
}
