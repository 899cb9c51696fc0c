package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Range;

/**
 * The MSRs that a guest may write without moving one of its clocks, besides those of {@link
 * dev.longitude.kernel.KvmAbi.Msr}. The effect of a write of any other MSR is unknown. Sources: {@code
 * arch/x86/include/asm/msr-index.h}, {@code arch/x86/include/uapi/asm/kvm_para.h} and {@code include/hyperv/hvgdk.h} of
 * Linux 7.3, and what KVM does there with a write of each ({@code kvm_set_msr_common()}, {@code vmx_set_msr()}, {@code
 * svm_set_msr()}, {@code kvm_hv_set_msr()}).
 */
final class HarmlessMsrs {
    private static final String CPU = "it sets up the CPU";
    private static final String MEMORY = "it is about how memory is cached";
    private static final String INTERRUPTS = "it is about interrupts, and its timer moves no counter";
    private static final String MACHINE_CHECKS = "it is about machine checks";
    private static final String PERFORMANCE = "it is about performance counters, which are no clocks of the model";
    private static final String PARAVIRTUAL = "it is about what KVM shows the guest besides the time";
    private static final String HYPER_V = "it is about Hyper-V's interface, and none of its clocks";

    /**
     * Adjacent MSRs.
     *
     * @param indexes unsigned 32 bits
     * @param reason why a write of one of them changes no clock
     */
    record Group(Range<Long> indexes, String reason) {}

    private static final ImmutableList<Group> GROUPS = ImmutableList.of(
            group(0x1b, 0x1b, INTERRUPTS), // IA32_APICBASE
            group(0x3a, 0x3a, CPU), // IA32_FEAT_CTL
            group(0x48, 0x49, CPU), // IA32_SPEC_CTRL, IA32_PRED_CMD
            group(0x79, 0x79, CPU), // IA32_UCODE_WRITE
            group(0x8b, 0x8b, CPU), // IA32_UCODE_REV
            group(0xc1, 0xc8, PERFORMANCE), // IA32_PERFCTR
            group(0x10b, 0x10b, CPU), // IA32_FLUSH_CMD
            group(0x140, 0x140, CPU), // MISC_FEATURES_ENABLES
            group(0x174, 0x176, CPU), // IA32_SYSENTER
            group(0x179, 0x17b, MACHINE_CHECKS), // IA32_MCG
            group(0x186, 0x18d, PERFORMANCE), // P6_EVNTSEL
            group(0x1a0, 0x1a0, CPU), // IA32_MISC_ENABLE
            group(0x1c4, 0x1c5, CPU), // IA32_XFD
            group(0x1d9, 0x1d9, CPU), // IA32_DEBUGCTLMSR
            group(0x200, 0x20f, MEMORY), // MTRRs
            group(0x250, 0x250, MEMORY),
            group(0x258, 0x259, MEMORY),
            group(0x268, 0x26f, MEMORY),
            group(0x277, 0x277, MEMORY), // IA32_CR_PAT
            group(0x280, 0x29f, MACHINE_CHECKS), // IA32_MC_CTL2
            group(0x2ff, 0x2ff, MEMORY), // MTRRdefType
            group(0x309, 0x30b, PERFORMANCE), // fixed counters
            group(0x345, 0x345, PERFORMANCE), // IA32_PERF_CAPABILITIES
            group(0x38d, 0x390, PERFORMANCE), // their control
            group(0x400, 0x47f, MACHINE_CHECKS), // IA32_MC
            group(0x600, 0x600, PERFORMANCE), // IA32_DS_AREA
            group(0x800, 0x8ff, INTERRUPTS), // the x2APIC
            group(0xd90, 0xd90, CPU), // IA32_BNDCFGS
            group(0xda0, 0xda0, CPU), // IA32_XSS
            group(0x40000000L, 0x40000002L, HYPER_V), // GUEST_OS_ID, HYPERCALL, VP_INDEX
            group(0x40000070L, 0x40000073L, HYPER_V), // EOI, ICR, TPR, VP_ASSIST_PAGE
            group(0x40000080L, 0x40000084L, HYPER_V), // the SynIC
            group(0x40000090L, 0x4000009fL, HYPER_V),
            group(0x400000b0L, 0x400000b7L, HYPER_V), // its timers
            group(0x40000100L, 0x40000105L, HYPER_V), // crash
            group(0x4b564d02L, 0x4b564d08L, PARAVIRTUAL), // ASYNC_PF_EN to MIGRATION_CONTROL
            group(0xc0000080L, 0xc0000084L, CPU), // EFER, STAR, LSTAR, CSTAR, SYSCALL_MASK
            group(0xc0000100L, 0xc0000103L, CPU), // FS_BASE, GS_BASE, KERNEL_GS_BASE, TSC_AUX
            group(0xc0010000L, 0xc0010007L, PERFORMANCE), // K7_EVNTSEL, K7_PERFCTR
            group(0xc0010200L, 0xc001020bL, PERFORMANCE)); // F15H_PERF

    private HarmlessMsrs() {}

    private static Group group(long first, long last, String reason) {
        return new Group(Range.closed(first, last), reason);
    }

    /** Whether a guest's write of an MSR is known to change none of its clocks; false for every MSR of the model. */
    static boolean isHarmless(long index) {
        return GROUPS.stream().anyMatch(g -> g.indexes().contains(index));
    }

    /** All groups, in order. */
    static ImmutableList<Group> groups() {
        return GROUPS;
    }
}
