package dev.longitude.migration;

/**
 * What KVM_SET_TSC_KHZ does with a guest's rate on a host: kvm_set_tsc_khz() and set_tsc_khz() of arch/x86/kvm/x86.c,
 * Linux 5.16 to 7.3.
 */
public enum GuestRate {
    /**
     * It succeeds and sets no ratio, as the rate is within tsc_tolerance_ppm (a parameter of the module kvm, 250 by
     * default) of the host's. The guest's TSC runs at the host's rate, and drifts by the {@link Drift}.
     */
    UNSCALED,

    /** It succeeds, and the hardware scales. */
    SCALED,

    /**
     * It succeeds though the hardware cannot scale, as the guest is faster than the host. At each entry of a vCPU, KVM
     * raises that vCPU's offset to where its TSC should be. Between two entries the TSC runs at the host's rate and falls
     * behind. So the vCPUs' TSCs differ, and an offset that was set does not stay.
     */
    CATCHES_UP,

    /**
     * For a vCPU it fails with EINVAL: the hardware cannot scale and the guest is slower than the host, or no ratio expresses the
     * rate. Without scaling hardware KVM_SET_TSC_KHZ of the VM still succeeds, but no vCPU gets the rate.
     */
    REFUSED,

    /** The rate needs scaling, and it is not known whether the hardware scales: any of the three above. */
    NOT_KNOWN
}
