package dev.longitude.arm64;

import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A vCPU: its shadow offsets, the CPU that it is loaded on, and its timers.
 *
 * <p>As in the kernel, an ioctl takes the vCPU's mutex, and KVM_RUN (from the first {@link #load} to the {@link #put}
 * with which it returns) holds it: an ioctl waits that long. {@link #inRun} shows whether it would wait.
 */
public final class Arm64Vcpu {
    /** What KVM_GET_SYSTEM_COUNTER_STATE returns: the offsets, ticks modulo 2^64. */
    public record SystemCounterState(int flags, long cntvoff, long cntpoff) {}

    private final Arm64Vm vm;
    private final Arm64Host host;
    private final int index;
    private final CounterTrap trap = new CounterTrap();
    private final Arm64Timers timers;

    /** No lock with an owner: a test's scheduler may end KVM_RUN in another thread than it began in. Fair. */
    final Semaphore mutex = new Semaphore(1, true);

    volatile boolean online;
    volatile long cntvoff;
    volatile long cntpoff;
    private volatile @Nullable Pcpu on;
    private volatile boolean inRun;
    private volatile boolean inGuest;

    Arm64Vcpu(Arm64Vm vm, int index) {
        this.vm = vm;
        this.host = vm.host();
        this.index = index;
        this.timers = new Arm64Timers(this);
    }

    /** A copy in a copy of its VM. */
    Arm64Vcpu(Arm64Vm vm, Arm64Vcpu from) {
        this(vm, from.index);
        timers.take(from.timers);
        if (from.mutex.availablePermits() == 0) {
            mutex.acquireUninterruptibly();
        }
        online = from.online;
        cntvoff = from.cntvoff;
        cntpoff = from.cntpoff;
        inRun = from.inRun;
        inGuest = from.inGuest;
        Pcpu there = from.on;
        if (there != null) {
            on = host.pcpu(there.number);
            on().loaded = this;
        }
    }

    /** The vCPU's index. */
    public int index() {
        return index;
    }

    Arm64Vm vm() {
        return vm;
    }

    /** Whether the vCPU is in KVM_RUN. */
    public boolean inRun() {
        return inRun;
    }

    /** Whether the vCPU's mutex is taken: by an ioctl, or by KVM_RUN. */
    public boolean isTaken() {
        return mutex.availablePermits() == 0;
    }

    /** Whether the vCPU executes guest code. */
    public boolean inGuest() {
        return inGuest;
    }

    /** Whether the vCPU is loaded on a CPU. */
    public boolean isLoaded() {
        return on != null;
    }

    /** The vCPU's timers. */
    public Arm64Timers timers() {
        return timers;
    }

    Pcpu on() {
        return requireNonNull(on);
    }

    /** timer_get_offset(): the virtual offset that the vCPU has, read without an operation: ticks modulo 2^64. */
    public long virtualOffset() {
        return host.has(Switch.OFFSETS_OF_VM) ? vm.voffset : cntvoff;
    }

    /** The physical offset that the vCPU has, read without an operation: ticks modulo 2^64. */
    public long physicalOffset() {
        return host.has(Switch.OFFSETS_OF_VM) ? vm.poffset : cntpoff;
    }

    /** KVM_ARM_VCPU_INIT, the first time or again: turns the timers off and leaves the counters alone. */
    public void init() {
        ioctl(() -> host.underLock(() -> {
            timers.reset();
            host.emit(this, Operation.INIT_VCPU);
            return 0;
        }));
    }

    /**
     * KVM_SET_ONE_REG of KVM_REG_ARM_TIMER_CNT: from this instant on the virtual counter of every vCPU goes on from
     * {@code value}. Ignored once KVM_ARM_SET_COUNTER_OFFSET was used.
     *
     * @param value unsigned ticks
     * @return 0, or what the corrected kernel returns: 16 (EBUSY)
     */
    public int setTimerCnt(long value) {
        return ioctl(() -> vm.setCnt(this, Arm64Vm.Timer.VTIMER, Operation.SET_TIMER_CNT, value));
    }

    /** KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CNT: unsigned ticks. */
    public long getTimerCnt() {
        return ioctl(() -> host.underLock(() -> {
            long value = host.cntpct() - virtualOffset();
            host.emit(this, Operation.GET_TIMER_CNT, ImmutableMap.of(), ImmutableMap.of(Field.VALUE, value));
            return value;
        }));
    }

    /**
     * KVM_SET_ONE_REG of KVM_REG_ARM_PTIMER_CNT: the same for the physical counter.
     *
     * @param value unsigned ticks
     * @return 0; 2 (ENOENT) before 6.4
     */
    public int setPtimerCnt(long value) {
        return ioctl(() -> vm.setCnt(this, Arm64Vm.Timer.PTIMER, Operation.SET_PTIMER_CNT, value));
    }

    /** KVM_GET_ONE_REG of KVM_REG_ARM_PTIMER_CNT: unsigned ticks; 0 where the kernel does not have it, before 6.4. */
    public long getPtimerCnt() {
        return ioctl(() -> host.underLock(() -> {
            boolean known = host.has(Switch.PTIMER_CNT);
            long value = known ? host.cntpct() - physicalOffset() : 0;
            host.emit(
                    this,
                    Operation.GET_PTIMER_CNT,
                    ImmutableMap.of(),
                    ImmutableMap.of(Field.VALUE, value, Field.ERRNO, known ? 0 : KvmAbi.ENOENT));
            return value;
        }));
    }

    /** Whether the kernel has the attributes of the series, v2. */
    public boolean hasOffsetAttributes() {
        return host.has(Switch.TIMER_OFFSET_ATTRS);
    }

    /**
     * KVM_SET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_VTIMER: for all vCPUs of the VM.
     *
     * @param offset host counter minus CNTVCT, ticks modulo 2^64
     */
    public void setVtimerOffset(long offset) {
        setOffset(Arm64Vm.Timer.VTIMER, Operation.SET_VTIMER_OFFSET, offset);
    }

    /**
     * KVM_SET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_PTIMER: for all vCPUs of the VM.
     *
     * @param offset host counter minus CNTPCT, ticks modulo 2^64
     */
    public void setPtimerOffset(long offset) {
        setOffset(Arm64Vm.Timer.PTIMER, Operation.SET_PTIMER_OFFSET, offset);
    }

    private void setOffset(Arm64Vm.Timer timer, Operation operation, long offset) {
        checkState(hasOffsetAttributes(), "the kernel has no offset attributes");
        ioctl(() -> {
            vm.setOffset(this, timer, operation, offset);
            return 0;
        });
    }

    /** KVM_GET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_VTIMER: ticks modulo 2^64; the wrong one, as posted. */
    public long getVtimerOffset() {
        return getOffset(
                Operation.GET_VTIMER_OFFSET,
                () -> host.has(Switch.GET_VTIMER_FALLS_THROUGH) ? physicalOffset() : virtualOffset());
    }

    /** KVM_GET_DEVICE_ATTR of KVM_ARM_VCPU_TIMER_OFFSET_PTIMER: ticks modulo 2^64. */
    public long getPtimerOffset() {
        return getOffset(Operation.GET_PTIMER_OFFSET, this::physicalOffset);
    }

    private long getOffset(Operation operation, Supplier<Long> which) {
        checkState(hasOffsetAttributes(), "the kernel has no offset attributes");
        return ioctl(() -> host.underLock(() -> {
            long offset = which.get();
            host.emit(this, operation, ImmutableMap.of(), ImmutableMap.of(Field.OFFSET, offset));
            return offset;
        }));
    }

    /** Whether the kernel has KVM_SET_SYSTEM_COUNTER_STATE, of the series, v1. */
    public boolean hasSystemCounterState() {
        return host.has(Switch.SYSTEM_COUNTER_STATE);
    }

    /**
     * KVM_SET_SYSTEM_COUNTER_STATE: for this vCPU alone.
     *
     * @param pcpu the CPU that the ioctl runs on; no vCPU is loaded there
     * @param state the virtual offset, and with {@link KvmAbi#SYSTEM_COUNTER_STATE_PHYS_OFFSET} the physical one
     * @return 0, or 22 (EINVAL) for an unknown flag
     */
    public int setSystemCounterState(int pcpu, SystemCounterState state) {
        checkState(hasSystemCounterState(), "the kernel has no KVM_SET_SYSTEM_COUNTER_STATE");
        return ioctl(() -> host.underLock(() -> {
            checkState(host.isIdle(pcpu), "a vCPU is loaded on CPU %s", pcpu);
            int errno = (state.flags() & ~KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET) == 0 ? 0 : KvmAbi.EINVAL;
            if (errno == 0) {
                cntvoff = state.cntvoff();
                if (state.flags() == KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET) {
                    cntpoff = state.cntpoff();
                    if (host.vhe() && cntpoff != 0) {
                        allow(host.pcpu(pcpu), cntpoff);
                    }
                }
            }
            host.emit(
                    this,
                    Operation.SET_SYSTEM_COUNTER_STATE,
                    ImmutableMap.of(
                            Field.PCPU, pcpu,
                            Field.FLAGS, state.flags(),
                            Field.CNTVOFF, state.cntvoff(),
                            Field.CNTPOFF, state.cntpoff()),
                    ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        }));
    }

    /** KVM_GET_SYSTEM_COUNTER_STATE. */
    public SystemCounterState getSystemCounterState() {
        checkState(hasSystemCounterState(), "the kernel has no KVM_GET_SYSTEM_COUNTER_STATE");
        return ioctl(() -> host.underLock(() -> {
            SystemCounterState state =
                    new SystemCounterState(KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET, cntvoff, cntpoff);
            host.emit(
                    this,
                    Operation.GET_SYSTEM_COUNTER_STATE,
                    ImmutableMap.of(),
                    ImmutableMap.of(
                            Field.FLAGS,
                            state.flags(),
                            Field.CNTVOFF,
                            state.cntvoff(),
                            Field.CNTPOFF,
                            state.cntpoff()));
            return state;
        }));
    }

    /**
     * Allows a guest with this physical offset its accesses without a trap; without VHE KVM always emulates its timer.
     */
    private void allow(Pcpu pcpu, long offset) {
        boolean plain = offset == 0 || host.usesCntpoff();
        pcpu.allow(plain, plain && host.vhe());
    }

    /**
     * vcpu_load(): KVM_RUN begins, or continues after a preemption. Waits for an ioctl on the vCPU to end.
     *
     * @throws IllegalStateException if the vCPU is loaded, or another is on that CPU
     */
    public void load(int pcpu) {
        // (Taken within the step: otherwise another thread could find the mutex taken before the trace shows why.)
        while (!host.underLock(() -> tryLoad(pcpu))) {
            host.beforeWaiting();
            mutex.acquireUninterruptibly();
            mutex.release();
        }
    }

    private boolean tryLoad(int pcpu) {
        checkState(on == null, "vCPU %s is loaded", index);
        Pcpu there = host.pcpu(pcpu);
        checkState(there.loaded == null, "a vCPU is loaded on CPU %s", pcpu);
        if (!inRun && (mutex.hasQueuedThreads() || !mutex.tryAcquire())) {
            return false;
        }
        inRun = true;
        there.loaded = this;
        on = there;
        there.cntvoff = virtualOffset();
        if (host.usesCntpoff()) {
            there.cntpoff = physicalOffset();
        }
        if (host.vhe() && host.has(Switch.TRAPS_AT_LOAD)) {
            allow(there, physicalOffset());
        }
        host.emit(this, Operation.ARM64_VCPU_LOAD, ImmutableMap.of(Field.PCPU, pcpu), ImmutableMap.of());
        return true;
    }

    /**
     * vcpu_put(): the vCPU leaves its CPU.
     *
     * @param returns whether KVM_RUN returns to userspace; if not, the vCPU was preempted
     */
    public void put(boolean returns) {
        host.underLock(() -> {
            checkState(on != null && !inGuest, "vCPU %s is not loaded, or in the guest", index);
            Pcpu here = on();
            here.cntvoff = 0;
            here.cntpoff = 0;
            here.loaded = null;
            on = null;
            inRun = !returns;
            host.emit(this, Operation.VCPU_PUT, ImmutableMap.of(Field.RETURNS, returns), ImmutableMap.of());
            if (returns) {
                mutex.release();
            }
        });
    }

    /** Up to the guest; the vCPU is loaded. */
    public void enterGuest() {
        host.underLock(() -> {
            checkState(on != null && !inGuest, "vCPU %s is not loaded, or in the guest", index);
            boolean atLoad = host.has(Switch.TRAPS_AT_LOAD) || host.has(Switch.TRAPS_IN_IOCTL);
            if (!host.vhe() || !atLoad) {
                allow(on(), physicalOffset());
            }
            inGuest = true;
            host.emit(this, Operation.ENTER_GUEST);
        });
    }

    /** Back to the host; the vCPU stays loaded. */
    public void exitGuest() {
        host.underLock(() -> {
            checkInGuest();
            if (!host.vhe()) {
                on().allow(true, true); // the host runs at EL1 and needs its own counter and timer
            }
            inGuest = false;
            host.emit(this, Operation.EXIT_GUEST);
        });
    }

    void checkInGuest() {
        checkState(inGuest, "vCPU %s is not in the guest", index);
    }

    /** The guest reads CNTVCT_EL0: unsigned ticks. */
    public long guestReadCntvct() {
        return host.underLock(() -> {
            checkInGuest();
            long value = host.cntpct() - on().cntvoff;
            host.emit(this, Operation.GUEST_READ_CNTVCT, ImmutableMap.of(), ImmutableMap.of(Field.VALUE, value));
            return value;
        });
    }

    /** The guest reads CNTPCT_EL0: unsigned ticks. */
    public long guestReadCntpct() {
        return host.underLock(() -> {
            checkInGuest();
            boolean trapped = on().trapsCounter();
            long value = readCntpct();
            host.emit(
                    this,
                    Operation.GUEST_READ_CNTPCT,
                    ImmutableMap.of(),
                    ImmutableMap.of(Field.VALUE, value, Field.TRAPPED, trapped));
            return value;
        });
    }

    /**
     * As {@link #guestReadCntpct}, but without a record and without the lock, which no hardware has: for measuring. The
     * vCPU must be in the guest.
     */
    public long readCntpct() {
        Pcpu here = on();
        return here.trapsCounter() ? trap.read(0, host, physicalOffset()) : host.cntpct() - here.cntpoff;
    }

    <T> T ioctl(Supplier<T> body) {
        if (isTaken()) {
            host.beforeWaiting();
        }
        mutex.acquireUninterruptibly();
        try {
            return body.get();
        } finally {
            if (!vm.isCalling(this)) {
                mutex.release();
            }
        }
    }
}
