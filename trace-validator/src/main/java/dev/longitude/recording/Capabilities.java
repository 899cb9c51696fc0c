package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The capabilities that a VMM may turn on with KVM_ENABLE_CAP without changing a guest's clock, each with the reason.
 * Any other may have changed anything. The numbers are from {@code include/uapi/linux/kvm.h}.
 */
final class Capabilities {
    /** The ioctl that turns one on; {@code num} in its record names the capability. */
    static final String ENABLE_CAP = "KVM_ENABLE_CAP";

    private static final String EXITS = "it is about what the guest exits for";
    private static final String INTERRUPTS = "it is about interrupts, and no interrupt moves a counter";
    private static final String MEMORY = "it is about the guest's memory";
    private static final String REFUSES = "it is about what is refused to the guest";

    private static final ImmutableMap<Long, String> HARMLESS = ImmutableMap.<Long, String>builder()
            .put(116L, "KVM_CAP_DISABLE_QUIRKS: no quirk is about a clock")
            .put(213L, "KVM_CAP_DISABLE_QUIRKS2: no quirk is about a clock")
            .put(121L, "KVM_CAP_SPLIT_IRQCHIP: " + INTERRUPTS)
            .put(123L, "KVM_CAP_HYPERV_SYNIC: " + INTERRUPTS)
            .put(148L, "KVM_CAP_HYPERV_SYNIC2: " + INTERRUPTS)
            .put(129L, "KVM_CAP_X2APIC_API: " + INTERRUPTS)
            .put(237L, "KVM_CAP_X86_APIC_BUS_CYCLES_NS: it moves a timer, and no timer is modelled")
            .put(128L, "KVM_CAP_MAX_VCPU_ID: it is a bound")
            .put(143L, "KVM_CAP_X86_DISABLE_EXITS: " + EXITS)
            .put(164L, "KVM_CAP_EXCEPTION_PAYLOAD: " + EXITS)
            .put(188L, "KVM_CAP_X86_USER_SPACE_MSR: " + EXITS)
            .put(193L, "KVM_CAP_X86_BUS_LOCK_EXIT: " + EXITS)
            .put(201L, "KVM_CAP_EXIT_HYPERCALL: " + EXITS)
            .put(204L, "KVM_CAP_EXIT_ON_EMULATION_FAILURE: " + EXITS)
            .put(218L, "KVM_CAP_X86_TRIPLE_FAULT_EVENT: " + EXITS)
            .put(219L, "KVM_CAP_X86_NOTIFY_VMEXIT: " + EXITS)
            .put(182L, "KVM_CAP_HALT_POLL: it is about how a halted vCPU waits")
            .put(212L, "KVM_CAP_PMU_CAPABILITY: it is about counters of events")
            .put(168L, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: " + MEMORY)
            .put(192L, "KVM_CAP_DIRTY_LOG_RING: " + MEMORY)
            .put(223L, "KVM_CAP_DIRTY_LOG_RING_ACQ_REL: " + MEMORY)
            .put(220L, "KVM_CAP_VM_DISABLE_NX_HUGE_PAGES: " + MEMORY)
            .put(177L, "KVM_CAP_ARM_NISV_TO_USER: " + EXITS)
            .put(205L, "KVM_CAP_ARM_MTE: " + MEMORY)
            .put(216L, "KVM_CAP_ARM_SYSTEM_SUSPEND: " + EXITS)
            .put(190L, "KVM_CAP_ENFORCE_PV_FEATURE_CPUID: " + REFUSES)
            .put(199L, "KVM_CAP_HYPERV_ENFORCE_CPUID: " + REFUSES)
            .put(228L, "KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE: " + MEMORY)
            .buildOrThrow();

    private Capabilities() {}

    /**
     * Why turning on a capability cannot have changed a guest's clock; empty if it may have.
     *
     * @param number the capability's number, KVM_CAP_*; null if the record does not show it
     */
    static Optional<String> harmless(@Nullable Long number) {
        return number == null ? Optional.empty() : Optional.ofNullable(HARMLESS.get(number));
    }
}
