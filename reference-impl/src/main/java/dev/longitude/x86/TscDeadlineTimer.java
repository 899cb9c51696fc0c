package dev.longitude.x86;

/**
 * A vCPU's local APIC timer, as far as TSC-deadline mode goes (arch/x86/kvm/lapic.c, Linux 5.10 to 7.3). KVM computes
 * when the timer must fire from the TSC that the vCPU has when the deadline is written, and not again when the TSC moves.
 */
public final class TscDeadlineTimer {
    private boolean deadlineMode;
    private long deadline;
    private long armedOffset;
    private long armedRatio;

    /** Becomes a copy of another. */
    void take(TscDeadlineTimer other) {
        deadlineMode = other.deadlineMode;
        deadline = other.deadline;
        armedOffset = other.armedOffset;
        armedRatio = other.armedRatio;
    }

    /** Whether the LVT timer is in TSC-deadline mode. */
    public boolean deadlineMode() {
        return deadlineMode;
    }

    /** MSR_IA32_TSC_DEADLINE as a read shows it: unsigned cycles of the guest's TSC, 0 if no deadline is armed. */
    public long deadline() {
        return deadline;
    }

    /** Offset of the line on which the deadline was armed: cycles modulo 2^64. */
    public long armedOffset() {
        return armedOffset;
    }

    /** Ratio of the line on which the deadline was armed: unsigned fixed point. */
    public long armedRatio() {
        return armedRatio;
    }

    /** kvm_apic_set_state(): a change of the mode forgets the deadline; otherwise KVM starts the timer again. */
    void setLapic(boolean mode, X86Vcpu vcpu) {
        setMode(mode);
        arm(deadline, vcpu);
    }

    /** kvm_set_lapic_tscdeadline_msr(): dropped outside the mode. */
    void write(long value, X86Vcpu vcpu) {
        if (deadlineMode) {
            arm(value, vcpu);
        }
    }

    /** The guest sets mode and deadline; outside the mode it has no deadline. */
    void guestSets(boolean mode, long value, X86Vcpu vcpu) {
        setMode(mode);
        write(value, vcpu);
    }

    /** kvm_apic_inject_pending_timer_irqs(). */
    void fire() {
        deadline = 0;
    }

    /** The host's TSC has gone back; the line stays where it is for the guest. */
    void hostWentBack(long scaledMissing) {
        armedOffset += scaledMissing;
    }

    /** apic_update_lvtt(). */
    private void setMode(boolean mode) {
        if (deadlineMode != mode) {
            deadline = 0;
        }
        deadlineMode = mode;
    }

    private void arm(long value, X86Vcpu vcpu) {
        deadline = value;
        armedOffset = vcpu.tscOffset;
        armedRatio = vcpu.tscScalingRatio;
    }
}
