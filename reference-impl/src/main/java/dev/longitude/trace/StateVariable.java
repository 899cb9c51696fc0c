package dev.longitude.trace;

import static java.util.stream.Collectors.toMap;

import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.Optional;

/** What an event may show of the state after it, by the names of the specification's variables. */
public enum StateVariable {
    /** The vCPUs created so far; the domain of the per-vCPU variables. */
    ONLINE("online", Kind.VCPU_SET),
    /** The last TSC write of any kind: when, ns of the base clock. */
    LAST_TSC_NSEC("lastTscNsec", Kind.UINT64),
    /** The last TSC write of any kind: which value, cycles. */
    LAST_TSC_WRITE("lastTscWrite", Kind.UINT64),
    /** The last TSC write of any kind: at which rate, kHz; 0 before the first. */
    LAST_TSC_KHZ("lastTscKhz", Kind.UINT31),
    /** The last TSC write of any kind: the resulting offset, cycles. */
    LAST_TSC_OFFSET("lastTscOffset", Kind.UINT64),
    /** The write that opened the current generation: when, ns of the base clock. */
    CUR_TSC_NSEC("curTscNsec", Kind.UINT64),
    /** The write that opened the current generation: which value, cycles. */
    CUR_TSC_WRITE("curTscWrite", Kind.UINT64),
    /** The write that opened the current generation: the resulting offset, cycles. */
    CUR_TSC_OFFSET("curTscOffset", Kind.UINT64),
    /** Counts the generations. */
    CUR_TSC_GENERATION("curTscGeneration", Kind.UINT31),
    /** The vCPUs that joined the current generation, not counting the one that opened it. */
    NR_VCPUS_MATCHED("nrVcpusMatched", Kind.UINT31),
    /** Userspace has set the TSC. */
    USER_SET_TSC("userSetTsc", Kind.FLAG),
    /** The masterclock is on. */
    USE_MASTER_CLOCK("useMasterClock", Kind.FLAG),
    /** The instant that the masterclock counts from: ns of the base clock. */
    MASTER_KERNEL_NS("masterKernelNs", Kind.UINT64),
    /** The instant that the masterclock counts from: the host's TSC. */
    MASTER_CYCLE_NOW("masterCycleNow", Kind.UINT64),
    /** kvmclock minus base clock, ns modulo 2^64. */
    KVMCLOCK_OFFSET("kvmclockOffset", Kind.UINT64),
    /** The host came back from suspend with an earlier TSC. */
    BACKWARDS_TSC_OBSERVED("backwardsTscObserved", Kind.FLAG),
    /** vCPU 0 uses the legacy kvmclock MSR. */
    BOOT_VCPU_RUNS_OLD_KVMCLOCK("bootVcpuRunsOldKvmclock", Kind.FLAG),
    /** The rate that the next vCPU gets, kHz. */
    DEFAULT_TSC_KHZ("defaultTscKhz", Kind.UINT31),
    /** The rate that the vCPU is meant to have, kHz. */
    VIRTUAL_TSC_KHZ("virtualTscKhz", Kind.UINT31_BY_VCPU),
    /** Guest's rate by host's, fixed point with the host's fraction bits. */
    TSC_SCALING_RATIO("tscScalingRatio", Kind.UINT64_BY_VCPU),
    /** Guest TSC minus scaled host TSC, cycles modulo 2^64. */
    TSC_OFFSET("tscOffset", Kind.UINT64_BY_VCPU),
    /** The vCPU's generation: when it was opened, ns of the base clock. */
    THIS_TSC_NSEC("thisTscNsec", Kind.UINT64_BY_VCPU),
    /** The vCPU's generation: the value that opened it, cycles. */
    THIS_TSC_WRITE("thisTscWrite", Kind.UINT64_BY_VCPU),
    /** The vCPU's generation. */
    THIS_TSC_GENERATION("thisTscGeneration", Kind.UINT31_BY_VCPU),
    /** The vCPU's MSR_IA32_TSC_ADJUST, cycles modulo 2^64. */
    TSC_ADJUST("tscAdjust", Kind.UINT64_BY_VCPU),
    /** The vCPU's TSC when KVM last saw it, cycles. */
    LAST_GUEST_TSC("lastGuestTsc", Kind.UINT64_BY_VCPU),
    /** The vCPUs whose kvmclock page is kept up to date. */
    PVCLOCK_ACTIVE("pvclockActive", Kind.VCPU_SET),
    /** The kvmclock pages: their version. */
    PVCLOCK_VERSION("pvclockVersion", Kind.UINT31_BY_VCPU),
    /** The kvmclock pages: the guest's TSC at the time stamp, cycles. */
    PVCLOCK_TSC_TIMESTAMP("pvclockTscTimestamp", Kind.UINT64_BY_VCPU),
    /** The kvmclock pages: kvmclock at the time stamp, ns. */
    PVCLOCK_SYSTEM_TIME("pvclockSystemTime", Kind.UINT64_BY_VCPU),
    /** The kvmclock pages: the multiplier from cycles to ns, times 2^32. */
    PVCLOCK_MUL("pvclockMul", Kind.UINT64_BY_VCPU),
    /** The kvmclock pages: the shift before the multiplication. */
    PVCLOCK_SHIFT("pvclockShift", Kind.INT8_BY_VCPU),
    /** The kvmclock pages: 1 (TSC_STABLE) and 2 (GUEST_STOPPED). */
    PVCLOCK_FLAGS("pvclockFlags", Kind.UINT31_BY_VCPU),
    /** The vCPUs whose TSC KVM raises to where it should be. */
    TSC_CATCHUP("tscCatchup", Kind.VCPU_SET),
    /** The vCPUs whose TSC KVM raises at every entry. */
    TSC_ALWAYS_CATCHUP("tscAlwaysCatchup", Kind.VCPU_SET),
    /** The vCPUs with a masterclock update pending. */
    MASTERCLOCK_UPDATE("masterclockUpdate", Kind.VCPU_SET),
    /** The vCPUs with a clock update pending. */
    CLOCK_UPDATE("clockUpdate", Kind.VCPU_SET),
    /** The vCPUs whose page gets GUEST_STOPPED at its next update. */
    STOPPED_REQUEST("stoppedRequest", Kind.VCPU_SET),
    /** The vCPUs that must go through KVM before they enter the guest again. */
    KICKED("kicked", Kind.VCPU_SET),
    /** The vCPUs whose KVM_RUN is in the guest. */
    IN_GUEST("inGuest", Kind.VCPU_SET),

    /** arm64: each CPU's CNTHCTL_EL2, as far as it concerns a guest's counter and timer. */
    CNTHCTL_EL2("cnthctlEl2", Kind.UINT31_BY_PCPU),
    /** arm64: each CPU's CNTVOFF_EL2, ticks modulo 2^64. */
    CNTVOFF_EL2("cntvoffEl2", Kind.UINT64_BY_PCPU),
    /** arm64: each CPU's CNTPOFF_EL2, ticks modulo 2^64. */
    CNTPOFF_EL2("cntpoffEl2", Kind.UINT64_BY_PCPU),
    /** arm64: the VM's virtual offset since 6.3, ticks modulo 2^64. */
    VOFFSET("voffset", Kind.UINT64_OF_VM),
    /** arm64: the VM's physical offset since 6.4, ticks modulo 2^64. */
    POFFSET("poffset", Kind.UINT64_OF_VM),
    /** arm64: KVM_ARM_SET_COUNTER_OFFSET was used. */
    VM_COUNTER_OFFSET("vmCounterOffset", Kind.FLAG_OF_VM),
    /** arm64: the vCPUs whose creation has begun. */
    CREATING("creating", Kind.VCPU_SET),
    /** arm64: each vCPU's virtual offset before 6.3, ticks modulo 2^64. */
    SHADOW_CNTVOFF("shadowCntvoff", Kind.UINT64_BY_VCPU),
    /** arm64: each vCPU's physical offset in the series as posted, ticks modulo 2^64. */
    SHADOW_CNTPOFF("shadowCntpoff", Kind.UINT64_BY_VCPU),
    /** arm64: the vCPUs that are in KVM_RUN. */
    IN_RUN("inRun", Kind.VCPU_SET),
    /** arm64: which CPU each loaded vCPU is on. */
    LOADED_ON("loadedOn", Kind.UINT31_BY_VCPU),
    /** arm64: the compare value of each physical timer that is on, ticks of the guest's physical counter. */
    PTIMER_CVAL("ptimerCval", Kind.UINT64_BY_VCPU);

    private static final ImmutableMap<String, StateVariable> BY_NAME =
            ImmutableMap.copyOf(Arrays.stream(values()).collect(toMap(StateVariable::specName, v -> v)));

    private final Field field;

    StateVariable(String specName, Kind kind) {
        this.field = new Field(specName, kind);
    }

    /** The variable's name in the specification. */
    public String specName() {
        return field.name();
    }

    /** The variable's type. */
    public Kind kind() {
        return field.kind();
    }

    /** The variable as a field. */
    public Field field() {
        return field;
    }

    /** Whether a trace of x86 has it. (Those that only arm64 has come last.) */
    public boolean isOfX86() {
        return compareTo(CNTHCTL_EL2) < 0;
    }

    /** The variable of that name, if there is one. */
    public static Optional<StateVariable> named(String specName) {
        return Optional.ofNullable(BY_NAME.get(specName));
    }
}
