package dev.longitude.trace;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableTable;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Arch;
import java.util.Arrays;
import java.util.Optional;

/** The operations, by the names that the specification, the reference implementation and reports share. */
public enum Operation {
    /** KVM_CREATE_VM. */
    CREATE_VM(Archs.ALL, "CreateVm", takes(), gives()),
    /** KVM_CREATE_VCPU, with the TSC synchronisation at creation. */
    CREATE_VCPU(Archs.ALL, "CreateVcpu", takes(Field.VCPU), gives()),
    /** KVM_SET_MSRS of MSR_IA32_TSC (0x10): the TSC by value. */
    WRITE_TSC("WriteTsc", takes(Field.VCPU, Field.VALUE), gives()),
    /** KVM_GET_MSRS of MSR_IA32_TSC. */
    READ_TSC("ReadTsc", takes(Field.VCPU), gives(Field.VALUE)),
    /** KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET. */
    SET_TSC_OFFSET("SetTscOffset", takes(Field.VCPU, Field.OFFSET), gives()),
    /** KVM_GET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET. */
    GET_TSC_OFFSET("GetTscOffset", takes(Field.VCPU), gives(Field.OFFSET, Field.ERRNO)),
    /** KVM_SET_TSC_KHZ on a vCPU. */
    SET_TSC_KHZ("SetTscKhz", takes(Field.VCPU, Field.KHZ), gives(Field.ERRNO)),
    /** KVM_GET_TSC_KHZ on a vCPU. */
    GET_TSC_KHZ("GetTscKhz", takes(Field.VCPU), gives(Field.KHZ)),
    /** KVM_GET_TSC_KHZ on the VM: the rate of vCPUs created later. */
    GET_VM_TSC_KHZ("GetVmTscKhz", takes(), gives(Field.KHZ)),
    /** KVM_SET_TSC_KHZ on the VM: the rate of vCPUs created later. */
    SET_VM_TSC_KHZ("SetVmTscKhz", takes(Field.KHZ), gives(Field.ERRNO)),
    /** KVM_SET_MSRS of MSR_IA32_TSC_ADJUST (0x3b): stores, and moves nothing. */
    WRITE_TSC_ADJUST("WriteTscAdjust", takes(Field.VCPU, Field.VALUE), gives()),
    /** KVM_GET_MSRS of MSR_IA32_TSC_ADJUST. */
    READ_TSC_ADJUST("ReadTscAdjust", takes(Field.VCPU), gives(Field.VALUE)),
    /** KVM_SET_LAPIC, with the mode of the LVT timer in the registers that it restores. */
    SET_LAPIC("SetLapic", takes(Field.VCPU, Field.DEADLINE_MODE), gives()),
    /** KVM_SET_MSRS of MSR_IA32_TSC_DEADLINE (0x6e0): KVM drops it unless the LVT timer is in TSC-deadline mode. */
    WRITE_TSC_DEADLINE("WriteTscDeadline", takes(Field.VCPU, Field.DEADLINE), gives()),
    /** KVM_GET_MSRS of MSR_IA32_TSC_DEADLINE. */
    READ_TSC_DEADLINE("ReadTscDeadline", takes(Field.VCPU), gives(Field.DEADLINE)),
    /** The first half of KVM_SET_CLOCK where it takes two steps (until 5.11): KVM updates the masterclock. */
    BEGIN_SET_CLOCK("BeginSetClock", takes(), gives()),
    /** KVM_SET_CLOCK. */
    SET_CLOCK("SetClock", takes(Field.CLOCK, Field.FLAGS, Field.REALTIME), gives(Field.ERRNO)),
    /** The first half of KVM_GET_CLOCK where it takes two steps (until 5.15): KVM computes the clock. */
    BEGIN_GET_CLOCK("BeginGetClock", takes(), gives()),
    /** KVM_GET_CLOCK. */
    GET_CLOCK("GetClock", takes(), gives(Field.CLOCK, Field.FLAGS, Field.REALTIME, Field.HOST_TSC)),
    /** KVM_SET_MSRS of MSR_KVM_SYSTEM_TIME_NEW (0x4b564d01) or its legacy number (0x12). */
    WRITE_SYSTEM_TIME("WriteSystemTime", takes(Field.VCPU, Field.ACTIVE, Field.MOVES), gives()),
    /** KVM_KVMCLOCK_CTRL. */
    KVMCLOCK_CTRL("KvmclockCtrl", takes(Field.VCPU), gives(Field.ERRNO)),
    /** The VMM reads a kvmclock page in the guest's memory. */
    READ_PVCLOCK_PAGE(
            "ReadPvclockPage",
            takes(Field.VCPU),
            gives(Field.VERSION, Field.TSC_TIMESTAMP, Field.SYSTEM_TIME, Field.MUL, Field.SHIFT, Field.FLAGS)),
    /** A kvmclock page in the guest's memory gets another content, not from KVM: the VMM loads that memory. */
    WRITE_PVCLOCK_PAGE(
            "WritePvclockPage",
            takes(
                    Field.VCPU,
                    Field.VERSION,
                    Field.TSC_TIMESTAMP,
                    Field.SYSTEM_TIME,
                    Field.MUL,
                    Field.SHIFT,
                    Field.FLAGS),
            gives()),
    /** A vCPU is loaded on another pCPU, or while the host's TSC is unstable; KVM_RUN with immediate_exit does no more. */
    X86_VCPU_LOAD("VcpuLoad", takes(Field.VCPU), gives()),
    /** KVM requests a clock update for reasons of its own. */
    ASK_FOR_CLOCK_UPDATE("AskForClockUpdate", takes(Field.VCPU), gives()),
    /**
     * KVM_REQ_MASTERCLOCK_UPDATE because of an interface that is not modelled: a write of HV_X64_MSR_REFERENCE_TSC
     * (0x40000021) with bit 0 set, by host or guest; KVM_XEN_HVM_SET_ATTR of the shared info page until 7.2, for each vCPU.
     */
    ASK_FOR_MASTERCLOCK_UPDATE("AskForMasterclockUpdate", takes(Field.VCPU), gives()),
    /** A clock update without the masterclock reads the host's TSC, and then reads the base clock. */
    TAKE_HOST_TSC("TakeHostTsc", takes(Field.VCPU), gives()),
    /** A vCPU on its way into the guest performs the masterclock update; its page comes with the entry that follows. */
    PERFORM_MASTERCLOCK_UPDATE("PerformMasterclockUpdate", takes(Field.VCPU), gives()),
    /** KVM_RUN up to the guest; on arm64 from the vCPU's load on. */
    ENTER_GUEST(Archs.ALL, "EnterGuest", takes(Field.VCPU), gives(Field.UPDATED)),
    /** KVM_RUN up to the guest, without entering it: a signal or another thread is waiting. */
    CANCEL_ENTRY("CancelEntry", takes(Field.VCPU), gives(Field.UPDATED)),
    /** Back to the guest after an exit that KVM handled. */
    REENTER_GUEST("ReenterGuest", takes(Field.VCPU), gives(Field.UPDATED)),
    /** KVM_RUN returns to userspace; on arm64 only as far as the host's kernel. */
    EXIT_GUEST(Archs.ALL, "ExitGuest", takes(Field.VCPU), gives()),
    /** The guest executes rdtsc. */
    GUEST_READ_TSC("GuestReadTsc", takes(Field.VCPU), gives(Field.VALUE)),
    /** The guest writes MSR_IA32_TSC: its TSC and MSR_IA32_TSC_ADJUST change. */
    GUEST_WRITE_TSC("GuestWriteTsc", takes(Field.VCPU, Field.VALUE), gives()),
    /** The guest writes MSR_IA32_TSC_ADJUST: its TSC changes by the same amount. */
    GUEST_WRITE_TSC_ADJUST("GuestWriteTscAdjust", takes(Field.VCPU, Field.VALUE), gives()),
    /** The guest reads MSR_IA32_TSC_ADJUST. */
    GUEST_READ_TSC_ADJUST("GuestReadTscAdjust", takes(Field.VCPU), gives(Field.VALUE)),
    /** The guest sets the mode of its LVT timer and its deadline, or only one of them. */
    GUEST_SETS_TIMER("GuestSetsTimer", takes(Field.VCPU, Field.DEADLINE_MODE, Field.DEADLINE), gives()),
    /** The vCPU's TSC reaches the deadline, on the line on which KVM armed it: the guest gets its interrupt. */
    TIMER_FIRES("TimerFires", takes(Field.VCPU), gives()),
    /** The guest reads kvmclock through a page. */
    GUEST_READ_CLOCK("GuestReadClock", takes(Field.VCPU, Field.PAGE), gives(Field.CLOCK)),
    /** The guest clears the flag PVCLOCK_GUEST_STOPPED. */
    GUEST_CLEARS_STOPPED("GuestClearsStopped", takes(Field.VCPU), gives()),
    /** The guest writes MSR_KVM_SYSTEM_TIME_NEW or the legacy MSR_KVM_SYSTEM_TIME. */
    GUEST_WRITE_SYSTEM_TIME(
            "GuestWriteSystemTime", takes(Field.VCPU, Field.ACTIVE, Field.LEGACY, Field.MOVES), gives()),
    /** The host's clocksource becomes the TSC, or another. */
    HOST_CLOCKSOURCE("HostClocksource", takes(Field.IS_TSC), gives()),
    /** The host's kernel finds its TSC unstable. */
    HOST_TSC_UNSTABLE("HostTscUnstable", takes(), gives()),
    /** The host comes back from a suspend with an earlier TSC; the event's instant is the one before the suspend. */
    HOST_RESUMES("HostResumes", takes(Field.MISSING, Field.NS), gives()),

    /** KVM_CREATE_VCPU until 6.2: the loop that restarts the virtual counter of the whole VM begins. */
    BEGIN_CREATE_VCPU(Arch.ARM64, "BeginCreateVcpu", takes(Field.VCPU), gives()),
    /** One iteration of a loop that copies an offset to every vCPU. */
    BROADCAST_TO(Arch.ARM64, "BroadcastTo", takes(Field.VCPU), gives()),
    /** KVM_ARM_VCPU_INIT. */
    INIT_VCPU(Arch.ARM64, "InitVcpu", takes(Field.VCPU), gives()),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CNT: the virtual counter by value. */
    SET_TIMER_CNT(Arch.ARM64, "SetTimerCnt", takes(Field.VCPU, Field.VALUE), gives(Field.ERRNO)),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CNT. */
    GET_TIMER_CNT(Arch.ARM64, "GetTimerCnt", takes(Field.VCPU), gives(Field.VALUE)),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CNT: the physical counter by value. */
    SET_PTIMER_CNT(Arch.ARM64, "SetPtimerCnt", takes(Field.VCPU, Field.VALUE), gives(Field.ERRNO)),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CNT. */
    GET_PTIMER_CNT(Arch.ARM64, "GetPtimerCnt", takes(Field.VCPU), gives(Field.VALUE, Field.ERRNO)),
    /** KVM_SET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_VTIMER, in the series v2. */
    SET_VTIMER_OFFSET(Arch.ARM64, "SetVtimerOffset", takes(Field.VCPU, Field.OFFSET), gives()),
    /** KVM_GET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_VTIMER. */
    GET_VTIMER_OFFSET(Arch.ARM64, "GetVtimerOffset", takes(Field.VCPU), gives(Field.OFFSET)),
    /** KVM_SET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_PTIMER. */
    SET_PTIMER_OFFSET(Arch.ARM64, "SetPtimerOffset", takes(Field.VCPU, Field.OFFSET), gives()),
    /** KVM_GET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_PTIMER. */
    GET_PTIMER_OFFSET(Arch.ARM64, "GetPtimerOffset", takes(Field.VCPU), gives(Field.OFFSET)),
    /** KVM_SET_SYSTEM_COUNTER_STATE on a vCPU, in the series v1. */
    SET_SYSTEM_COUNTER_STATE(
            Arch.ARM64,
            "SetSystemCounterState",
            takes(Field.VCPU, Field.PCPU, Field.FLAGS, Field.CNTVOFF, Field.CNTPOFF),
            gives(Field.ERRNO)),
    /** KVM_GET_SYSTEM_COUNTER_STATE. */
    GET_SYSTEM_COUNTER_STATE(
            Arch.ARM64, "GetSystemCounterState", takes(Field.VCPU), gives(Field.FLAGS, Field.CNTVOFF, Field.CNTPOFF)),
    /** KVM_ARM_SET_COUNTER_OFFSET on the VM. */
    SET_COUNTER_OFFSET(Arch.ARM64, "SetCounterOffset", takes(Field.OFFSET, Field.RESERVED), gives(Field.ERRNO)),
    /** vcpu_load(): KVM_RUN begins, or continues after a preemption. */
    ARM64_VCPU_LOAD(Arch.ARM64, "VcpuLoad", takes(Field.VCPU, Field.PCPU), gives()),
    /** vcpu_put(): KVM_RUN returns, or is preempted. */
    VCPU_PUT(Arch.ARM64, "VcpuPut", takes(Field.VCPU, Field.RETURNS), gives()),
    /** The guest reads CNTVCT_EL0. */
    GUEST_READ_CNTVCT(Arch.ARM64, "GuestReadCntvct", takes(Field.VCPU), gives(Field.VALUE)),
    /** The guest reads CNTPCT_EL0. */
    GUEST_READ_CNTPCT(Arch.ARM64, "GuestReadCntpct", takes(Field.VCPU), gives(Field.VALUE, Field.TRAPPED)),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CVAL: the virtual timer's compare value. */
    SET_VTIMER_CVAL(Arch.ARM64, "SetVtimerCval", takes(Field.VCPU, Field.CVAL), gives()),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CVAL. */
    GET_VTIMER_CVAL(Arch.ARM64, "GetVtimerCval", takes(Field.VCPU), gives(Field.CVAL)),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CTL: whether the virtual timer is on. */
    SET_VTIMER_CTL(Arch.ARM64, "SetVtimerCtl", takes(Field.VCPU, Field.ON), gives()),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CTL. */
    GET_VTIMER_CTL(Arch.ARM64, "GetVtimerCtl", takes(Field.VCPU), gives(Field.ON)),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CVAL: the physical timer's compare value. */
    SET_PTIMER_CVAL(Arch.ARM64, "SetPtimerCval", takes(Field.VCPU, Field.CVAL), gives(Field.ERRNO)),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CVAL. */
    GET_PTIMER_CVAL(Arch.ARM64, "GetPtimerCval", takes(Field.VCPU), gives(Field.CVAL, Field.ERRNO)),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CTL: whether the physical timer is on. */
    SET_PTIMER_CTL(Arch.ARM64, "SetPtimerCtl", takes(Field.VCPU, Field.ON), gives(Field.ERRNO)),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CTL. */
    GET_PTIMER_CTL(Arch.ARM64, "GetPtimerCtl", takes(Field.VCPU), gives(Field.ON, Field.ERRNO)),
    /** The guest sets CNTV_CVAL_EL0 and turns the virtual timer on. */
    GUEST_SET_VTIMER(Arch.ARM64, "GuestSetVtimer", takes(Field.VCPU, Field.CVAL), gives()),
    /** The guest sets CNTP_CVAL_EL0 and turns the physical timer on. */
    GUEST_SET_PTIMER(Arch.ARM64, "GuestSetPtimer", takes(Field.VCPU, Field.CVAL), gives()),
    /** A look at whether the virtual timer of a loaded vCPU has fired. */
    LOOK_AT_VTIMER(Arch.ARM64, "LookAtVtimer", takes(Field.VCPU), gives(Field.DUE)),
    /** A look at whether the physical timer of a loaded vCPU has fired. */
    LOOK_AT_PTIMER(Arch.ARM64, "LookAtPtimer", takes(Field.VCPU), gives(Field.DUE));

    private static final class Archs {
        static final ImmutableSet<Arch> X86 = ImmutableSet.of(Arch.X86);
        static final ImmutableSet<Arch> ALL = ImmutableSet.copyOf(Arch.values());
    }

    /** Traces of x86 had this name for it until arm64's became that of both. */
    private static final String FORMER_LOAD = "LoadVcpu";

    private static final ImmutableTable<Arch, String, Operation> BY_NAME = byName();

    private static ImmutableTable<Arch, String, Operation> byName() {
        ImmutableTable.Builder<Arch, String, Operation> named = ImmutableTable.builder();
        for (Operation operation : values()) {
            operation.archs.forEach(arch -> named.put(arch, operation.specName, operation));
        }
        return named.put(Arch.X86, FORMER_LOAD, X86_VCPU_LOAD).buildOrThrow();
    }

    private final ImmutableSet<Arch> archs;
    private final String specName;
    private final ImmutableList<Field> args;
    private final ImmutableList<Field> results;

    Operation(String specName, ImmutableList<Field> args, ImmutableList<Field> results) {
        this(Archs.X86, specName, args, results);
    }

    Operation(Arch arch, String specName, ImmutableList<Field> args, ImmutableList<Field> results) {
        this(ImmutableSet.of(arch), specName, args, results);
    }

    Operation(ImmutableSet<Arch> archs, String specName, ImmutableList<Field> args, ImmutableList<Field> results) {
        this.archs = Sets.immutableEnumSet(archs);
        this.specName = specName;
        this.args = args;
        this.results = results;
    }

    private static ImmutableList<Field> takes(Field... fields) {
        return ImmutableList.copyOf(fields);
    }

    private static ImmutableList<Field> gives(Field... fields) {
        return ImmutableList.copyOf(fields);
    }

    /** Whether an architecture has it. */
    public boolean isOf(Arch arch) {
        return archs.contains(arch);
    }

    /** The operations of an architecture. */
    public static ImmutableList<Operation> of(Arch arch) {
        return Arrays.stream(values()).filter(o -> o.isOf(arch)).collect(ImmutableList.toImmutableList());
    }

    /** Whether it happens to the host, and so to all VMs, including those created later. */
    public boolean isOfHost() {
        return this == HOST_CLOCKSOURCE || this == HOST_TSC_UNSTABLE || this == HOST_RESUMES;
    }

    /** The name of the action in the specification, and of the event in a trace. */
    public String specName() {
        return specName;
    }

    /** The arguments; their names are those of the action's formal parameters. */
    public ImmutableList<Field> args() {
        return args;
    }

    /** What the operation returns; the names are those of the reply's fields in the specification. */
    public ImmutableList<Field> results() {
        return results;
    }

    /** Whether a trace may leave it out: its arguments have finitely many values, and no VM begins with it. */
    public boolean canBeSilent() {
        return this != CREATE_VM
                && args.stream().allMatch(a -> switch (a.kind()) {
                    case VCPU, PCPU, FLAG -> true;
                    default -> false;
                });
    }

    /** The operations of that name, on one architecture or on both. */
    static ImmutableCollection<Operation> named(String specName) {
        return BY_NAME.column(specName).values();
    }

    /** The operation of that name on an architecture, if there is one. */
    public static Optional<Operation> named(Arch arch, String specName) {
        return Optional.ofNullable(BY_NAME.get(arch, specName));
    }

    @Override
    public String toString() {
        return specName;
    }
}
