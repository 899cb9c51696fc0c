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
    GET_TSC_OFFSET("GetTscOffset", takes(Field.VCPU), gives(Field.OFFSET)),
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
    /** KVM_SET_CLOCK, as far as the masterclock. */
    SET_CLOCK("SetClock", takes(), gives()),
    /** KVM_GET_CLOCK, as far as its flags. */
    GET_CLOCK("GetClock", takes(), gives(Field.FLAGS)),
    /** KVM_RUN up to the guest. */
    ENTER_GUEST("EnterGuest", takes(Field.VCPU), gives(Field.UPDATED)),
    /** KVM_RUN's return to userspace. */
    EXIT_GUEST("ExitGuest", takes(Field.VCPU), gives()),
    /** The guest executes rdtsc. */
    GUEST_READ_TSC("GuestReadTsc", takes(Field.VCPU), gives(Field.VALUE)),
    /** The guest writes MSR_IA32_TSC: its TSC and MSR_IA32_TSC_ADJUST move. */
    GUEST_WRITE_TSC("GuestWriteTsc", takes(Field.VCPU, Field.VALUE), gives()),
    /** The guest writes MSR_IA32_TSC_ADJUST: its TSC moves along. */
    GUEST_WRITE_TSC_ADJUST("GuestWriteTscAdjust", takes(Field.VCPU, Field.VALUE), gives()),
    /** The guest reads MSR_IA32_TSC_ADJUST. */
    GUEST_READ_TSC_ADJUST("GuestReadTscAdjust", takes(Field.VCPU), gives(Field.VALUE));

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
