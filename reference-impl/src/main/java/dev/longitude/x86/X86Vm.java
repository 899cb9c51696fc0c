package dev.longitude.x86;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateInterner;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A VM: the part of struct kvm_arch that the guest's time depends on (arch/x86/kvm/x86.c, Linux 5.10 to 7.3). Every
 * operation emits one event with the whole state after it. Mirrors one file of the kernel, and is as long as the part
 * of it that concerns the guest's time.
 *
 * <p>The host's lock guards all of a VM's state; it is also the kernel's tsc_write_lock. Any number of threads may use
 * VM and vCPUs.
 */
public final class X86Vm {
    /**
     * What KVM_GET_CLOCK returns (struct kvm_clock_data).
     *
     * @param clock kvmclock, unsigned ns
     * @param flags a set of KVM_CLOCK_* bits
     * @param realtime CLOCK_REALTIME at that instant, unsigned ns; 0 without its flag
     * @param hostTsc the host's TSC at that instant, unsigned cycles; may be set without its flag
     */
    public record ClockData(long clock, int flags, long realtime, long hostTsc) {}

    /** What an event shows of the state after it, in the order of a trace. */
    public static final ImmutableList<StateVariable> SHOWN = Arrays.stream(StateVariable.values())
            .filter(StateVariable::isOfX86)
            .collect(ImmutableList.toImmutableList());

    private final X86Host host;
    private final Rates rates;
    private final KernelProfile kernel;
    private final int id;
    private final StateInterner sharing = new StateInterner();

    /** A clock ioctl of two steps holds it, so that a trace has the steps of one ioctl before those of the next. */
    private final ReentrantLock twoSteps = new ReentrantLock();

    private final Map<Integer, X86Vcpu> vcpus = new TreeMap<>();
    private volatile Runnable between = () -> {};

    /** What a KVM_GET_CLOCK of two steps has computed and not returned yet, unsigned ns; null if there is none. */
    private @Nullable Long clockTaken;

    /** A KVM_SET_CLOCK of two steps has updated the masterclock, and not yet the clock. */
    private boolean setClockBegun;

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
    private long masterKernelNs;
    private long masterCycleNow;
    private long kvmclockOffset;
    private boolean backwardsTscObserved;
    private boolean bootVcpuRunsOldKvmclock;

    /** The guest's last kvmclock reading, which it keeps where its page is not stable; null before the first one. */
    private @Nullable Long guestLastClock;

    /**
     * KVM_CREATE_VM.
     *
     * @param id the VM's number in the trace, not negative
     */
    public X86Vm(X86Host host, KernelProfile kernel, int id) {
        this.host = host;
        this.rates = host.rates();
        this.kernel = kernel;
        this.id = id;
        this.defaultTscKhz = host.tscKhz();
        host.underLock(now -> {
            kvmclockOffset = -now.ns();
            snapshot(now);
            host.register(this);
            emit(now, Operation.CREATE_VM, ImmutableMap.of(), ImmutableMap.of());
            return now;
        });
    }

    /** A copy on a copy of its host: see {@link X86Host#copy}. */
    X86Vm(X86Host host, X86Vm from) {
        this.host = host;
        this.rates = from.rates;
        this.kernel = from.kernel;
        this.id = from.id;
        between = from.between;
        clockTaken = from.clockTaken;
        setClockBegun = from.setClockBegun;
        lastTscNsec = from.lastTscNsec;
        lastTscWrite = from.lastTscWrite;
        lastTscKhz = from.lastTscKhz;
        lastTscOffset = from.lastTscOffset;
        curTscNsec = from.curTscNsec;
        curTscWrite = from.curTscWrite;
        curTscOffset = from.curTscOffset;
        curTscGeneration = from.curTscGeneration;
        nrVcpusMatched = from.nrVcpusMatched;
        defaultTscKhz = from.defaultTscKhz;
        userSetTsc = from.userSetTsc;
        useMasterClock = from.useMasterClock;
        masterKernelNs = from.masterKernelNs;
        masterCycleNow = from.masterCycleNow;
        kvmclockOffset = from.kvmclockOffset;
        backwardsTscObserved = from.backwardsTscObserved;
        bootVcpuRunsOldKvmclock = from.bootVcpuRunsOldKvmclock;
        guestLastClock = from.guestLastClock;
        from.vcpus.forEach((index, vcpu) -> vcpus.put(index, new X86Vcpu(this, vcpu)));
    }

    /**
     * The part of the state that no event shows.
     *
     * @param clockTaken what a KVM_GET_CLOCK of two steps has computed and not returned yet, unsigned ns; or null
     * @param setClockBegun whether a KVM_SET_CLOCK of two steps has begun
     * @param guestLastClock the guest's last reading of a page that was not stable, unsigned ns; or null
     */
    public record Unshown(
            @Nullable Long clockTaken,
            boolean setClockBegun,
            @Nullable Long guestLastClock) {}

    /** The part of the state that no event shows, read without an operation. */
    public Unshown unshown() {
        return new Unshown(clockTaken, setClockBegun, guestLastClock);
    }

    /** The vCPU with this index; null if there is none. */
    public @Nullable X86Vcpu vcpu(int index) {
        return vcpus.get(index);
    }

    /**
     * KVM_CREATE_VCPU. Creation counts as a write of 0 that userspace did not make: the vCPU joins the VM's line.
     *
     * @param index unused so far
     * @throws IllegalStateException if the host does not support the VM's rate: the kernel still creates such a vCPU
     *     and leaves it without a ratio; this implementation does not model that
     */
    public X86Vcpu createVcpu(int index) {
        return locked(now -> {
            checkArgument(!vcpus.containsKey(index), "vCPU %s exists", index);
            checkState(ratioFor(defaultTscKhz) != 0, "a host that cannot scale to %s kHz", defaultTscKhz);
            X86Vcpu vcpu = new X86Vcpu(this, index);
            vcpu.virtualTscKhz = defaultTscKhz;
            vcpu.tscScalingRatio = ratioFor(defaultTscKhz);
            vcpu.tscCatchup = catchesUp(defaultTscKhz);
            vcpu.tscAlwaysCatchup = vcpu.tscCatchup;
            vcpus.put(index, vcpu);
            vcpu.clockUpdate = true;
            boolean asks = synchronize(vcpu, now, 0, false);
            if (!kernel.has(Switch.MASTER_CLOCK_AT_CREATION)) {
                vcpu.masterclockUpdate |= asks;
            } else if ((masterClockAllowed() && allMatched()) != useMasterClock) {
                updateMasterClock(now, null);
            }
            emit(now, Operation.CREATE_VCPU, ImmutableMap.of(Field.VCPU, index), ImmutableMap.of());
            return vcpu;
        });
    }

    /**
     * Sets what happens between the two steps of a KVM_GET_CLOCK that takes its clock first and its flags later: the
     * caller may be preempted there. It must not use the VM.
     */
    public void setBetween(Runnable between) {
        this.between = between;
    }

    /** KVM_GET_CLOCK. */
    public ClockData getClock() {
        if (!kernel.has(Switch.READS_FLAG_LATER)) {
            return locked(now -> getClock(now, kvmclockNs(now)));
        }
        twoSteps.lock();
        try {
            if (clockTaken == null) {
                beginGetClock();
                between.run();
            }
            return locked(now -> {
                long clock = requireNonNull(clockTaken);
                clockTaken = null;
                return getClock(now, clock);
            });
        } finally {
            twoSteps.unlock();
        }
    }

    /**
     * The first step of a KVM_GET_CLOCK that takes two, by itself; {@link #getClock} then does the second. Only for a
     * caller that decides itself what happens in between, in one thread.
     *
     * @throws IllegalStateException if the kernel does it in one step, or one has begun
     */
    public void beginGetClock() {
        underLock(now -> {
            checkState(kernel.has(Switch.READS_FLAG_LATER) && clockTaken == null, "no KVM_GET_CLOCK can begin");
            emit(now, Operation.BEGIN_GET_CLOCK, ImmutableMap.of(), ImmutableMap.of());
            clockTaken = kvmclockNs(now);
        });
    }

    private ClockData getClock(X86Host.Now now, long clock) {
        boolean byMaster = clockIsByMaster();
        boolean realtime = kernel.has(Switch.CLOCK_REALTIME) && byMaster;
        boolean paired = realtime && host.tscClocksource();
        ClockData data = new ClockData(
                clock,
                (byMaster ? KvmAbi.CLOCK_TSC_STABLE : 0) | (paired ? KvmAbi.CLOCK_REALTIME | KvmAbi.CLOCK_HOST_TSC : 0),
                paired ? now.realtime() : 0,
                realtime ? now.tsc() : 0);
        emit(
                now,
                Operation.GET_CLOCK,
                ImmutableMap.of(),
                ImmutableMap.of(
                        Field.CLOCK, data.clock,
                        Field.FLAGS, data.flags,
                        Field.REALTIME, data.realtime,
                        Field.HOST_TSC, data.hostTsc));
        return data;
    }

    /**
     * KVM_SET_CLOCK: from now on kvmclock counts from {@code clock}. With {@link KvmAbi#CLOCK_REALTIME} it does so from
     * when the host's CLOCK_REALTIME was {@code realtime}, unless that is in the future. {@code SetClockLemmasTest} proves, for
     * all words, that kvmclock then reads that, and that real time is only added.
     *
     * @param clock unsigned ns
     * @param flags KVM_CLOCK_* bits
     * @param realtime unsigned ns; read only with its flag
     * @return 0, or 22 (EINVAL) for flags that the kernel refuses
     */
    public int setClock(long clock, int flags, long realtime) {
        twoSteps.lock();
        try {
            if (kernel.has(Switch.SET_CLOCK_FROM_NOW) && flagsAccepted(flags) && !setClockBegun) {
                beginSetClock();
            }
            return locked(now -> setClock(now, clock, flags, realtime));
        } finally {
            twoSteps.unlock();
        }
    }

    /** The first step of a KVM_SET_CLOCK that takes two, by itself: as {@link #beginGetClock}. */
    public void beginSetClock() {
        underLock(now -> {
            checkState(kernel.has(Switch.SET_CLOCK_FROM_NOW) && !setClockBegun, "no KVM_SET_CLOCK can begin");
            updateMasterClock(now, null);
            setClockBegun = true;
            emit(now, Operation.BEGIN_SET_CLOCK, ImmutableMap.of(), ImmutableMap.of());
        });
    }

    private int setClock(X86Host.Now now, long clock, int flags, long realtime) {
        int errno = flagsAccepted(flags) ? 0 : KvmAbi.EINVAL;
        if (errno == 0) {
            boolean advance =
                    (flags & KvmAbi.CLOCK_REALTIME) != 0 && Long.compareUnsigned(realtime, now.realtime()) < 0;
            long target = advance ? clock + (now.realtime() - realtime) : clock;
            if (kernel.has(Switch.SET_CLOCK_FROM_NOW)) {
                kvmclockOffset += target - kvmclockNs(now);
                setClockBegun = false;
                askAllForClockUpdate(null);
            } else {
                updateMasterClock(now, null);
                if (kernel.has(Switch.ONE_UPDATE)) {
                    vcpus.values().forEach(v -> v.masterclockUpdate = false);
                }
                kvmclockOffset = target - (useMasterClock ? masterKernelNs : now.ns());
            }
        }
        emit(
                now,
                Operation.SET_CLOCK,
                ImmutableMap.of(Field.CLOCK, clock, Field.FLAGS, flags, Field.REALTIME, realtime),
                ImmutableMap.of(Field.ERRNO, errno));
        return errno;
    }

    private boolean flagsAccepted(int flags) {
        if (!kernel.has(Switch.CLOCK_REALTIME)) {
            return flags == 0;
        }
        int known = kernel.has(Switch.REFUSES_OWN_FLAGS)
                ? KvmAbi.CLOCK_REALTIME
                : KvmAbi.CLOCK_TSC_STABLE | KvmAbi.CLOCK_REALTIME | KvmAbi.CLOCK_HOST_TSC;
        return (flags & ~known) == 0;
    }

    /** KVM_SET_MSRS of MSR_IA32_TSC. */
    void writeTsc(X86Vcpu vcpu, long value) {
        underLock(now -> {
            vcpu.masterclockUpdate |= synchronize(vcpu, now, value, true);
            vcpu.clockUpdate |= kernel.has(Switch.TSC_WRITE_ASKS);
            emitWrite(now, Operation.WRITE_TSC, vcpu, value);
        });
    }

    /** KVM_SET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET: compares with the last write on any vCPU. */
    void setTscOffset(X86Vcpu vcpu, long offset) {
        checkOffsetAttribute();
        underLock(now -> {
            boolean matched = lastTscKhz == vcpu.virtualTscKhz && lastTscOffset == offset;
            vcpu.masterclockUpdate |=
                    synchronizeCore(vcpu, now, offset, scaled(vcpu, now.tsc()) + offset, matched, true);
            vcpu.clockUpdate |= kernel.has(Switch.TSC_WRITE_ASKS);
            emit(
                    now,
                    Operation.SET_TSC_OFFSET,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.OFFSET, offset),
                    ImmutableMap.of());
        });
    }

    /** KVM_GET_DEVICE_ATTR of KVM_VCPU_TSC_OFFSET. */
    long getTscOffset(X86Vcpu vcpu) {
        checkOffsetAttribute();
        return locked(now -> {
            emit(
                    now,
                    Operation.GET_TSC_OFFSET,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    ImmutableMap.of(
                            Field.OFFSET,
                            vcpu.tscOffset,
                            Field.ERRNO,
                            kernel.has(Switch.GET_TSC_OFFSET_FAILS) ? KvmAbi.ENXIO : 0));
            return vcpu.tscOffset;
        });
    }

    private void checkOffsetAttribute() {
        checkState(kernel.has(Switch.TSC_OFFSET_ATTR), "%s has no KVM_VCPU_TSC_OFFSET", kernel);
    }

    /** Whether the kernel has KVM_VCPU_TSC_OFFSET. */
    public boolean hasTscOffsetAttribute() {
        return kernel.has(Switch.TSC_OFFSET_ATTR);
    }

    /**
     * KVM_SET_TSC_KHZ on the VM: the rate of vCPUs created later. A host that cannot scale accepts any.
     *
     * @param khz kHz, 0 for the host's
     * @return 0, or 22 (EINVAL): for a rate that is too high for a host that scales ({@link
     *     TscScaling#maxGuestTscKhz}), and since 6.17 once there is a vCPU
     */
    public int setVmTscKhz(int khz) {
        return locked(now -> {
            boolean refused = tooFast(khz) || (kernel.has(Switch.VM_TSC_KHZ_FIRST) && !vcpus.isEmpty());
            if (!refused) {
                defaultTscKhz = wanted(khz);
            }
            int errno = refused ? KvmAbi.EINVAL : 0;
            emit(now, Operation.SET_VM_TSC_KHZ, ImmutableMap.of(Field.KHZ, khz), ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        });
    }

    /** KVM_SET_TSC_KHZ on a vCPU. */
    int setTscKhz(X86Vcpu vcpu, int khz) {
        return locked(now -> {
            boolean tooFast = tooFast(khz);
            long ratio = tooFast ? 0 : ratioFor(wanted(khz));
            if (ratio == 0) {
                if (!tooFast && !kernel.has(Switch.REFUSAL_KEEPS_KHZ)) {
                    vcpu.virtualTscKhz = wanted(khz); // stored before KVM finds the rate impossible
                }
            } else {
                if (catchesUp(wanted(khz))) {
                    vcpu.tscCatchup = true;
                    vcpu.tscAlwaysCatchup = true;
                }
                long value = guestTsc(vcpu, now.tsc());
                vcpu.virtualTscKhz = wanted(khz);
                vcpu.tscScalingRatio = ratio;
                if (kernel.has(Switch.SYNCHRONIZES_ON_KHZ)) {
                    vcpu.masterclockUpdate |=
                            synchronizeCore(vcpu, now, value - scaled(vcpu, now.tsc()), value, false, true);
                }
            }
            int errno = ratio == 0 ? KvmAbi.EINVAL : 0;
            emit(
                    now,
                    Operation.SET_TSC_KHZ,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.KHZ, khz),
                    ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        });
    }

    /** KVM_GET_TSC_KHZ on the VM: the rate of vCPUs created later, kHz. */
    public int getVmTscKhz() {
        return locked(now -> {
            emit(now, Operation.GET_VM_TSC_KHZ, ImmutableMap.of(), ImmutableMap.of(Field.KHZ, defaultTscKhz));
            return defaultTscKhz;
        });
    }

    /** KVM_GET_TSC_KHZ on a vCPU. */
    int getTscKhz(X86Vcpu vcpu) {
        return locked(now -> {
            emit(
                    now,
                    Operation.GET_TSC_KHZ,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    ImmutableMap.of(Field.KHZ, vcpu.virtualTscKhz));
            return vcpu.virtualTscKhz;
        });
    }

    /** KVM_SET_TSC_KHZ's first check: whether the rate is too high for a host that scales. */
    private boolean tooFast(int khz) {
        return host.scaling().supported() && khz >= host.scaling().maxGuestTscKhz(host.tscKhz());
    }

    private int wanted(int khz) {
        checkArgument(khz >= 0, "a rate of %s kHz", khz);
        return khz == 0 ? host.tscKhz() : khz;
    }

    /** set_tsc_khz(): the ratio for a rate, 0 if the host has none. */
    private long ratioFor(int khz) {
        if (TscScaling.nearEnough(khz, host.tscKhz()) || catchesUp(khz)) {
            return host.scaling().defaultRatio();
        }
        return host.scaling().supported() ? host.scaling().ratio(khz, host.tscKhz()) : 0;
    }

    /** Whether a guest of this rate is faster than a host that cannot scale, so that KVM catches up. */
    private boolean catchesUp(int khz) {
        return !host.scaling().supported() && khz > host.tscKhz() && !TscScaling.nearEnough(khz, host.tscKhz());
    }

    /** The host's TSC as the vCPU sees it, before its offset. */
    private long scaled(X86Vcpu vcpu, long hostTsc) {
        return host.scaling().scale(hostTsc, vcpu.tscScalingRatio);
    }

    private long guestTsc(X86Vcpu vcpu, long hostTsc) {
        return scaled(vcpu, hostTsc) + vcpu.tscOffset;
    }

    /** KVM_SET_MSRS of MSR_IA32_TSC_ADJUST: stores, and moves nothing. */
    void writeTscAdjust(X86Vcpu vcpu, long value) {
        underLock(now -> {
            vcpu.tscAdjust = value;
            emitWrite(now, Operation.WRITE_TSC_ADJUST, vcpu, value);
        });
    }

    /** The guest writes MSR_IA32_TSC. Not synchronised since Linux 5.10: KVM's bookkeeping does not change. */
    void guestWriteTsc(X86Vcpu vcpu, long value) {
        underLock(now -> {
            if (kernel.has(Switch.GUEST_WRITE_SYNCHRONIZES)) {
                long before = vcpu.tscOffset;
                vcpu.masterclockUpdate |= synchronize(vcpu, now, value, true);
                vcpu.tscAdjust += vcpu.tscOffset - before;
            } else {
                long moved = value - guestTsc(vcpu, now.tsc());
                vcpu.tscOffset += moved;
                vcpu.tscAdjust += moved;
                askAfterGuestWrite(vcpu, Switch.GUEST_WRITE_ASKS);
            }
            emitWrite(now, Operation.GUEST_WRITE_TSC, vcpu, value);
        });
    }

    /** The guest writes MSR_IA32_TSC_ADJUST: its TSC changes by the same amount as the MSR. */
    void guestWriteTscAdjust(X86Vcpu vcpu, long value) {
        underLock(now -> {
            vcpu.tscOffset += value - vcpu.tscAdjust;
            vcpu.tscAdjust = value;
            askAfterGuestWrite(vcpu, Switch.ADJUST_ASKS);
            emitWrite(now, Operation.GUEST_WRITE_TSC_ADJUST, vcpu, value);
        });
    }

    private void askAfterGuestWrite(X86Vcpu vcpu, Switch asks) {
        if (kernel.has(asks)) {
            vcpu.clockUpdate = true;
            vcpu.kicked = true;
        }
    }

    private void emitWrite(X86Host.Now now, Operation operation, X86Vcpu vcpu, long value) {
        emit(now, operation, ImmutableMap.of(Field.VCPU, vcpu.index(), Field.VALUE, value), ImmutableMap.of());
    }

    private void emitOn(X86Host.Now now, Operation operation, X86Vcpu vcpu) {
        emit(now, operation, ImmutableMap.of(Field.VCPU, vcpu.index()), ImmutableMap.of());
    }

    /** The operations that only read a word. */
    long read(X86Vcpu vcpu, Operation operation) {
        return locked(now -> {
            long value = switch (operation) {
                case READ_TSC, GUEST_READ_TSC -> guestTsc(vcpu, now.tsc());
                case READ_TSC_ADJUST, GUEST_READ_TSC_ADJUST -> vcpu.tscAdjust;
                default -> throw new IllegalArgumentException(operation + " reads nothing of a vCPU");
            };
            emit(now, operation, ImmutableMap.of(Field.VCPU, vcpu.index()), ImmutableMap.of(Field.VALUE, value));
            return value;
        });
    }

    /** KVM_SET_LAPIC. */
    void setLapic(X86Vcpu vcpu, boolean deadlineMode) {
        underLock(now -> {
            vcpu.timer.setLapic(deadlineMode, vcpu);
            emit(
                    now,
                    Operation.SET_LAPIC,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.DEADLINE_MODE, deadlineMode),
                    ImmutableMap.of());
        });
    }

    /** KVM_SET_MSRS of MSR_IA32_TSC_DEADLINE. */
    void writeTscDeadline(X86Vcpu vcpu, long deadline) {
        underLock(now -> {
            vcpu.timer.write(deadline, vcpu);
            emit(
                    now,
                    Operation.WRITE_TSC_DEADLINE,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.DEADLINE, deadline),
                    ImmutableMap.of());
        });
    }

    /** KVM_GET_MSRS of MSR_IA32_TSC_DEADLINE. */
    long readTscDeadline(X86Vcpu vcpu) {
        return locked(now -> {
            long deadline = vcpu.timer.deadline();
            emit(
                    now,
                    Operation.READ_TSC_DEADLINE,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    ImmutableMap.of(Field.DEADLINE, deadline));
            return deadline;
        });
    }

    /** The guest sets its timer's mode and deadline. */
    void guestSetsTimer(X86Vcpu vcpu, boolean deadlineMode, long deadline) {
        underLock(now -> {
            vcpu.timer.guestSets(deadlineMode, deadline, vcpu);
            emit(
                    now,
                    Operation.GUEST_SETS_TIMER,
                    ImmutableMap.of(
                            Field.VCPU, vcpu.index(), Field.DEADLINE_MODE, deadlineMode, Field.DEADLINE, deadline),
                    ImmutableMap.of());
        });
    }

    /** The timer fires, if the TSC has reached the deadline on the line on which it was armed, or nearly so. */
    boolean timerFires(X86Vcpu vcpu) {
        return locked(now -> {
            TscDeadlineTimer timer = vcpu.timer;
            long tsc = host.scaling().scale(now.tsc(), timer.armedRatio()) + timer.armedOffset();
            long advance = nsToCycles(vcpu, rates.mostAdvanceNs());
            boolean reached = Long.compareUnsigned(tsc, timer.deadline()) >= 0
                    || Long.compareUnsigned(timer.deadline() - tsc, advance) <= 0;
            if (timer.deadline() == 0 || !reached) {
                return false;
            }
            timer.fire();
            emitOn(now, Operation.TIMER_FIRES, vcpu);
            return true;
        });
    }

    /** KVM_SET_MSRS of MSR_KVM_SYSTEM_TIME_NEW. */
    void writeSystemTime(X86Vcpu vcpu, boolean active, boolean moves) {
        underLock(now -> {
            setSystemTime(vcpu, active, moves);
            emit(
                    now,
                    Operation.WRITE_SYSTEM_TIME,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.ACTIVE, active, Field.MOVES, moves),
                    ImmutableMap.of());
        });
    }

    /**
     * The guest writes MSR_KVM_SYSTEM_TIME_NEW or the legacy one; vCPU 0's choice decides whether the masterclock can
     * be on.
     */
    void guestWriteSystemTime(X86Vcpu vcpu, boolean active, boolean legacy, boolean moves) {
        underLock(now -> {
            setSystemTime(vcpu, active, moves);
            vcpu.kicked = true;
            if (vcpu.index() == 0 && bootVcpuRunsOldKvmclock != legacy) {
                bootVcpuRunsOldKvmclock = legacy;
                vcpu.masterclockUpdate = true;
            }
            emit(
                    now,
                    Operation.GUEST_WRITE_SYSTEM_TIME,
                    ImmutableMap.of(
                            Field.VCPU, vcpu.index(), Field.ACTIVE, active, Field.LEGACY, legacy, Field.MOVES, moves),
                    ImmutableMap.of());
        });
    }

    private static void setSystemTime(X86Vcpu vcpu, boolean active, boolean moves) {
        if (active && moves) {
            vcpu.page.hold(0, PvclockPage.Contents.NONE);
        }
        vcpu.pvclockActive = active;
        vcpu.clockUpdate = true;
    }

    /** KVM_KVMCLOCK_CTRL. */
    int kvmclockCtrl(X86Vcpu vcpu) {
        return locked(now -> {
            int errno = vcpu.pvclockActive ? 0 : KvmAbi.EINVAL;
            if (errno == 0) {
                vcpu.stoppedRequest = true;
                vcpu.clockUpdate = true;
            }
            emit(
                    now,
                    Operation.KVMCLOCK_CTRL,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        });
    }

    /** The VMM reads the page in the guest's memory. */
    PvclockPage.Contents readPvclockPage(X86Vcpu vcpu) {
        return locked(now -> {
            PvclockPage.Contents page = vcpu.page.contents();
            emit(
                    now,
                    Operation.READ_PVCLOCK_PAGE,
                    ImmutableMap.of(Field.VCPU, vcpu.index()),
                    fields(vcpu.page.version(), page));
            return page;
        });
    }

    /** The page's memory gets another content, not from KVM. */
    void writePvclockPage(X86Vcpu vcpu, int version, PvclockPage.Contents page) {
        underLock(now -> {
            checkState(!vcpu.inGuest || vcpu.kicked, "vCPU %s is in the guest", vcpu.index());
            vcpu.page.hold(version, page);
            emit(
                    now,
                    Operation.WRITE_PVCLOCK_PAGE,
                    ImmutableMap.<Field, Object>builder()
                            .put(Field.VCPU, vcpu.index())
                            .putAll(fields(version, page))
                            .buildOrThrow(),
                    ImmutableMap.of());
        });
    }

    private static ImmutableMap<Field, Object> fields(int version, PvclockPage.Contents page) {
        return ImmutableMap.<Field, Object>builder()
                .put(Field.VERSION, version)
                .put(Field.TSC_TIMESTAMP, page.tscTimestamp())
                .put(Field.SYSTEM_TIME, page.systemTime())
                .put(Field.MUL, page.scale().mult())
                .put(Field.SHIFT, page.scale().shift())
                .put(Field.FLAGS, page.flags())
                .buildOrThrow();
    }

    /** kvm_arch_vcpu_load() where it matters: on another pCPU, or while the TSC is unstable. */
    void load(X86Vcpu vcpu) {
        underLock(now -> {
            if (host.tscUnstable()) {
                vcpu.tscOffset = vcpu.lastGuestTsc - scaled(vcpu, now.tsc());
                vcpu.tscCatchup = true;
            }
            vcpu.clockUpdate |= !useMasterClock;
            emitOn(now, Operation.X86_VCPU_LOAD, vcpu);
        });
    }

    /** A clock update for reasons of KVM's own. */
    void askForClockUpdate(X86Vcpu vcpu) {
        underLock(now -> {
            vcpu.clockUpdate = true;
            vcpu.kicked |= vcpu.inGuest;
            emitOn(now, Operation.ASK_FOR_CLOCK_UPDATE, vcpu);
        });
    }

    /** A masterclock update because of an interface that is not modelled. */
    void askForMasterclockUpdate(X86Vcpu vcpu) {
        underLock(now -> {
            vcpu.masterclockUpdate = true;
            vcpu.kicked |= vcpu.inGuest;
            emitOn(now, Operation.ASK_FOR_MASTERCLOCK_UPDATE, vcpu);
        });
    }

    /** The guest reads kvmclock on a vCPU through the page of another. */
    long guestReadClock(X86Vcpu vcpu, X86Vcpu through) {
        return locked(now -> {
            backToGuest(vcpu, now);
            boolean stable = through.page.contents().stable();
            checkState(through.showsClock(), "vCPU %s has no page", through.index());
            checkState(vcpu == through || stable, "the page of another vCPU is not stable");
            long value = through.page.read(() -> guestTsc(vcpu, now.tsc()), rates);
            if (!stable) {
                if (guestLastClock != null && value - guestLastClock < 0) {
                    value = guestLastClock;
                }
                guestLastClock = value;
            }
            emit(
                    now,
                    Operation.GUEST_READ_CLOCK,
                    ImmutableMap.of(Field.VCPU, vcpu.index(), Field.PAGE, through.index()),
                    ImmutableMap.of(Field.CLOCK, value));
            return value;
        });
    }

    /** The guest clears PVCLOCK_GUEST_STOPPED. */
    void guestClearsStopped(X86Vcpu vcpu) {
        underLock(now -> {
            backToGuest(vcpu, now);
            PvclockPage.Contents page = vcpu.page.contents();
            checkState((page.flags() & KvmAbi.PVCLOCK_GUEST_STOPPED) != 0, "GUEST_STOPPED is not set");
            vcpu.page.clearStopped();
            emitOn(now, Operation.GUEST_CLEARS_STOPPED, vcpu);
        });
    }

    /** KVM_RUN up to the guest, or back to it. */
    void enterGuest(X86Vcpu vcpu, Operation how) {
        underLock(now -> enterGuest(vcpu, now, how));
    }

    /** A vCPU that was kicked out of the guest goes through KVM before it continues there. */
    private void backToGuest(X86Vcpu vcpu, X86Host.Now now) {
        while (vcpu.kicked) {
            enterGuest(vcpu, now, Operation.REENTER_GUEST);
        }
    }

    /** vcpu_enter_guest(): handles the pending requests. */
    private void enterGuest(X86Vcpu vcpu, X86Host.Now now, Operation how) {
        boolean updated = updates(vcpu);
        if (updated) {
            updateMasterClock(now, vcpu, vcpu);
        }
        if (vcpu.clockUpdate) {
            vcpu.clockUpdate = false;
            guestTimeUpdate(vcpu, now);
        }
        vcpu.entering = false;
        vcpu.inGuest = how != Operation.CANCEL_ENTRY;
        vcpu.kicked = vcpu.inGuest && vcpu.masterclockUpdate; // (it does not get there with an update pending)
        emit(now, how, ImmutableMap.of(Field.VCPU, vcpu.index()), ImmutableMap.of(Field.UPDATED, updated));
    }

    /** The masterclock update on the way into the guest, without what follows it. */
    void performMasterclockUpdate(X86Vcpu vcpu) {
        underLock(now -> {
            checkState(updates(vcpu), "vCPU %s has no masterclock update to perform", vcpu.index());
            vcpu.entering = true;
            updateMasterClock(now, vcpu, null);
            emitOn(now, Operation.PERFORM_MASTERCLOCK_UPDATE, vcpu);
        });
    }

    /** Whether an entry of the vCPU begins with a masterclock update. */
    private static boolean updates(X86Vcpu vcpu) {
        return vcpu.masterclockUpdate && !vcpu.entering;
    }

    /** A masterclock update that a vCPU was asked for. */
    private void updateMasterClock(X86Host.Now now, X86Vcpu asked, @Nullable X86Vcpu by) {
        if (kernel.has(Switch.ONE_UPDATE)) {
            vcpus.values().forEach(v -> v.masterclockUpdate = false);
        }
        asked.masterclockUpdate = false;
        updateMasterClock(now, by);
    }

    /** KVM_RUN returns. */
    void exitGuest(X86Vcpu vcpu) {
        underLock(now -> {
            vcpu.inGuest = false;
            vcpu.kicked = false;
            vcpu.lastGuestTsc = guestTsc(vcpu, now.tsc());
            vcpu.clockUpdate |= vcpu.tscAlwaysCatchup;
            emitOn(now, Operation.EXIT_GUEST, vcpu);
        });
    }

    /** pvclock_gtod_update_fn(), for this VM. */
    void askAllForMasterclockUpdate() {
        vcpus.values().forEach(v -> v.masterclockUpdate = true);
    }

    void checkNoneInGuest() {
        vcpus.values().forEach(v -> checkState(!v.inGuest && !v.entering, "vCPU %s is in the guest", v.index()));
    }

    /**
     * kvm_arch_hardware_enable(), for this VM: the host's TSC has gone back by {@code missing} cycles. {@code CounterLemmasTest}
     * proves that a guest's goes back by at most one.
     */
    void hostResumes(long missing) {
        backwardsTscObserved = true;
        for (X86Vcpu vcpu : vcpus.values()) {
            vcpu.tscOffset += scaled(vcpu, missing);
            vcpu.timer.hostWentBack(host.scaling().scale(missing, vcpu.timer.armedRatio()));
        }
        askAllForMasterclockUpdate();
        lastTscNsec = 0;
        lastTscWrite = 0;
        if (kernel.has(Switch.RESUME_MOVES_LINE)) {
            curTscOffset += missing;
        }
    }

    /** Takes a step with the host's clocks, read once. */
    private void underLock(Consumer<X86Host.Now> operation) {
        locked(now -> {
            operation.accept(now);
            return now;
        });
    }

    /** The same for a step with a result. */
    private <T> T locked(Function<X86Host.Now, T> operation) {
        return host.underLock(operation);
    }

    private boolean masterClockAllowed() {
        return host.tscClocksource() && !backwardsTscObserved && !bootVcpuRunsOldKvmclock;
    }

    /**
     * kvm_update_masterclock(): decides whether the masterclock is on, and takes the instant that it counts from. No
     * vCPU is in the guest meanwhile: KVM has kicked out those that were, and they rewrite their pages before they
     * enter again. {@code KvmclockLemmasTest} proves that it does not set kvmclock back if the base clock has KVM's rate.
     *
     * @param by the vCPU that performs it on its way into the guest and writes its page at once, or null
     */
    private void updateMasterClock(X86Host.Now now, @Nullable X86Vcpu by) {
        useMasterClock = masterClockAllowed() && allMatched();
        if (useMasterClock) {
            host.noteMasterClock();
        }
        snapshot(now);
        askAllForClockUpdate(by);
    }

    private void askAllForClockUpdate(@Nullable X86Vcpu by) {
        for (X86Vcpu vcpu : vcpus.values()) {
            vcpu.clockUpdate = true;
            vcpu.kicked = vcpu.inGuest && vcpu != by;
        }
    }

    /** The host's clocks can be read as one pair while its clocksource is the TSC. */
    private void snapshot(X86Host.Now now) {
        if (host.tscClocksource()) {
            masterKernelNs = now.ns();
            masterCycleNow = now.tsc();
        }
    }

    /**
     * get_kvmclock_ns(): kvmclock as the host sees it. {@code KvmclockLemmasTest} proves that a guest at its host's rate reads
     * the same in its page, and how far ahead a scaled one is; {@code TimeScaleLemmasTest}, that it is monotone from the
     * masterclock's instant on.
     */
    private long kvmclockNs(X86Host.Now now) {
        if (!clockIsByMaster()) {
            return now.ns() + kvmclockOffset;
        }
        boolean unset = kernel.has(Switch.READS_UNSET_TSC) && !host.tscClocksource();
        long cycles = (unset ? 0 : now.tsc()) - masterCycleNow;
        TimeScale scale = rates.pageScale(rates.second(host.tscKhz()));
        if (kernel.has(Switch.CLOCK_IN_GUEST_RATE) && !vcpus.isEmpty()) {
            X86Vcpu first = vcpus.values().iterator().next();
            cycles = scaled(first, now.tsc()) - scaled(first, masterCycleNow);
            scale = pageScale(first);
        }
        return masterKernelNs + kvmclockOffset + rates.pageNs(scale, cycles);
    }

    /** Whether kvmclock as the host sees it is computed from its TSC. */
    private boolean clockIsByMaster() {
        return useMasterClock && (host.tscClocksource() || !kernel.has(Switch.CLOCK_FALLS_BACK));
    }

    /** The rate in a vCPU's page. */
    private TimeScale pageScale(X86Vcpu vcpu) {
        return rates.pageScale(
                kernel.has(Switch.RATES_IN_HZ)
                        ? scaled(vcpu, rates.second(host.tscKhz()))
                        : rates.second(host.scaling().scaleKhz(host.tscKhz(), vcpu.tscScalingRatio)));
    }

    /**
     * kvm_guest_time_update(): catches up with a TSC that is too slow, then writes the vCPU's page. {@code CatchUpLemmasTest}
     * proves that this does not lower the TSC, and where it ends.
     */
    private void guestTimeUpdate(X86Vcpu vcpu, X86Host.Now now) {
        long kernelNs = useMasterClock ? masterKernelNs : now.ns();
        long stamp = guestTsc(vcpu, useMasterClock ? masterCycleNow : now.tsc());
        if (vcpu.tscCatchup) {
            long due = computeGuestTsc(vcpu, kernelNs);
            if (Long.compareUnsigned(stamp, due) < 0) {
                vcpu.tscOffset += due - stamp;
                stamp = due;
            }
        }
        vcpu.lastGuestTsc = stamp;
        if (vcpu.pvclockActive) {
            int kept = vcpu.page.contents().flags() & KvmAbi.PVCLOCK_GUEST_STOPPED;
            int flags = kept
                    | (vcpu.stoppedRequest ? KvmAbi.PVCLOCK_GUEST_STOPPED : 0)
                    | (useMasterClock ? KvmAbi.PVCLOCK_TSC_STABLE : 0);
            vcpu.stoppedRequest = false;
            vcpu.page.write(new PvclockPage.Contents(stamp, kernelNs + kvmclockOffset, pageScale(vcpu), flags));
        }
    }

    /** compute_guest_tsc(): where the vCPU's TSC should be; a negative difference wraps ({@code CatchUpLemmasTest}). */
    private long computeGuestTsc(X86Vcpu vcpu, long kernelNs) {
        long since = kernelNs - vcpu.thisTscNsec;
        if (kernel.has(Switch.SIGNED_CATCH_UP) && since < 0) {
            return vcpu.thisTscWrite - nsToCycles(vcpu, -since);
        }
        return vcpu.thisTscWrite + nsToCycles(vcpu, since);
    }

    private long nsToCycles(X86Vcpu vcpu, long ns) {
        return rates.nsToCycles(vcpu.virtualTscKhz, ns);
    }

    private boolean allMatched() {
        if (kernel.has(Switch.MATCHES_OFFSETS)) {
            return same(v -> v.tscOffset) && same(v -> v.tscScalingRatio);
        }
        return nrVcpusMatched + 1 == vcpus.size();
    }

    /** Whether there are vCPUs and all have the same value. */
    private boolean same(Function<X86Vcpu, Object> part) {
        return vcpus.values().stream().map(part).distinct().count() == 1;
    }

    /**
     * kvm_synchronize_tsc(): is this write one of several that give all vCPUs the same time?
     *
     * @return whether it asks for a masterclock update
     */
    private boolean synchronize(X86Vcpu vcpu, X86Host.Now now, long value, boolean byUser) {
        long elapsed = now.ns() - lastTscNsec;
        boolean synchronizing;
        if (value == 0 && !(byUser && kernel.has(Switch.ZERO_IS_A_VALUE))) {
            synchronizing = true;
        } else if (kernel.has(Switch.USER_SET_TSC_GATE) && !userSetTsc) {
            synchronizing = false;
        } else {
            long expected = lastTscWrite + nsToCycles(vcpu, elapsed);
            synchronizing = SyncWindow.contains(value, expected, rates.second(vcpu.virtualTscKhz));
        }
        boolean matched = synchronizing && lastTscKhz == vcpu.virtualTscKhz;
        // On an unstable TSC the offset is not the line: the written value continues from the last write.
        long since = matched && host.tscUnstable() ? value + nsToCycles(vcpu, elapsed) : value;
        long offset = matched && !host.tscUnstable() ? curTscOffset : since - scaled(vcpu, now.tsc());
        return synchronizeCore(vcpu, now, offset, since, matched, byUser);
    }

    /** __kvm_synchronize_tsc(): gives the vCPU its offset and does the bookkeeping. */
    private boolean synchronizeCore(
            X86Vcpu vcpu, X86Host.Now now, long offset, long value, boolean matched, boolean byUser) {
        if (byUser && kernel.has(Switch.USER_SET_TSC_GATE)) {
            userSetTsc = true;
        }
        lastTscNsec = now.ns();
        lastTscWrite = kernel.has(Switch.KEEPS_LINE_ON_MATCH) ? scaled(vcpu, now.tsc()) + offset : value;
        lastTscKhz = vcpu.virtualTscKhz;
        lastTscOffset = offset;
        vcpu.lastGuestTsc = value;
        vcpu.tscOffset = offset;
        boolean joins =
                matched && (kernel.has(Switch.COUNTS_EVERY_MATCH) || vcpu.thisTscGeneration != curTscGeneration);
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
        return track(!matched);
    }

    /** The vCPU takes the current generation as its own. */
    private void record(X86Vcpu vcpu) {
        vcpu.thisTscGeneration = curTscGeneration;
        vcpu.thisTscNsec = curTscNsec;
        vcpu.thisTscWrite = curTscWrite;
    }

    /** kvm_track_tsc_matching(): requests a masterclock update where the write may have changed its conditions. */
    private boolean track(boolean newGeneration) {
        boolean want = host.tscClocksource() && allMatched();
        if (kernel.has(Switch.TRACKS_ONLY_STATE)) {
            return useMasterClock != want;
        }
        if (kernel.has(Switch.TRACK_ONLY_ON_CHANGE)) {
            return (useMasterClock && newGeneration) || useMasterClock != want;
        }
        return useMasterClock || want;
    }

    /** cur_tsc_generation, read without an operation: how many times a write has begun another line. */
    public int curTscGeneration() {
        return curTscGeneration;
    }

    /** cur_tsc_offset, read without an operation: the offset of the current generation, cycles. */
    public long curTscOffset() {
        return curTscOffset;
    }

    /** kvmclock_offset, read without an operation: kvmclock minus the host's base clock, ns. */
    public long kvmclockOffset() {
        return kvmclockOffset;
    }

    /** use_master_clock, read without an operation. */
    public boolean useMasterClock() {
        return useMasterClock;
    }

    private void emit(
            X86Host.Now now,
            Operation operation,
            ImmutableMap<Field, Object> args,
            ImmutableMap<Field, Object> results) {
        host.emit(new TraceEvent(
                0,
                id,
                now.asTraced(),
                operation,
                args,
                results,
                host.showsState() ? sharing.of(state()) : ImmutableMap.of()));
    }

    /** The state as an event would show it, read without an operation. */
    public ImmutableMap<StateVariable, Object> observed() {
        return state();
    }

    private ImmutableMap<StateVariable, Object> state() {
        ImmutableMap.Builder<StateVariable, Object> state = ImmutableMap.builderWithExpectedSize(SHOWN.size());
        for (StateVariable variable : SHOWN) {
            state.put(variable, shownValue(variable));
        }
        return state.buildOrThrow();
    }

    private Object shownValue(StateVariable variable) {
        Kind kind = variable.kind();
        if (kind == Kind.VCPU_SET) {
            ImmutableSortedSet.Builder<Integer> those = ImmutableSortedSet.naturalOrder();
            for (X86Vcpu vcpu : vcpus.values()) {
                if (shown(variable, vcpu) != 0) {
                    those.add(vcpu.index());
                }
            }
            return those.build();
        }
        if (kind.each() == kind) {
            return kind.boxed(shown(variable));
        }
        ImmutableSortedMap.Builder<Integer, Object> values = ImmutableSortedMap.naturalOrder();
        for (X86Vcpu vcpu : vcpus.values()) {
            values.put(vcpu.index(), kind.each().boxed(shown(variable, vcpu)));
        }
        return values.buildOrThrow();
    }

    /**
     * A variable of the VM as an event would show it, read without an operation; a flag as 1 or 0.
     *
     * @throws IllegalArgumentException if it is none of the VM
     */
    public long shown(StateVariable variable) {
        return switch (variable) {
            case LAST_TSC_NSEC -> lastTscNsec;
            case LAST_TSC_WRITE -> lastTscWrite;
            case LAST_TSC_KHZ -> lastTscKhz;
            case LAST_TSC_OFFSET -> lastTscOffset;
            case CUR_TSC_NSEC -> curTscNsec;
            case CUR_TSC_WRITE -> curTscWrite;
            case CUR_TSC_OFFSET -> curTscOffset;
            case CUR_TSC_GENERATION -> curTscGeneration;
            case NR_VCPUS_MATCHED -> nrVcpusMatched;
            case USER_SET_TSC -> userSetTsc ? 1 : 0;
            case USE_MASTER_CLOCK -> useMasterClock ? 1 : 0;
            case MASTER_KERNEL_NS -> masterKernelNs;
            case MASTER_CYCLE_NOW -> masterCycleNow;
            case KVMCLOCK_OFFSET -> kvmclockOffset;
            case BACKWARDS_TSC_OBSERVED -> backwardsTscObserved ? 1 : 0;
            case BOOT_VCPU_RUNS_OLD_KVMCLOCK -> bootVcpuRunsOldKvmclock ? 1 : 0;
            case DEFAULT_TSC_KHZ -> defaultTscKhz;
            default -> throw new IllegalArgumentException(variable + " is no variable of a VM");
        };
    }

    /**
     * A variable of one of its vCPUs as an event would show it, read without an operation; for a set of vCPUs whether
     * this one is in it: 1 or 0.
     *
     * @throws IllegalArgumentException if it is none of a vCPU
     */
    public long shown(StateVariable variable, X86Vcpu vcpu) {
        return X86VcpuState.shown(vcpu, variable);
    }

    /** The vCPUs, in the order of their indexes. */
    public Collection<X86Vcpu> vcpus() {
        return Collections.unmodifiableCollection(vcpus.values());
    }
}
