package dev.longitude.trace;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.Arrays;
import java.util.Optional;

/** The operations, by the names that the specification, the reference implementation and reports share. */
public enum Operation {
    /** KVM_CREATE_VM. */
    CREATE_VM("CreateVm", takes(), gives()),
    /** KVM_CREATE_VCPU, with the synchronisation that creation does. */
    CREATE_VCPU("CreateVcpu", takes(Field.VCPU), gives()),
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
    /** KVM_SET_TSC_KHZ on the VM: for the vCPUs to come. */
    SET_VM_TSC_KHZ("SetVmTscKhz", takes(Field.KHZ), gives(Field.ERRNO)),
    /** KVM_SET_MSRS of MSR_IA32_TSC_ADJUST (0x3b): stores, and moves nothing. */
    WRITE_TSC_ADJUST("WriteTscAdjust", takes(Field.VCPU, Field.VALUE), gives()),
    /** KVM_GET_MSRS of MSR_IA32_TSC_ADJUST. */
    READ_TSC_ADJUST("ReadTscAdjust", takes(Field.VCPU), gives(Field.VALUE)),
    /** The first half of KVM_SET_CLOCK where it is not one step (until 5.11): the masterclock is updated. */
    BEGIN_SET_CLOCK("BeginSetClock", takes(), gives()),
    /** KVM_SET_CLOCK. */
    SET_CLOCK("SetClock", takes(Field.CLOCK, Field.FLAGS, Field.REALTIME), gives(Field.ERRNO)),
    /** The first half of KVM_GET_CLOCK where it is not one step (until 5.15): the clock is computed. */
    BEGIN_GET_CLOCK("BeginGetClock", takes(), gives()),
    /** KVM_GET_CLOCK. */
    GET_CLOCK("GetClock", takes(), gives(Field.CLOCK, Field.FLAGS, Field.REALTIME, Field.HOST_TSC)),
    /** KVM_SET_MSRS of MSR_KVM_SYSTEM_TIME_NEW (0x4b564d01) or its legacy number (0x12). */
    WRITE_SYSTEM_TIME("WriteSystemTime", takes(Field.VCPU, Field.ACTIVE), gives()),
    /** KVM_KVMCLOCK_CTRL. */
    KVMCLOCK_CTRL("KvmclockCtrl", takes(Field.VCPU), gives(Field.ERRNO)),
    /** The VMM looks at a kvmclock page in the guest's memory. */
    READ_PVCLOCK_PAGE(
            "ReadPvclockPage",
            takes(Field.VCPU),
            gives(Field.VERSION, Field.TSC_TIMESTAMP, Field.SYSTEM_TIME, Field.MUL, Field.SHIFT, Field.FLAGS)),
    /** A vCPU is loaded on another pCPU, or while the host's TSC is unstable. */
    LOAD_VCPU("LoadVcpu", takes(Field.VCPU), gives()),
    /** KVM asks for a clock update for reasons of its own. */
    ASK_FOR_CLOCK_UPDATE("AskForClockUpdate", takes(Field.VCPU), gives()),
    /** A clock update without the masterclock reads the host's TSC, and goes on to read the base clock. */
    TAKE_HOST_TSC("TakeHostTsc", takes(Field.VCPU), gives()),
    /** KVM_RUN up to the guest. */
    ENTER_GUEST("EnterGuest", takes(Field.VCPU), gives(Field.UPDATED)),
    /** Back to the guest after an exit that KVM handled. */
    REENTER_GUEST("ReenterGuest", takes(Field.VCPU), gives(Field.UPDATED)),
    /** KVM_RUN's return to userspace. */
    EXIT_GUEST("ExitGuest", takes(Field.VCPU), gives()),
    /** The guest executes rdtsc. */
    GUEST_READ_TSC("GuestReadTsc", takes(Field.VCPU), gives(Field.VALUE)),
    /** The guest writes MSR_IA32_TSC: its TSC and MSR_IA32_TSC_ADJUST move. */
    GUEST_WRITE_TSC("GuestWriteTsc", takes(Field.VCPU, Field.VALUE), gives()),
    /** The guest writes MSR_IA32_TSC_ADJUST: its TSC moves along. */
    GUEST_WRITE_TSC_ADJUST("GuestWriteTscAdjust", takes(Field.VCPU, Field.VALUE), gives()),
    /** The guest reads MSR_IA32_TSC_ADJUST. */
    GUEST_READ_TSC_ADJUST("GuestReadTscAdjust", takes(Field.VCPU), gives(Field.VALUE)),
    /** The guest reads kvmclock through a page. */
    GUEST_READ_CLOCK("GuestReadClock", takes(Field.VCPU, Field.PAGE), gives(Field.CLOCK)),
    /** The guest clears the flag by which it was told that it had been stopped. */
    GUEST_CLEARS_STOPPED("GuestClearsStopped", takes(Field.VCPU), gives()),
    /** The guest writes MSR_KVM_SYSTEM_TIME_NEW or the legacy MSR_KVM_SYSTEM_TIME. */
    GUEST_WRITE_SYSTEM_TIME("GuestWriteSystemTime", takes(Field.VCPU, Field.ACTIVE, Field.LEGACY), gives()),
    /** The host's clocksource becomes the TSC, or another. */
    HOST_CLOCKSOURCE("HostClocksource", takes(Field.IS_TSC), gives()),
    /** The host's kernel finds its TSC unstable. */
    HOST_TSC_UNSTABLE("HostTscUnstable", takes(), gives()),
    /** The host comes back from a suspend with an earlier TSC; the event's instant is the one before the suspend. */
    HOST_RESUMES("HostResumes", takes(Field.MISSING, Field.NS), gives());

    private static final ImmutableMap<String, Operation> BY_NAME =
            Maps.uniqueIndex(Arrays.asList(values()), Operation::specName);

    private final String specName;
    private final ImmutableList<Field> args;
    private final ImmutableList<Field> results;

    Operation(String specName, ImmutableList<Field> args, ImmutableList<Field> results) {
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

    /** The operation of that name, if there is one. */
    public static Optional<Operation> named(String specName) {
        return Optional.ofNullable(BY_NAME.get(specName));
    }

    @Override
    public String toString() {
        return specName;
    }
}
