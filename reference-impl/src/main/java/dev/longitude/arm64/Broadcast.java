package dev.longitude.arm64;

import static java.util.Objects.requireNonNull;

import dev.longitude.arm64.Arm64Vm.Timer;
import dev.longitude.trace.Operation;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A loop that gives an offset to one vCPU after the other (update_timer_offset()); kvm->lock is held meanwhile. */
public final class Broadcast {
    private final Timer timer;
    private final long offset;
    private final @Nullable Arm64Vcpu caller;
    private final Deque<Arm64Vcpu> left = new ArrayDeque<>();

    /**
     * A loop over those of some vCPUs that are online.
     *
     * @param creating the one that is being created, which comes last; or null
     * @param caller the one whose ioctl it is, or null
     */
    Broadcast(
            Timer timer, long offset, List<Arm64Vcpu> vcpus, @Nullable Arm64Vcpu creating, @Nullable Arm64Vcpu caller) {
        this(timer, offset, caller);
        vcpus.stream()
                .filter(vcpu -> vcpu.online)
                .sorted(Comparator.comparingInt(Arm64Vcpu::index))
                .forEach(left::add);
        if (creating != null) {
            left.add(creating);
        }
    }

    private Broadcast(Timer timer, long offset, @Nullable Arm64Vcpu caller) {
        this.timer = timer;
        this.offset = offset;
        this.caller = caller;
    }

    /** The same loop in a copy of its VM. */
    Broadcast copiedTo(Arm64Vm vm) {
        Broadcast copy = new Broadcast(timer, offset, caller == null ? null : requireNonNull(vm.vcpu(caller.index())));
        left.forEach(vcpu -> copy.left.add(requireNonNull(vm.vcpuOrCreating(vcpu.index()))));
        return copy;
    }

    @Nullable
    Arm64Vcpu caller() {
        return caller;
    }

    boolean isOver() {
        return left.isEmpty();
    }

    void step(Arm64Host host) {
        Arm64Vcpu vcpu = left.remove();
        host.underLock(() -> {
            if (timer == Timer.VTIMER) {
                vcpu.cntvoff = offset;
            } else {
                vcpu.cntpoff = offset;
            }
            host.emit(vcpu, Operation.BROADCAST_TO);
        });
    }

    /** Whether the offset is that of the virtual counter, and not of the physical one. */
    public boolean isVirtual() {
        return timer == Timer.VTIMER;
    }

    /** The offset, ticks modulo 2^64. */
    public long offset() {
        return offset;
    }

    /** The index of the vCPU whose turn it is. */
    public int next() {
        return left.element().index();
    }

    /** Whether a vCPU's turn is still to come. */
    public boolean isLeft(int index) {
        return left.stream().anyMatch(vcpu -> vcpu.index() == index);
    }

    /** How many turns are still to come. */
    public int size() {
        return left.size();
    }

    /** The index of the vCPU whose ioctl it is; -1 for a creation. */
    public int callerIndex() {
        return caller == null ? -1 : caller.index();
    }
}
