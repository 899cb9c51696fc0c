package dev.longitude.arm64;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateInterner;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A host, its CPUs, and the VMs that share them; the test advances the host's counter.
 *
 * <p>Any number of threads may use everything. A step (one event) holds the host's lock, so that a trace has the steps
 * in an order in which they happened. A broadcast is many steps, with the VM's kvm->lock held through all of them, and
 * other vCPUs run in between.
 */
public final class Arm64Host {
    /** What an event shows of the state after it, in the order of a trace. */
    public static final ImmutableList<StateVariable> SHOWN = ImmutableList.of(
            StateVariable.CNTHCTL_EL2,
            StateVariable.CNTVOFF_EL2,
            StateVariable.CNTPOFF_EL2,
            StateVariable.VOFFSET,
            StateVariable.POFFSET,
            StateVariable.VM_COUNTER_OFFSET,
            StateVariable.ONLINE,
            StateVariable.CREATING,
            StateVariable.SHADOW_CNTVOFF,
            StateVariable.SHADOW_CNTPOFF,
            StateVariable.IN_RUN,
            StateVariable.IN_GUEST,
            StateVariable.LOADED_ON,
            StateVariable.PTIMER_CVAL);

    private final KernelProfile kernel;
    private final boolean vhe;
    private final boolean ecv;
    private final ImmutableList<Pcpu> pcpus;
    private final @Nullable Consumer<TraceEvent> trace;
    private final StateInterner sharing = new StateInterner();
    private final Map<Integer, Arm64Vm> vms = new TreeMap<>();
    private final ReentrantLock step = new ReentrantLock();
    private volatile long cntpct;
    private Runnable between = () -> {};
    private Runnable waiting = () -> {};
    private boolean showsState = true;
    private boolean stepwise;

    /**
     * A host.
     *
     * @param vhe whether it runs at EL2, and not at EL1
     * @param ecv whether it has CNTPOFF_EL2
     * @param pcpus how many CPUs it has, positive
     * @param cntpct its counter now, unsigned ticks
     * @param trace receives every event, in the order in which they happened; null: record nothing
     */
    public Arm64Host(
            KernelProfile kernel,
            boolean vhe,
            boolean ecv,
            int pcpus,
            long cntpct,
            @Nullable Consumer<TraceEvent> trace) {
        checkArgument(pcpus > 0, "a host of %s CPUs", pcpus);
        this.kernel = kernel;
        this.vhe = vhe;
        this.ecv = ecv;
        ImmutableList.Builder<Pcpu> all = ImmutableList.builderWithExpectedSize(pcpus);
        for (int i = 0; i < pcpus; i++) { // (no stream: a copy runs it, too)
            all.add(new Pcpu(i, vhe, usesCntpoff()));
        }
        this.pcpus = all.build();
        this.cntpct = cntpct;
        this.trace = trace;
    }

    private Arm64Host(Arm64Host from) {
        this(from.kernel, from.vhe, from.ecv, from.pcpus.size(), from.cntpct, from.trace);
        pcpus.forEach(pcpu -> pcpu.take(from.pcpu(pcpu.number)));
        waiting = from.waiting;
        showsState = from.showsState;
        stepwise = from.stepwise;
        from.vms.forEach((id, vm) -> vms.put(id, new Arm64Vm(this, vm)));
    }

    /**
     * A copy of the host and its VMs, which goes on by itself; its events go where this one's go. No other thread may
     * use the host meanwhile, and a broadcast may be in progress only where it is taken {@linkplain #setStepwise step by
     * step}.
     */
    public Arm64Host copy() {
        return new Arm64Host(this);
    }

    /** The VM with this number; null if there is none. */
    public @Nullable Arm64Vm vm(int id) {
        return vms.get(id);
    }

    /** The state that an event of a VM would show, read without an operation. */
    public ImmutableMap<StateVariable, Object> observed(Arm64Vm vm) {
        return state(vm);
    }

    /** Sets what happens before a call waits for a vCPU's mutex; it may throw instead. */
    public void setWaiting(Runnable waiting) {
        this.waiting = waiting;
    }

    void beforeWaiting() {
        waiting.run();
    }

    /** From now on its events show no state: a run that only asks for results is several times as fast. */
    public void omitState() {
        showsState = false;
    }

    /** The host in a trace's header. */
    public TraceHeader.Arm64 described() {
        return new TraceHeader.Arm64(vhe, ecv, pcpus.size());
    }

    /** The counter, unsigned ticks. */
    public long cntpct() {
        return cntpct;
    }

    /** How many CPUs it has. */
    public int pcpus() {
        return pcpus.size();
    }

    /** Whether no vCPU is loaded on a CPU. */
    public boolean isIdle(int pcpu) {
        return pcpus.get(pcpu).loaded == null;
    }

    /**
     * Lets time pass.
     *
     * @param ticks of the counter, not negative
     */
    public void advance(long ticks) {
        checkArgument(ticks >= 0, "time does not go back by %s ticks", -ticks);
        underLock(() -> {
            long now = cntpct;
            cntpct = now + ticks;
        });
    }

    /**
     * Sets what happens between two steps of a broadcast: the seeded scheduler's chance to let other vCPUs run. It must
     * not set a counter of the same VM.
     */
    public void setBetween(Runnable between) {
        this.between = between;
    }

    /**
     * From now on a call that begins a broadcast leaves its steps to {@link Arm64Vm#broadcastToNext}, and a creation to
     * {@link Arm64Vm#beginCreateVcpu}: only for a caller that decides itself what happens in between, in one thread.
     * What another call would wait for is then asked as {@link #setWaiting} says.
     */
    public void setStepwise() {
        stepwise = true;
    }

    boolean stepwise() {
        return stepwise;
    }

    /** KVM_CREATE_VM. */
    public Arm64Vm createVm(int id) {
        return createVm(id, new ReentrantLock());
    }

    /** The same with this lock as the VM's kvm->lock. */
    Arm64Vm createVm(int id, Lock kvmLock) {
        return underLock(() -> {
            checkArgument(!vms.containsKey(id), "VM %s exists", id);
            Arm64Vm vm = new Arm64Vm(this, id, kvmLock);
            vms.put(id, vm);
            emit(vm, Operation.CREATE_VM, ImmutableMap.of(), ImmutableMap.of());
            return vm;
        });
    }

    boolean has(Switch one) {
        return kernel.has(one);
    }

    boolean vhe() {
        return vhe;
    }

    /** has_cntpoff(): whether the hardware subtracts the physical offset. */
    boolean usesCntpoff() {
        return has(Switch.USES_CNTPOFF) && vhe && ecv;
    }

    Pcpu pcpu(int number) {
        return pcpus.get(number);
    }

    void betweenSteps() {
        between.run();
    }

    <T> T underLock(Supplier<T> body) {
        step.lock();
        try {
            return body.get();
        } finally {
            step.unlock();
        }
    }

    void underLock(Runnable body) {
        underLock(() -> {
            body.run();
            return true;
        });
    }

    /** Records an operation on a vCPU that returns nothing. */
    void emit(Arm64Vcpu vcpu, Operation operation) {
        emit(vcpu, operation, ImmutableMap.of(), ImmutableMap.of());
    }

    void emit(
            Arm64Vcpu vcpu,
            Operation operation,
            ImmutableMap<Field, Object> args,
            ImmutableMap<Field, Object> results) {
        if (trace != null) {
            emit(
                    vcpu.vm(),
                    operation,
                    ImmutableMap.<Field, Object>builder()
                            .put(Field.VCPU, vcpu.index())
                            .putAll(args)
                            .buildOrThrow(),
                    results);
        }
    }

    void emit(Arm64Vm vm, Operation operation, ImmutableMap<Field, Object> args, ImmutableMap<Field, Object> results) {
        if (trace != null) {
            trace.accept(new TraceEvent(
                    0,
                    vm.id(),
                    HostTime.exactly(cntpct),
                    operation,
                    args,
                    results,
                    showsState ? sharing.of(state(vm)) : ImmutableMap.of()));
        }
    }

    private ImmutableMap<StateVariable, Object> state(Arm64Vm vm) {
        ImmutableMap.Builder<StateVariable, Object> state = ImmutableMap.builderWithExpectedSize(SHOWN.size());
        for (StateVariable variable : SHOWN) {
            state.put(variable, value(vm, variable));
        }
        return state.buildOrThrow();
    }

    private Object value(Arm64Vm vm, StateVariable variable) {
        Kind kind = variable.kind();
        if (kind == Kind.VCPU_SET) {
            ImmutableSortedSet.Builder<Integer> those = ImmutableSortedSet.naturalOrder();
            for (Arm64Vcpu vcpu : vm.vcpus()) {
                if (shows(variable, vcpu)) {
                    those.add(vcpu.index());
                }
            }
            return those.build();
        }
        if (kind.each() == kind || kind == Kind.UINT64_OF_VM || kind == Kind.FLAG_OF_VM) {
            return kind.boxed(shown(variable, vm));
        }
        ImmutableSortedMap.Builder<Integer, Object> values = ImmutableSortedMap.naturalOrder();
        if (kind == Kind.UINT31_BY_PCPU || kind == Kind.UINT64_BY_PCPU) {
            for (Pcpu pcpu : pcpus) {
                values.put(pcpu.number, kind.each().boxed(shown(variable, pcpu.number)));
            }
        } else {
            for (Arm64Vcpu vcpu : vm.vcpus()) {
                if (shows(variable, vcpu)) {
                    values.put(vcpu.index(), kind.each().boxed(shown(variable, vcpu)));
                }
            }
        }
        return values.buildOrThrow();
    }

    /**
     * A variable of one of its CPUs as an event would show it, read without an operation.
     *
     * @throws IllegalArgumentException if it is none of a CPU
     */
    public long shown(StateVariable variable, int pcpu) {
        Pcpu that = pcpu(pcpu);
        return switch (variable) {
            case CNTHCTL_EL2 -> that.cnthctl;
            case CNTVOFF_EL2 -> that.cntvoff;
            case CNTPOFF_EL2 -> that.cntpoff;
            default -> throw new IllegalArgumentException(variable + " is no variable of a CPU");
        };
    }

    /** The same of a VM; a flag as 1 or 0. */
    public long shown(StateVariable variable, Arm64Vm vm) {
        return switch (variable) {
            case VOFFSET -> vm.voffset;
            case POFFSET -> vm.poffset;
            case VM_COUNTER_OFFSET -> vm.counterOffsetSet ? 1 : 0;
            default -> throw new IllegalArgumentException(variable + " is no variable of a VM");
        };
    }

    /** Whether a set of vCPUs contains this one, or a map of vCPUs has a value for it. */
    public boolean shows(StateVariable variable, Arm64Vcpu vcpu) {
        return switch (variable) {
            case ONLINE -> vcpu.online;
            case CREATING -> !vcpu.online;
            case SHADOW_CNTVOFF, SHADOW_CNTPOFF -> true;
            case IN_RUN -> vcpu.inRun();
            case IN_GUEST -> vcpu.inGuest();
            case LOADED_ON -> vcpu.isLoaded();
            case PTIMER_CVAL -> vcpu.timers().hasPtimer();
            default -> throw new IllegalArgumentException(variable + " is no variable of a vCPU");
        };
    }

    /** How many of a VM's vCPUs a variable {@link #shows}. */
    public int sizeShown(StateVariable variable, Arm64Vm vm) {
        int size = 0;
        for (Arm64Vcpu vcpu : vm.vcpus()) {
            size += shows(variable, vcpu) ? 1 : 0;
        }
        return size;
    }

    /** The value that a map of vCPUs has for this one; see {@link #shows}. */
    public long shown(StateVariable variable, Arm64Vcpu vcpu) {
        return switch (variable) {
            case SHADOW_CNTVOFF -> vcpu.cntvoff;
            case SHADOW_CNTPOFF -> vcpu.cntpoff;
            case LOADED_ON -> vcpu.on().number;
            case PTIMER_CVAL -> vcpu.timers().ptimerCval();
            default -> throw new IllegalArgumentException(variable + " has no values of vCPUs");
        };
    }
}
