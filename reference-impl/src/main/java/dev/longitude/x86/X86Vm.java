package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TscInterval;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/**
 * A VM: the part of struct kvm_arch that the guest's TSC depends on (arch/x86/kvm/x86.c, Linux 5.16 on). Every
 * operation emits one event with the whole state after it.
 *
 * <p>All of a VM's state is guarded by its tsc_write_lock, so VM and vCPUs may be used by any number of threads.
 */
public final class X86Vm {
    /** KVM_CLOCK_TSC_STABLE, KVM_CLOCK_REALTIME and KVM_CLOCK_HOST_TSC of KVM_GET_CLOCK. */
    public static final int CLOCK_TSC_STABLE = 2;

    /** See {@link #CLOCK_TSC_STABLE}. */
    public static final int CLOCK_REALTIME = 4;

    /** See {@link #CLOCK_TSC_STABLE}. */
    public static final int CLOCK_HOST_TSC = 8;

    private static final int EINVAL = 22;

    private final X86Host host;
    private final KernelProfile kernel;
    private final int id;
    private final Consumer<TraceEvent> trace;
    private final ReentrantLock tscWriteLock = new ReentrantLock();

    private final Map<Integer, X86Vcpu> vcpus = new TreeMap<>();
    private long lastTscNsec;
    private long lastTscWrite;
    private int lastTscKhz;
    private long lastTscOffset;
    private long curTscNsec;
    private long curTscWrite;
    private long curTscOffset;
    private int curTscGeneration;
    private int nrVcpusMatched;
    private int defaultTscKhz;
    private boolean userSetTsc;
    private boolean useMasterClock;

    /**
     * KVM_CREATE_VM.
     *
     * @param id the VM's number in the trace
     * @param trace gets every event, in the order in which they happened: it is called under the VM's lock
     */
    public X86Vm(X86Host host, KernelProfile kernel, int id, Consumer<TraceEvent> trace) {
        this.host = host;
        this.kernel = kernel;
        this.id = id;
        this.trace = trace;
        this.defaultTscKhz = host.tscKhz();
        emit(host.rdtsc(), Operation.CREATE_VM, ImmutableMap.of(), ImmutableMap.of());
    }

    /**
     * KVM_CREATE_VCPU. Creation counts as a write of 0 by nobody: the vCPU joins the VM's line.
     *
     * @param index unused so far
     */
    public X86Vcpu createVcpu(int index) {
        return locked(hostTsc -> {
            checkArgument(!vcpus.containsKey(index), "vCPU %s exists", index);
            X86Vcpu vcpu = new X86Vcpu(this, index);
            vcpu.virtualTscKhz = defaultTscKhz;
            vcpu.tscScalingRatio = ratioFor(defaultTscKhz);
            vcpus.put(index, vcpu);
            synchronize(vcpu, hostTsc, 0, false);
            emit(hostTsc, Operation.CREATE_VCPU, ImmutableMap.of(Field.VCPU, index), ImmutableMap.of());
            return vcpu;
        });
    }

    /**
     * KVM_GET_CLOCK, as far as its flags.
     *
     * @return a set of KVM_CLOCK_* bits
     */
    public int getClock() {
        return locked(hostTsc -> {
            int flags = 0;
            if (useMasterClock) {
                flags |= CLOCK_TSC_STABLE;
                if (host.tscClocksource()) {
                    flags |= CLOCK_REALTIME | CLOCK_HOST_TSC;
                }
            }
            emit(hostTsc, Operation.GET_CLOCK, ImmutableMap.of(), ImmutableMap.of(Field.FLAGS, flags));
            return flags;
        });
    }

    /** KVM_SET_MSRS of MSR_IA32_TSC. */
    void writeTsc(X86Vcpu vcpu, long value) {
        underLock(hostTsc -> {
            synchronize(vcpu, hostTsc, value, true);
            emitWrite(hostTsc, Operation.WRITE_TSC, vcpu, value);
        });
    }

    /** KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET: compares with the last write of anybody. */
    void setTscOffset(X86Vcpu vcpu, long offset) {
        underLock(hostTsc -> {
            boolean matched = lastTscKhz == vcpu.virtualTscKhz && lastTscOffset == offset;
            synchronizeCore(vcpu, hostTsc, offset, scaled(vcpu, hostTsc) + offset, matched, true);
            emit(
                    hostTsc,
                    Operation.SET_TSC_OFFSET,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.OFFSET, offset),
                    ImmutableMap.of());
        });
    }

    /** KVM_SET_CLOCK, as far as the masterclock: it is evaluated anew at once; pending requests stay. */
    public void setClock() {
        underLock(hostTsc -> {
            updateMasterClock();
            emit(hostTsc, Operation.SET_CLOCK, ImmutableMap.of(), ImmutableMap.of());
        });
    }

    /**
     * KVM_SET_TSC_KHZ on the VM: the rate of the vCPUs to come.
     *
     * @param khz kHz, 0 for the host's
     * @return 0, or 22 (EINVAL): since 6.17 once there is a vCPU
     * @throws UnsupportedOperationException for a rate that the host can only catch up with
     */
    public int setVmTscKhz(int khz) {
        return locked(hostTsc -> {
            checkModelled(khz);
            checkArgument(ratioFor(wanted(khz)) != 0, "a host that cannot scale to %s kHz", khz);
            boolean refused = kernel.has(Switch.VM_TSC_KHZ_FIRST) && !vcpus.isEmpty();
            if (!refused) {
                defaultTscKhz = wanted(khz);
            }
            int errno = refused ? EINVAL : 0;
            emit(
                    hostTsc,
                    Operation.SET_VM_TSC_KHZ,
                    ImmutableMap.of(Field.KHZ, khz),
                    ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        });
    }

    /** KVM_SET_TSC_KHZ on a vCPU. */
    int setTscKhz(X86Vcpu vcpu, int khz) {
        return locked(hostTsc -> {
            checkModelled(khz);
            long ratio = ratioFor(wanted(khz));
            if (ratio == 0) {
                if (!kernel.has(Switch.REFUSAL_KEEPS_KHZ)) {
                    vcpu.virtualTscKhz = wanted(khz); // stored before the rate is found to be impossible
                }
            } else {
                long value = scaled(vcpu, hostTsc) + vcpu.tscOffset;
                vcpu.virtualTscKhz = wanted(khz);
                vcpu.tscScalingRatio = ratio;
                if (kernel.has(Switch.SYNCHRONIZES_ON_KHZ)) {
                    synchronizeCore(vcpu, hostTsc, value - scaled(vcpu, hostTsc), value, false, true);
                }
            }
            int errno = ratio == 0 ? EINVAL : 0;
            emit(
                    hostTsc,
                    Operation.SET_TSC_KHZ,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.KHZ, khz),
                    ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        });
    }

    /** KVM_GET_TSC_KHZ on a vCPU. */
    int getTscKhz(X86Vcpu vcpu) {
        return locked(hostTsc -> {
            emit(
                    hostTsc,
                    Operation.GET_TSC_KHZ,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    ImmutableMap.of(Field.KHZ, vcpu.virtualTscKhz));
            return vcpu.virtualTscKhz;
        });
    }

    private int wanted(int khz) {
        checkArgument(khz >= 0, "a rate of %s kHz", khz);
        return khz == 0 ? host.tscKhz() : khz;
    }

    /** set_tsc_khz(): the ratio for a rate, 0 if the host has none. */
    private long ratioFor(int khz) {
        if (TscScaling.nearEnough(khz, host.tscKhz())) {
            return host.scaling().defaultRatio();
        }
        return host.scaling().supported() ? host.scaling().ratio(khz, host.tscKhz()) : 0;
    }

    private void checkModelled(int khz) {
        int rate = wanted(khz);
        if (!host.scaling().supported() && rate > host.tscKhz() && !TscScaling.nearEnough(rate, host.tscKhz())) {
            throw new UnsupportedOperationException("a guest that is faster than a host that cannot scale: catch-up");
        }
    }

    /** The host's TSC as the vCPU sees it, before its offset. */
    private long scaled(X86Vcpu vcpu, long hostTsc) {
        return host.scaling().scale(hostTsc, vcpu.tscScalingRatio);
    }

    /** KVM_SET_MSRS of MSR_IA32_TSC_ADJUST: stores, and moves nothing. */
    void writeTscAdjust(X86Vcpu vcpu, long value) {
        underLock(hostTsc -> {
            vcpu.tscAdjust = value;
            emitWrite(hostTsc, Operation.WRITE_TSC_ADJUST, vcpu, value);
        });
    }

    /** The guest writes MSR_IA32_TSC. Not synchronised (Linux 5.10, 0c899c25d754): the books do not learn of it. */
    void guestWriteTsc(X86Vcpu vcpu, long value) {
        underLock(hostTsc -> {
            long moved = value - (scaled(vcpu, hostTsc) + vcpu.tscOffset);
            vcpu.tscOffset += moved;
            vcpu.tscAdjust += moved;
            emitWrite(hostTsc, Operation.GUEST_WRITE_TSC, vcpu, value);
        });
    }

    /** The guest writes MSR_IA32_TSC_ADJUST: its TSC moves by as much as the MSR does. */
    void guestWriteTscAdjust(X86Vcpu vcpu, long value) {
        underLock(hostTsc -> {
            vcpu.tscOffset += value - vcpu.tscAdjust;
            vcpu.tscAdjust = value;
            emitWrite(hostTsc, Operation.GUEST_WRITE_TSC_ADJUST, vcpu, value);
        });
    }

    private void emitWrite(long hostTsc, Operation operation, X86Vcpu vcpu, long value) {
        emit(hostTsc, operation, ImmutableMap.of(Field.VCPU, vcpu.index(), Field.VALUE, value), ImmutableMap.of());
    }

    /** The operations that only read. */
    long read(X86Vcpu vcpu, Operation operation, Field result) {
        return locked(hostTsc -> {
            long value = switch (operation) {
                case GET_TSC_OFFSET -> vcpu.tscOffset;
                case READ_TSC, GUEST_READ_TSC -> scaled(vcpu, hostTsc) + vcpu.tscOffset;
                case READ_TSC_ADJUST, GUEST_READ_TSC_ADJUST -> vcpu.tscAdjust;
                default -> throw new IllegalArgumentException(operation + " reads nothing of a vCPU");
            };
            emit(hostTsc, operation, ImmutableMap.of(Field.VCPU, vcpu.index()), ImmutableMap.of(result, value));
            return value;
        });
    }

    /** KVM_RUN up to the guest: works off a pending masterclock update on the way. */
    void enterGuest(X86Vcpu vcpu) {
        underLock(hostTsc -> {
            boolean updated = vcpu.masterclockUpdate;
            if (updated) {
                vcpu.masterclockUpdate = false;
                updateMasterClock();
            }
            vcpu.inGuest = true;
            emit(
                    hostTsc,
                    Operation.ENTER_GUEST,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    ImmutableMap.of(Field.UPDATED, updated));
        });
    }

    /** KVM_RUN's return. */
    void exitGuest(X86Vcpu vcpu) {
        underLock(hostTsc -> {
            vcpu.inGuest = false;
            emit(hostTsc, Operation.EXIT_GUEST, ImmutableMap.of(Field.VCPU, vcpu.index()), ImmutableMap.of());
        });
    }

    /** Does something under tsc_write_lock, at the instant that it is given: the host's TSC, read once. */
    private void underLock(LongConsumer operation) {
        locked(hostTsc -> {
            operation.accept(hostTsc);
            return hostTsc;
        });
    }

    /** The same for what has a result. */
    private <T> T locked(LongFunction<T> operation) {
        tscWriteLock.lock();
        try {
            return operation.apply(host.rdtsc());
        } finally {
            tscWriteLock.unlock();
        }
    }

    /** pvclock_update_vm_gtod_copy(): the decision. */
    private void updateMasterClock() {
        useMasterClock = host.tscClocksource() && allMatched();
    }

    private boolean allMatched() {
        if (kernel.has(Switch.MATCHES_OFFSETS)) {
            return same(v -> v.tscOffset) && same(v -> v.tscScalingRatio);
        }
        return nrVcpusMatched + 1 == vcpus.size();
    }

    /** Whether there are vCPUs and all have the same. */
    private boolean same(Function<X86Vcpu, Object> part) {
        return vcpus.values().stream().map(part).distinct().count() == 1;
    }

    /** kvm_synchronize_tsc(): is this write one of those by which all vCPUs are given the same time? */
    private void synchronize(X86Vcpu vcpu, long hostTsc, long value, boolean byUser) {
        long elapsed = host.baseNs(hostTsc) - lastTscNsec;
        boolean synchronizing;
        if (value == 0 && !(byUser && kernel.has(Switch.ZERO_IS_A_VALUE))) {
            synchronizing = true;
        } else if (kernel.has(Switch.USER_SET_TSC_GATE) && !userSetTsc) {
            synchronizing = false;
        } else {
            long hz = vcpu.virtualTscKhz * 1000L;
            long expected =
                    lastTscWrite + TimeScale.of(hz, TimeScale.NSEC_PER_SEC).apply(elapsed);
            synchronizing = SyncWindow.contains(value, expected, hz);
        }
        boolean matched = synchronizing && lastTscKhz == vcpu.virtualTscKhz;
        long offset = matched ? curTscOffset : value - scaled(vcpu, hostTsc);
        synchronizeCore(vcpu, hostTsc, offset, value, matched, byUser);
    }

    /** __kvm_synchronize_tsc(): gives the vCPU its offset and keeps the books. */
    private void synchronizeCore(X86Vcpu vcpu, long hostTsc, long offset, long value, boolean matched, boolean byUser) {
        if (byUser && kernel.has(Switch.USER_SET_TSC_GATE)) {
            userSetTsc = true;
        }
        lastTscNsec = host.baseNs(hostTsc);
        lastTscWrite = kernel.has(Switch.KEEPS_LINE_ON_MATCH) ? scaled(vcpu, hostTsc) + offset : value;
        lastTscKhz = vcpu.virtualTscKhz;
        lastTscOffset = offset;
        vcpu.tscOffset = offset;
        boolean joins = matched && vcpu.thisTscGeneration != curTscGeneration;
        if (kernel.has(Switch.RECORDS_GENERATION_EARLY)) {
            record(vcpu);
        }
        if (!matched) {
            curTscGeneration++;
            curTscNsec = lastTscNsec;
            curTscWrite = value;
            curTscOffset = offset;
            nrVcpusMatched = 0;
        } else if (joins) {
            nrVcpusMatched++;
        }
        if (!kernel.has(Switch.RECORDS_GENERATION_EARLY)) {
            record(vcpu);
        }
        track(vcpu, !matched);
    }

    /** The vCPU notes the current generation as its own. */
    private void record(X86Vcpu vcpu) {
        vcpu.thisTscGeneration = curTscGeneration;
        vcpu.thisTscNsec = curTscNsec;
        vcpu.thisTscWrite = curTscWrite;
    }

    /** kvm_track_tsc_matching(): asks for a masterclock update where the write may have changed what it depends on. */
    private void track(X86Vcpu vcpu, boolean newGeneration) {
        boolean want = host.tscClocksource() && allMatched();
        boolean request;
        if (kernel.has(Switch.TRACK_ONLY_ON_CHANGE)) {
            request = (useMasterClock && newGeneration) || useMasterClock != want;
        } else {
            request = useMasterClock || want;
        }
        if (request) {
            vcpu.masterclockUpdate = true;
        }
    }

    private void emit(
            long hostTsc, Operation operation, ImmutableMap<Field, Object> args, ImmutableMap<Field, Object> results) {
        trace.accept(new TraceEvent(
                0, id, TscInterval.exactly(hostTsc), operation, args, results, state(), ImmutableSet.of()));
    }

    private ImmutableMap<StateVariable, Object> state() {
        return ImmutableMap.<StateVariable, Object>builder()
                .put(StateVariable.ONLINE, ImmutableSortedSet.copyOf(vcpus.keySet()))
                .put(StateVariable.LAST_TSC_NSEC, lastTscNsec)
                .put(StateVariable.LAST_TSC_WRITE, lastTscWrite)
                .put(StateVariable.LAST_TSC_KHZ, lastTscKhz)
                .put(StateVariable.LAST_TSC_OFFSET, lastTscOffset)
                .put(StateVariable.CUR_TSC_NSEC, curTscNsec)
                .put(StateVariable.CUR_TSC_WRITE, curTscWrite)
                .put(StateVariable.CUR_TSC_OFFSET, curTscOffset)
                .put(StateVariable.CUR_TSC_GENERATION, curTscGeneration)
                .put(StateVariable.NR_VCPUS_MATCHED, nrVcpusMatched)
                .put(StateVariable.USER_SET_TSC, userSetTsc)
                .put(StateVariable.USE_MASTER_CLOCK, useMasterClock)
                .put(StateVariable.DEFAULT_TSC_KHZ, defaultTscKhz)
                .put(StateVariable.VIRTUAL_TSC_KHZ, each(v -> v.virtualTscKhz))
                .put(StateVariable.TSC_SCALING_RATIO, each(v -> v.tscScalingRatio))
                .put(StateVariable.TSC_OFFSET, each(v -> v.tscOffset))
                .put(StateVariable.THIS_TSC_NSEC, each(v -> v.thisTscNsec))
                .put(StateVariable.THIS_TSC_WRITE, each(v -> v.thisTscWrite))
                .put(StateVariable.THIS_TSC_GENERATION, each(v -> v.thisTscGeneration))
                .put(StateVariable.TSC_ADJUST, each(v -> v.tscAdjust))
                .put(StateVariable.MASTERCLOCK_UPDATE, which(v -> v.masterclockUpdate))
                .put(StateVariable.IN_GUEST, which(v -> v.inGuest))
                .buildOrThrow();
    }

    private ImmutableSortedMap<Integer, Object> each(Function<X86Vcpu, Object> part) {
        ImmutableSortedMap.Builder<Integer, Object> values = ImmutableSortedMap.naturalOrder();
        vcpus.forEach((index, vcpu) -> values.put(index, part.apply(vcpu)));
        return values.buildOrThrow();
    }

    private ImmutableSortedSet<Integer> which(Function<X86Vcpu, Boolean> test) {
        return vcpus.values().stream()
                .filter(test::apply)
                .map(X86Vcpu::index)
                .collect(ImmutableSortedSet.toImmutableSortedSet(Integer::compare));
    }
}
