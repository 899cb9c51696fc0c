package dev.longitude.lab;

/** What uses KVM on the emulated machine. */
public enum Driver {
    /** The probe. */
    PROBE,
    /** QEMU with a guest of a few lines. */
    QEMU,
    /** QEMU with Linux as its guest. */
    LINUX,
    /** The kernel's own tests of KVM that concern the guest's time. */
    SELFTESTS
}
