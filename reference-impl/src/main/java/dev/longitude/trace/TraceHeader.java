package dev.longitude.trace;

import dev.longitude.kernel.KernelProfile;

/**
 * The first line of a trace.
 *
 * @param kernel the kernel that the trace claims to follow
 * @param tscKhz the rate of the host's TSC, kHz
 * @param tscFracBits the bits behind the point of the host's scaling ratio: 48 (Intel), 32 (AMD), or 0: it cannot scale
 * @param tscClocksource whether the host's clocksource is the TSC
 * @param tscUnstable whether the host's kernel has found its TSC unstable
 * @param vcpus the most vCPUs that a VM of the trace has
 * @param origin where the trace comes from, for people: scenario and seed, or the recording
 */
public record TraceHeader(
        KernelProfile kernel,
        int tscKhz,
        int tscFracBits,
        boolean tscClocksource,
        boolean tscUnstable,
        int vcpus,
        String origin) {
    /** The format's name, in every header. */
    public static final String FORMAT = "longitude-trace";

    /** The format's version, in every header. */
    public static final int VERSION = 1;

    /** The highest rate of a host's TSC, kHz: higher than that of any that there is. */
    public static final int MOST_TSC_KHZ = 8_000_000;

    /** The only architecture so far. */
    public static final String ARCH = "x86_64";

    /** The same header for another kernel. */
    public TraceHeader withKernel(KernelProfile other) {
        return new TraceHeader(other, tscKhz, tscFracBits, tscClocksource, tscUnstable, vcpus, origin);
    }
}
