package dev.longitude.recipe;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The kinds of steps in a recipe: operations of KVM by their usual names, and a few of the VMM's own. */
public enum StepKind {
    /** KVM_CREATE_VCPU. */
    CREATE_VCPU("CreateVcpu", Of.VCPU),
    /** KVM_RUN of a vCPU, as far as the guest. A recipe writes {@code run}. */
    ENTER_GUEST("EnterGuest", Of.VCPU),
    /** The vCPU leaves KVM_RUN. A recipe writes {@code pause}. */
    EXIT_GUEST("ExitGuest", Of.VCPU),
    /** The guest runs for a while, between boot and save. */
    WORK("Work", Of.VM),
    /** The state travels, between save and restore. */
    BLACKOUT("Blackout", Of.VM),
    /** The VMM waits for something: memory, its user. */
    WAIT("Wait", Of.VM),
    /** The VMM computes. */
    COMPUTE("Compute", Of.ANY, takes("value"), saves("")),
    /** The VMM reads its host's CLOCK_REALTIME. */
    READ_REALTIME("ReadRealtime", Of.ANY, takes(), saves("")),
    /** The VMM reads its host's counter. */
    READ_HOST_COUNTER("ReadHostCounter", Of.ANY, takes(), saves("")),
    /** The VMM reads both at one instant: it repeats the reads until they are close together. */
    READ_INSTANT("ReadInstant", Of.ANY, takes(), saves("counter", "realtime")),

    /** KVM_SET_MSRS of MSR_KVM_SYSTEM_TIME_NEW: the vCPU's kvmclock page. */
    WRITE_SYSTEM_TIME(Arch.X86, "WriteSystemTime", Of.VCPU),
    /** KVM_SET_TSC_KHZ on the VM, to the rate that the guest had. */
    SET_VM_TSC_KHZ(Arch.X86, "SetVmTscKhz", Of.VM),
    /** KVM_SET_TSC_KHZ on a vCPU, to the rate that the guest had. */
    SET_TSC_KHZ(Arch.X86, "SetTscKhz", Of.VCPU),
    /** KVM_GET_MSRS of MSR_IA32_TSC. */
    READ_TSC(Arch.X86, "ReadTsc", Of.VCPU, takes(), saves("")),
    /** KVM_SET_MSRS of MSR_IA32_TSC. */
    WRITE_TSC(Arch.X86, "WriteTsc", Of.VCPU, takes("value"), saves()),
    /** KVM_SET_LAPIC, with a timer in TSC-deadline mode. Without it KVM drops a deadline in a new VM. */
    SET_LAPIC(Arch.X86, "SetLapic", Of.VCPU),
    /** KVM_SET_MSRS of MSR_IA32_TSC_DEADLINE, of a timer that was armed. */
    WRITE_TSC_DEADLINE(Arch.X86, "WriteTscDeadline", Of.VCPU),
    /** KVM_GET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET. */
    GET_TSC_OFFSET(Arch.X86, "GetTscOffset", Of.VCPU, takes(), saves(""), Switch.TSC_OFFSET_ATTR),
    /** KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET. */
    SET_TSC_OFFSET(Arch.X86, "SetTscOffset", Of.VCPU, takes("offset"), saves(), Switch.TSC_OFFSET_ATTR),
    /** KVM_GET_CLOCK. */
    GET_CLOCK(Arch.X86, "GetClock", Of.VM, takes(), saves("clock", "flags", "realtime", "hostTsc")),
    /** KVM_SET_CLOCK; realtime counts with the flag KVM_CLOCK_REALTIME (4). */
    SET_CLOCK(Arch.X86, "SetClock", Of.VM, takes("clock", "flags", "realtime"), saves()),
    /** KVM_KVMCLOCK_CTRL. */
    KVMCLOCK_CTRL(Arch.X86, "KvmclockCtrl", Of.VCPU),
    /** KVM_RUN with immediate_exit: the vCPU is loaded and does not get into the guest. */
    VCPU_LOAD(Arch.X86, "VcpuLoad", Of.VCPU),

    /** KVM_ARM_VCPU_INIT. */
    INIT_VCPU(Arch.ARM64, "InitVcpu", Of.VCPU),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CNT. */
    GET_TIMER_CNT(Arch.ARM64, "GetTimerCnt", Of.VCPU, takes(), saves("")),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CNT. */
    SET_TIMER_CNT(Arch.ARM64, "SetTimerCnt", Of.VCPU, takes("value"), saves()),
    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CNT. */
    GET_PTIMER_CNT(Arch.ARM64, "GetPtimerCnt", Of.VCPU, takes(), saves(""), Switch.PTIMER_CNT),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CNT. */
    SET_PTIMER_CNT(Arch.ARM64, "SetPtimerCnt", Of.VCPU, takes("value"), saves(), Switch.PTIMER_CNT),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CVAL, of a timer that was on. */
    SET_VTIMER_CVAL(Arch.ARM64, "SetVtimerCval", Of.VCPU),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CTL, of a timer that was on. */
    SET_VTIMER_CTL(Arch.ARM64, "SetVtimerCtl", Of.VCPU),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CVAL, of a timer that was on. */
    SET_PTIMER_CVAL(Arch.ARM64, "SetPtimerCval", Of.VCPU, takes(), saves(), Switch.PTIMER_CNT),
    /** KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CTL, of a timer that was on. */
    SET_PTIMER_CTL(Arch.ARM64, "SetPtimerCtl", Of.VCPU, takes(), saves(), Switch.PTIMER_CNT),
    /** The series v2: KVM_GET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_VTIMER. */
    GET_VTIMER_OFFSET(Arch.ARM64, "GetVtimerOffset", Of.VCPU, takes(), saves(""), Switch.TIMER_OFFSET_ATTRS),
    /** ... and KVM_SET_DEVICE_ATTR. */
    SET_VTIMER_OFFSET(Arch.ARM64, "SetVtimerOffset", Of.VCPU, takes("offset"), saves(), Switch.TIMER_OFFSET_ATTRS),
    /** The series v2: KVM_GET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_PTIMER. */
    GET_PTIMER_OFFSET(Arch.ARM64, "GetPtimerOffset", Of.VCPU, takes(), saves(""), Switch.TIMER_OFFSET_ATTRS),
    /** ... and KVM_SET_DEVICE_ATTR. */
    SET_PTIMER_OFFSET(Arch.ARM64, "SetPtimerOffset", Of.VCPU, takes("offset"), saves(), Switch.TIMER_OFFSET_ATTRS),
    /** The series v1: KVM_GET_SYSTEM_COUNTER_STATE. */
    GET_SYSTEM_COUNTER_STATE(
            Arch.ARM64,
            "GetSystemCounterState",
            Of.VCPU,
            takes(),
            saves("cntvoff", "cntpoff"),
            Switch.SYSTEM_COUNTER_STATE),
    /** The series v1: KVM_SET_SYSTEM_COUNTER_STATE, with the physical offset. */
    SET_SYSTEM_COUNTER_STATE(
            Arch.ARM64,
            "SetSystemCounterState",
            Of.VCPU,
            takes("cntvoff", "cntpoff"),
            saves(),
            Switch.SYSTEM_COUNTER_STATE),
    /** KVM_ARM_SET_COUNTER_OFFSET. */
    SET_COUNTER_OFFSET(Arch.ARM64, "SetCounterOffset", Of.VM, takes("offset"), saves(), Switch.SET_COUNTER_OFFSET);

    /** What a step acts on. */
    enum Of {
        VCPU,
        VM,
        ANY
    }

    private final @Nullable Arch arch;
    private final String specName;
    private final Of of;
    private final ImmutableList<String> args;
    private final ImmutableList<String> results;
    private final @Nullable Switch needs;

    StepKind(String specName, Of of) {
        this(null, specName, of, takes(), saves(), null);
    }

    StepKind(String specName, Of of, ImmutableList<String> args, ImmutableList<String> results) {
        this(null, specName, of, args, results, null);
    }

    StepKind(Arch arch, String specName, Of of) {
        this(arch, specName, of, takes(), saves(), null);
    }

    StepKind(Arch arch, String specName, Of of, ImmutableList<String> args, ImmutableList<String> results) {
        this(arch, specName, of, args, results, null);
    }

    StepKind(
            @Nullable Arch arch,
            String specName,
            Of of,
            ImmutableList<String> args,
            ImmutableList<String> results,
            @Nullable Switch needs) {
        this.arch = arch;
        this.specName = specName;
        this.of = of;
        this.args = args;
        this.results = results;
        this.needs = needs;
    }

    private static ImmutableList<String> takes(String... names) {
        return ImmutableList.copyOf(names);
    }

    private static ImmutableList<String> saves(String... names) {
        return ImmutableList.copyOf(names);
    }

    /** The name in recipes, the specification, traces and reports. */
    public String specName() {
        return specName;
    }

    /** Whether a recipe for that architecture can have it. */
    public boolean isOf(Arch one) {
        return arch == null || arch == one;
    }

    /** Whether it is an ioctl on the VM, or a step that happens once. */
    public boolean isOfVm() {
        return of == Of.VM;
    }

    /** Whether it is an ioctl on a vCPU: then the vCPU must exist and not run. */
    public boolean isOfVcpu() {
        return of == Of.VCPU;
    }

    /** Whether it sets one of the guest's clocks. */
    public boolean writesClock() {
        return !args.isEmpty() && this != COMPUTE;
    }

    /** Whether it returns or takes a value of the host's counter, or an offset from it. */
    boolean usesHostCounter() {
        return switch (this) {
            case READ_HOST_COUNTER,
                    READ_INSTANT,
                    GET_TSC_OFFSET,
                    SET_TSC_OFFSET,
                    GET_VTIMER_OFFSET,
                    SET_VTIMER_OFFSET,
                    GET_PTIMER_OFFSET,
                    SET_PTIMER_OFFSET,
                    GET_SYSTEM_COUNTER_STATE,
                    SET_SYSTEM_COUNTER_STATE,
                    SET_COUNTER_OFFSET -> true;
            default -> false;
        };
    }

    /** Its arguments, which are expressions. */
    public ImmutableList<String> args() {
        return args;
    }

    /** What it saves: the value itself ({@code ""}), or fields of it. */
    public ImmutableList<String> results() {
        return results;
    }

    /** Whether a kernel supports it. */
    public boolean isOn(KernelProfile kernel) {
        return needs == null || kernel.has(needs);
    }

    /** Whether recipes may name it; the others have keywords. */
    boolean isWritten() {
        return !IMPLIED.contains(this);
    }

    private static final ImmutableSet<StepKind> IMPLIED = ImmutableSet.of(ENTER_GUEST, EXIT_GUEST, WORK, BLACKOUT);

    /** Recipes had this name for it until arm64's became that of both. */
    private static final String FORMER_LOAD = "LoadVcpu";

    /** The kind of that name, if recipes may name it. */
    static Optional<StepKind> named(String specName) {
        if (specName.equals(FORMER_LOAD)) {
            return Optional.of(VCPU_LOAD);
        }
        return Arrays.stream(values())
                .filter(v -> v.isWritten() && v.specName.equals(specName))
                .findFirst();
    }

    /** All names that recipes for an architecture may use, for messages. */
    static String names(Arch arch) {
        return Arrays.stream(values())
                .filter(v -> v.isWritten() && v.isOf(arch))
                .map(StepKind::specName)
                .collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return specName;
    }
}
