package dev.longitude.trace;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import org.jspecify.annotations.Nullable;

/**
 * The first line of a trace.
 *
 * @param kernel the kernel that the trace claims to follow
 * @param host the host that it ran on
 * @param vcpus the largest number of vCPUs of a VM in the trace
 * @param origin where the trace comes from, for people: scenario and seed, or the recording
 * @param silent the operations that the trace omits always or sometimes: each may have happened between any two events;
 *     only {@linkplain Operation#canBeSilent those with finitely many arguments}
 * @param threads whether only the events of one thread are in order, and those of several threads in any order that
 *     their instants allow
 */
public record TraceHeader(
        KernelProfile kernel, Host host, int vcpus, String origin, ImmutableSet<Operation> silent, boolean threads) {
    /** The format's name, in every header. */
    public static final String FORMAT = "longitude-trace";

    /** The format's version, in every header that is written. */
    public static final int VERSION = 2;

    /**
     * The earliest version that the reader accepts. In version 1 an event of the host names a VM and is written once
     * for each VM; and no line says whether a kvmclock page moves.
     */
    public static final int EARLIEST_VERSION = 1;

    /** The highest rate of a host's TSC, kHz: above that of any existing host. */
    public static final int MOST_TSC_KHZ = 8_000_000;

    /** The most CPUs of a host. */
    public static final int MOST_PCPUS = 4096;

    /** A trace with all operations, in order. */
    public TraceHeader(KernelProfile kernel, Host host, int vcpus, String origin) {
        this(kernel, host, vcpus, origin, ImmutableSet.of(), false);
    }

    /** The properties of the host that matter. */
    public sealed interface Host permits X86, Arm64 {
        /** Its architecture. */
        Arch arch();

        /**
         * The owner of the state that an event changes: its VM, by number, or, where VMs share the registers of a CPU,
         * the host: {@link TraceEvent#HOST}.
         */
        int subject(TraceEvent event);

        /** The same host after an event. */
        Host after(TraceEvent event);

        /** Whether an instant gives each clock of the host exactly. */
        boolean isShownBy(HostTime when);

        /** A number for a vCPU, unique among the vCPUs of the same {@linkplain #subject subject}. */
        int numberOf(VcpuId vcpu);
    }

    /**
     * A host that has a TSC.
     *
     * @param tscKhz the rate of its TSC as KVM knows it, kHz
     * @param clocksourceKhz the rate with which its kernel computes its clocks from the TSC, kHz: refined some seconds
     *     after boot, perhaps after KVM has taken its own
     * @param tscFracBits the bits behind the point of its scaling ratio: 48 (Intel), 32 (AMD), or 0: it cannot scale
     * @param tscClocksource whether its clocksource is the TSC
     * @param tscUnstable whether its kernel has found its TSC unstable
     */
    public record X86(int tscKhz, int clocksourceKhz, int tscFracBits, boolean tscClocksource, boolean tscUnstable)
            implements Host {
        /** A host with one rate. */
        public X86(int tscKhz, int tscFracBits, boolean tscClocksource, boolean tscUnstable) {
            this(tscKhz, tscKhz, tscFracBits, tscClocksource, tscUnstable);
        }

        /**
         * The same host after an event. An event of a VM changes nothing, and a suspend nothing that this record has.
         * Where the new clocksource was not observed, it changes: from the TSC to another one, or from another one to
         * the TSC.
         */
        @Override
        public X86 after(TraceEvent event) {
            return switch (event.operation()) {
                case HOST_CLOCKSOURCE ->
                    new X86(
                            tscKhz,
                            clocksourceKhz,
                            tscFracBits,
                            (boolean) event.args().getOrDefault(Field.IS_TSC, !tscClocksource),
                            tscUnstable);
                case HOST_TSC_UNSTABLE -> new X86(tscKhz, clocksourceKhz, tscFracBits, false, true);
                default -> this;
            };
        }

        @Override
        public Arch arch() {
            return Arch.X86;
        }

        @Override
        public int subject(TraceEvent event) {
            return event.vm();
        }

        @Override
        public boolean isShownBy(HostTime when) {
            return when.counter().isExact() && isExact(when.ns()) && isExact(when.realtime());
        }

        private static boolean isExact(@Nullable Interval clock) {
            return clock != null && clock.isExact();
        }

        @Override
        public int numberOf(VcpuId vcpu) {
            return vcpu.vcpu();
        }
    }

    /**
     * A host that has the generic timer.
     *
     * @param vhe whether it runs at EL2 (VHE), and not at EL1
     * @param ecv whether it has CNTPOFF_EL2 (FEAT_ECV)
     * @param pcpus how many CPUs it has
     */
    public record Arm64(boolean vhe, boolean ecv, int pcpus) implements Host {
        private static final int MOST_VCPUS_OF_A_VM = 1000;

        @Override
        public Arch arch() {
            return Arch.ARM64;
        }

        @Override
        public int subject(TraceEvent event) {
            return TraceEvent.HOST;
        }

        @Override
        public Arm64 after(TraceEvent event) {
            return this;
        }

        @Override
        public boolean isShownBy(HostTime when) {
            return when.counter().isExact();
        }

        @Override
        public int numberOf(VcpuId vcpu) {
            return MOST_VCPUS_OF_A_VM * vcpu.vm() + vcpu.vcpu();
        }
    }

    /** The host's architecture. */
    public Arch arch() {
        return host.arch();
    }

    /**
     * The host, which has a TSC.
     *
     * @throws ClassCastException if the host has another architecture, as {@link #arm64()} does
     */
    public X86 x86() {
        return (X86) host;
    }

    /** The host, which has the generic timer. */
    public Arm64 arm64() {
        return (Arm64) host;
    }

    /** The same header for another host. */
    public TraceHeader withHost(Host other) {
        return new TraceHeader(kernel, other, vcpus, origin, silent, threads);
    }

    /** The same header for another kernel. */
    public TraceHeader withKernel(KernelProfile other) {
        return new TraceHeader(other, host, vcpus, origin, silent, threads);
    }

    /** The same header of a trace that omits some operations. */
    public TraceHeader withSilent(ImmutableSet<Operation> operations) {
        return new TraceHeader(kernel, host, vcpus, origin, operations, threads);
    }

    /** The same header of a trace whose events are all in order. */
    public TraceHeader inOrder() {
        return new TraceHeader(kernel, host, vcpus, origin, silent, false);
    }

    /** The same header of a trace in which only the events of one thread are in order. */
    public TraceHeader withThreads() {
        return new TraceHeader(kernel, host, vcpus, origin, silent, true);
    }
}
