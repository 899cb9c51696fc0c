package dev.longitude.arm64;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A VM: the part of struct kvm_arch that its counters depend on (arch/arm64/kvm/arch_timer.c, Linux 5.10 to 7.3, and the
 * series as posted).
 */
public final class Arm64Vm {
    private final Arm64Host host;
    private final int id;
    private final Lock kvmLock;
    private final List<Arm64Vcpu> vcpus = new ArrayList<>();

    /** A loop that its caller takes step by step: kvm->lock is held, and the mutex of the vCPU whose ioctl it is. */
    private @Nullable Broadcast broadcast;

    /** arch_timer_vm_data, since 6.3: ticks modulo 2^64. Until 6.4 the physical one stays 0. */
    long voffset;

    long poffset;

    /** KVM_ARCH_FLAG_VM_COUNTER_OFFSET. */
    boolean counterOffsetSet;

    /** With this lock as its kvm->lock: the seam at which a test shows what it is for. */
    Arm64Vm(Arm64Host host, int id, Lock kvmLock) {
        this.host = host;
        this.id = id;
        this.kvmLock = kvmLock;
    }

    /** A copy on a copy of its host. */
    Arm64Vm(Arm64Host host, Arm64Vm from) {
        this(host, from.id, new ReentrantLock());
        voffset = from.voffset;
        poffset = from.poffset;
        counterOffsetSet = from.counterOffsetSet;
        from.vcpus.forEach(vcpu -> vcpus.add(new Arm64Vcpu(this, vcpu)));
        Broadcast loop = from.broadcast;
        if (loop != null) {
            kvmLock.lock();
            broadcast = loop.copiedTo(this);
        }
    }

    /** The vCPU with this index; null if there is none, or its creation has not returned: nobody can use it then. */
    public @Nullable Arm64Vcpu vcpu(int index) {
        Arm64Vcpu vcpu = vcpuOrCreating(index);
        return vcpu == null || !vcpu.online ? null : vcpu;
    }

    /** The same, and one that is being created: to look at. */
    public @Nullable Arm64Vcpu vcpuOrCreating(int index) {
        for (Arm64Vcpu vcpu : vcpus) {
            if (vcpu.index() == index) {
                return vcpu;
            }
        }
        return null;
    }

    /** The VM's number in the trace. */
    public int id() {
        return id;
    }

    Arm64Host host() {
        return host;
    }

    /** All vCPUs, including those being created. */
    List<Arm64Vcpu> vcpus() {
        return vcpus;
    }

    /**
     * KVM_CREATE_VCPU. Until 6.2 it restarts the virtual counter of the whole VM from 0; since 6.3 it does so unless
     * KVM_ARM_SET_COUNTER_OFFSET was used.
     *
     * @param index unused so far
     */
    public Arm64Vcpu createVcpu(int index) {
        if (!host.has(Switch.OFFSETS_OF_VM) && !host.stepwise()) {
            beginCreateVcpu(index);
        }
        return locked(() -> host.underLock(() -> {
            Arm64Vcpu vcpu = host.has(Switch.OFFSETS_OF_VM) ? unusedVcpu(index) : vcpuOrCreating(index);
            checkState(vcpu != null && !vcpu.online, "the creation of vCPU %s has not begun", index);
            if (host.has(Switch.OFFSETS_OF_VM)) {
                if (!counterOffsetSet && !(host.has(Switch.CREATION_KEEPS_LINE) && !vcpus.isEmpty())) {
                    voffset = host.cntpct();
                    poffset = 0;
                }
                vcpus.add(vcpu);
            }
            vcpu.online = true;
            host.emit(vcpu, Operation.CREATE_VCPU);
            return vcpu;
        }));
    }

    /**
     * The first steps of KVM_CREATE_VCPU until 6.2, up to the end of its loop over the vCPUs, by themselves: where {@link
     * Arm64Host#setStepwise} was called; {@link #createVcpu} then ends it.
     *
     * @throws IllegalStateException if the kernel has no such loop
     */
    public void beginCreateVcpu(int index) {
        checkState(!host.has(Switch.OFFSETS_OF_VM), "a creation without a loop");
        locked(() -> {
            Arm64Vcpu vcpu = unusedVcpu(index);
            long offset = host.underLock(() -> {
                vcpus.add(vcpu);
                host.emit(vcpu, Operation.BEGIN_CREATE_VCPU);
                return host.cntpct();
            });
            broadcast(Timer.VTIMER, offset, vcpu, null);
            return 0;
        });
    }

    private Arm64Vcpu unusedVcpu(int index) {
        checkUnused(index);
        return new Arm64Vcpu(this, index);
    }

    private void checkUnused(int index) {
        checkArgument(vcpus.stream().noneMatch(v -> v.index() == index), "vCPU %s exists", index);
    }

    /** Whether the kernel has KVM_ARM_SET_COUNTER_OFFSET. */
    public boolean hasCounterOffset() {
        return host.has(Switch.SET_COUNTER_OFFSET);
    }

    /**
     * KVM_ARM_SET_COUNTER_OFFSET: one offset for both counters of all vCPUs, including those created later. After that
     * nothing else changes them.
     *
     * @param offset host counter minus guest counter, ticks modulo 2^64
     * @param reserved must be 0
     * @return 0; 22 (EINVAL) if {@code reserved} is not 0, or the kernel does not support it; 16 (EBUSY) if a vCPU is
     *     in an ioctl or in KVM_RUN
     */
    public int setCounterOffset(long offset, long reserved) {
        return locked(() -> host.underLock(() -> {
            int errno = hasCounterOffset() && reserved == 0 ? tryAll() : KvmAbi.EINVAL;
            if (errno == 0) {
                counterOffsetSet = true;
                voffset = offset;
                poffset = offset;
            }
            host.emit(
                    this,
                    Operation.SET_COUNTER_OFFSET,
                    ImmutableMap.of(Field.OFFSET, offset, Field.RESERVED, reserved),
                    ImmutableMap.of(Field.ERRNO, errno));
            return errno;
        }));
    }

    /**
     * Takes every vCPU's mutex, or none. The caller holds the host's lock, so it needs the mutexes only at this
     * instant.
     */
    private int tryAll() {
        List<Arm64Vcpu> taken = new ArrayList<>();
        for (Arm64Vcpu vcpu : vcpus) {
            if (!vcpu.mutex.tryAcquire()) {
                break;
            }
            taken.add(vcpu);
        }
        taken.forEach(v -> v.mutex.release());
        return taken.size() == vcpus.size() ? 0 : KvmAbi.EBUSY;
    }

    enum Timer {
        VTIMER,
        PTIMER
    }

    /** Sets a counter by value: at this instant it shows {@code value}. */
    int setCnt(Arm64Vcpu vcpu, Timer timer, Operation operation, long value) {
        return locked(() -> {
            long[] offset = new long[1];
            boolean[] loops = new boolean[1];
            int errno = host.underLock(() -> {
                int result = 0;
                if (timer == Timer.PTIMER && !host.has(Switch.PTIMER_CNT)) {
                    result = KvmAbi.ENOENT;
                } else if (counterOffsetSet) {
                    result = host.has(Switch.IGNORED_WRITE_FAILS) ? KvmAbi.EBUSY : 0;
                } else if (host.has(Switch.SET_NEEDS_ALL_VCPUS)
                        && vcpus.stream().anyMatch(Arm64Vcpu::inRun)) {
                    result = KvmAbi.EBUSY;
                } else {
                    offset[0] = host.cntpct() - value;
                    if (!host.has(Switch.OFFSETS_OF_VM)) {
                        loops[0] = true;
                    } else if (timer == Timer.VTIMER) {
                        voffset = offset[0];
                    } else {
                        poffset = offset[0];
                    }
                }
                host.emit(vcpu, operation, ImmutableMap.of(Field.VALUE, value), ImmutableMap.of(Field.ERRNO, result));
                return result;
            });
            if (loops[0]) {
                broadcast(timer, offset[0], null, vcpu);
            }
            return errno;
        });
    }

    /** Sets a counter's offset for all vCPUs (the series, v2). */
    void setOffset(Arm64Vcpu vcpu, Timer timer, Operation operation, long offset) {
        locked(() -> {
            host.underLock(() -> host.emit(vcpu, operation, ImmutableMap.of(Field.OFFSET, offset), ImmutableMap.of()));
            broadcast(timer, offset, null, vcpu);
            return 0;
        });
    }

    /**
     * update_timer_offset(): one vCPU after the other, last the one that is being created.
     *
     * @param caller the vCPU whose ioctl it is; null for a creation
     */
    private void broadcast(Timer timer, long offset, @Nullable Arm64Vcpu creating, @Nullable Arm64Vcpu caller) {
        Broadcast loop = host.underLock(() -> new Broadcast(timer, offset, vcpus, creating, caller));
        if (host.stepwise()) {
            kvmLock.lock(); // until the last step
            broadcast = loop;
            return;
        }
        while (!loop.isOver()) {
            host.betweenSteps();
            loop.step(host);
        }
    }

    /**
     * The loop over the vCPUs that is in progress; null if there is none, or it is not taken {@linkplain
     * Arm64Host#setStepwise step by step}.
     */
    public @Nullable Broadcast broadcast() {
        return broadcast;
    }

    /**
     * The next step of the loop that is in progress.
     *
     * @throws IllegalStateException if there is none
     */
    public void broadcastToNext() {
        Broadcast loop = broadcast;
        checkState(loop != null, "no loop is in progress");
        loop.step(host);
        if (loop.isOver()) {
            broadcast = null;
            kvmLock.unlock();
            Arm64Vcpu caller = loop.caller();
            if (caller != null) {
                caller.mutex.release();
            }
        }
    }

    /** Whether a loop in progress is that of a vCPU's ioctl: the ioctl has not returned. */
    boolean isCalling(Arm64Vcpu vcpu) {
        Broadcast loop = broadcast;
        return loop != null && loop.caller() == vcpu;
    }

    private <T> T locked(Supplier<T> body) {
        if (broadcast != null) {
            host.beforeWaiting();
        }
        kvmLock.lock();
        try {
            return body.get();
        } finally {
            kvmLock.unlock();
        }
    }
}
