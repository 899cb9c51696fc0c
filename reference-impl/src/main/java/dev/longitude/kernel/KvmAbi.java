package dev.longitude.kernel;

import java.util.Arrays;
import java.util.Optional;

/**
 * The numbers of Linux's interface that a log of ioctls shows: errno values, capabilities, MSRs and arm64 registers.
 * Sources: {@code include/uapi/asm-generic/errno-base.h}, {@code include/uapi/linux/kvm.h},
 * {@code arch/x86/include/uapi/asm/kvm_para.h}, {@code arch/x86/include/asm/msr-index.h},
 * {@code include/hyperv/hvgdk.h} and {@code arch/arm64/include/uapi/asm/kvm.h} of Linux 7.3.
 */
public final class KvmAbi {
    /** No such register or attribute. */
    public static final int ENOENT = 2;

    /** KVM_RUN: a signal came, or {@code immediate_exit} was set. */
    public static final int EINTR = 4;

    /** KVM_GET_DEVICE_ATTR of the series as posted: the offset attribute. */
    public static final int ENXIO = 6;

    /** KVM_ARM_SET_COUNTER_OFFSET: a vCPU is in use. */
    public static final int EBUSY = 16;

    /** The kernel refuses an argument. */
    public static final int EINVAL = 22;

    /** The file descriptor has no such ioctl: the call did nothing. */
    public static final int ENOTTY = 25;

    /** The greatest errno: MAX_ERRNO of {@code include/linux/err.h}. */
    public static final int MAX_ERRNO = 4095;

    /** KVM_CAP_TSC_CONTROL: 1 if the host scales a guest's TSC. */
    public static final int CAP_TSC_CONTROL = 60;

    /** KVM_CLOCK_TSC_STABLE, a flag of KVM_GET_CLOCK: the masterclock is on. */
    public static final int CLOCK_TSC_STABLE = 2;

    /** KVM_CLOCK_REALTIME, a flag of KVM_SET_CLOCK: KVM reads its {@code realtime}. */
    public static final int CLOCK_REALTIME = 4;

    /** KVM_CLOCK_HOST_TSC, a flag of KVM_GET_CLOCK: its {@code host_tsc} belongs to the same instant. */
    public static final int CLOCK_HOST_TSC = 8;

    /** PVCLOCK_TSC_STABLE_BIT, a flag of a guest's kvmclock page: all vCPUs' TSCs are on one line. */
    public static final int PVCLOCK_TSC_STABLE = 1;

    /** PVCLOCK_GUEST_STOPPED, a flag of a guest's kvmclock page: the guest was stopped. */
    public static final int PVCLOCK_GUEST_STOPPED = 2;

    /** The group of a vCPU's TSC attributes on x86, KVM_VCPU_TSC_CTRL. */
    public static final int VCPU_TSC_CTRL = 0;

    /** KVM_VCPU_TSC_OFFSET, of that group. */
    public static final int VCPU_TSC_OFFSET = 0;

    /** The group of a vCPU's timer attributes on arm64, KVM_ARM_VCPU_TIMER_CTRL. */
    public static final int ARM_VCPU_TIMER_CTRL = 1;

    /** KVM_ARM_VCPU_TIMER_OFFSET_VTIMER, in the series v2 and v3 only; in Linux 2 is an interrupt's number. */
    public static final int ARM_VCPU_TIMER_OFFSET_VTIMER = 2;

    /** KVM_ARM_VCPU_TIMER_OFFSET_PTIMER, in the series v2 and v3 only; in Linux 3 is an interrupt's number. */
    public static final int ARM_VCPU_TIMER_OFFSET_PTIMER = 3;

    /** KVM_SYSTEM_COUNTER_STATE_PHYS_OFFSET, in the series v1 only: the physical offset counts too. */
    public static final int SYSTEM_COUNTER_STATE_PHYS_OFFSET = 1;

    private KvmAbi() {}

    /** The MSRs that a log names. */
    public enum Msr {
        /** The TSC. */
        TSC(0x10, "MSR_IA32_TSC"),
        /** Changes with the guest's own writes of its TSC. */
        TSC_ADJUST(0x3b, "MSR_IA32_TSC_ADJUST"),
        /** Where a vCPU's kvmclock page is, by the legacy number. */
        SYSTEM_TIME(0x12, "MSR_KVM_SYSTEM_TIME"),
        /** Where a vCPU's kvmclock page is. */
        SYSTEM_TIME_NEW(0x4b564d01L, "MSR_KVM_SYSTEM_TIME_NEW"),
        /** Where KVM writes the wall clock at boot, by the legacy number. */
        WALL_CLOCK(0x11, "MSR_KVM_WALL_CLOCK"),
        /** Where KVM writes the wall clock at boot. */
        WALL_CLOCK_NEW(0x4b564d00L, "MSR_KVM_WALL_CLOCK_NEW"),
        /** When the local APIC's timer fires. */
        TSC_DEADLINE(0x6e0, "MSR_IA32_TSC_DEADLINE"),
        /** The Hyper-V reference counter: kvmclock in units of 100 ns. */
        HV_TIME_REF_COUNT(0x40000020L, "HV_X64_MSR_TIME_REF_COUNT"),
        /** Where the Hyper-V reference TSC page is; bit 0 turns it on. */
        HV_REFERENCE_TSC(0x40000021L, "HV_X64_MSR_REFERENCE_TSC");

        private final long index;
        private final String uapiName;

        Msr(long index, String uapiName) {
            this.index = index;
            this.uapiName = uapiName;
        }

        /** The MSR of that index, if it is one of these. */
        public static Optional<Msr> of(long index) {
            return Arrays.stream(values()).filter(m -> m.index == index).findFirst();
        }

        /** The MSR of that name in the kernel's headers, if it is one of these. */
        public static Optional<Msr> named(String name) {
            return Arrays.stream(values()).filter(m -> m.uapiName.equals(name)).findFirst();
        }

        /** The index, unsigned 32 bits. */
        public long index() {
            return index;
        }
    }

    /** The registers of KVM_{GET,SET}_ONE_REG that belong to the timers of an arm64 vCPU. */
    public enum ArmRegister {
        /** The virtual counter. */
        TIMER_CNT(0x603000000013df1aL),
        /** The physical counter. */
        PTIMER_CNT(0x603000000013df01L),
        /** The virtual timer's control. */
        TIMER_CTL(0x603000000013df19L),
        /** The virtual timer's compare value; the kernel's header swaps its encoding with the counter's. */
        TIMER_CVAL(0x603000000013df02L),
        /** The physical timer's control. */
        PTIMER_CTL(0x603000000013df11L),
        /** The physical timer's compare value. */
        PTIMER_CVAL(0x603000000013df12L);

        private static final long SYSTEM_REGISTERS = 0x6030000000130000L;
        private static final int GENERIC_TIMER_CRN = 14;
        /** CNTKCTL_EL1 controls the access of the guest's user mode to the counters; it changes no counter. */
        private static final long CNTKCTL_EL1 = SYSTEM_REGISTERS | 0xc708;

        private final long id;

        ArmRegister(long id) {
            this.id = id;
        }

        /** The register of that id, if it is one of these. */
        public static Optional<ArmRegister> of(long id) {
            return Arrays.stream(values()).filter(r -> r.id == id).findFirst();
        }

        /** The register of that name in the kernel's header, if it is one of these. */
        public static Optional<ArmRegister> named(String name) {
            return Arrays.stream(values())
                    .filter(r -> ("KVM_REG_ARM_" + r.name()).equals(name))
                    .findFirst();
        }

        /**
         * Whether an id that is none of these may belong to the generic timer: a system register with CRn 14. Those of op1 3
         * with CRm 8 or above are the performance monitor's event counters and their types (PMEVCNTR and PMEVTYPER of
         * the Arm architecture).
         */
        public static boolean mayBeOfATimer(long id) {
            boolean countsEvents = ((id >> 11) & 7) == 3 && ((id >> 3) & 15) >= 8;
            return (id & ~0xffffL) == SYSTEM_REGISTERS
                    && ((id >> 7) & 15) == GENERIC_TIMER_CRN
                    && id != CNTKCTL_EL1
                    && !countsEvents;
        }
    }
}
