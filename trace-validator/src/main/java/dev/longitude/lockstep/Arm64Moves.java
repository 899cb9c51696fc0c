package dev.longitude.lockstep;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.MemoizedOperator;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.spec.ModelSpecification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.function.Predicate;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** What {@code MCNext} of {@code spec/MCKvmArm64.tla} lets happen, and its {@code MCInit} in Java. */
final class Arm64Moves {
    private final ModelSpecification model;
    private final SmallWords words;
    private final ImmutableSet<String> ops;
    private final ImmutableList<Integer> pcpus;
    private final boolean loops;
    private final MemoizedOperator ready;
    private final Evaluator.Operator next;
    private final ImmutableList.Builder<Move> moves = ImmutableList.builder();

    private Arm64Moves(ModelSpecification model) {
        this.model = model;
        this.words = SmallWords.of(model);
        this.ops = model.names("Ops");
        this.pcpus = numbers("Pcpus");
        this.loops = !Subject.kernel(model, "").has(Switch.OFFSETS_OF_VM);
        this.ready = model.latest("Ready");
        this.next = model.operator("Next");
    }

    static ImmutableList<String> vms(ModelSpecification model) {
        return model.names("Vms").asList();
    }

    /** The machine of MCInit. */
    static Machine machine(ModelSpecification model, KernelProfile kernel) {
        SmallWords words = SmallWords.of(model);
        Machine machine = real(model, kernel, words::wide, words.wide(1)).machine();
        machine.omitState();
        return machine;
    }

    /**
     * The same with other words.
     *
     * @param wide a word of the model as a real one
     * @param tick a tick of the model in ticks
     */
    static Machine.Recorded real(ModelSpecification model, KernelProfile kernel, IntToLongFunction wide, long tick) {
        List<TraceEvent> events = new ArrayList<>();
        Arm64Host host = new Arm64Host(
                kernel,
                model.constant("Vhe") == BoolValue.ValTrue,
                model.constant("Ecv") == BoolValue.ValTrue,
                model.set("Pcpus").size(),
                wide.applyAsLong(model.number("Start")),
                events::add);
        host.setWaiting(Arm64Machine.REFUSES_TO_WAIT);
        host.setStepwise();
        int vms = vms(model).size();
        for (int i = 0; i < vms; i++) {
            host.createVm(i);
        }
        return new Machine.Recorded(
                new Arm64Machine(host, vms, tick, events), ImmutableList.copyOf(events), kernel, host.described(), 2);
    }

    static ImmutableList<Move> of(ModelSpecification model) {
        Arm64Moves all = new Arm64Moves(model);
        all.moves.add(Move.passes(0));
        ImmutableList<String> names = vms(model);
        ImmutableSet<String> two = model.names("Two");
        ImmutableSet<String> left = model.names("Left");
        for (int vm = 0; vm < names.size(); vm++) {
            boolean isLeft = left.contains(names.get(vm));
            for (int vcpu = 0; vcpu < (two.contains(names.get(vm)) ? 2 : 1); vcpu++) {
                all.add(vm, vcpu, isLeft);
            }
            if (!isLeft && all.ops.contains("SetCounterOffset")) {
                for (long offset : all.words("Offsets")) {
                    for (long reserved : new long[] {0, all.words.wide(1)}) {
                        all.moves.add(new Move(
                                Operation.SET_COUNTER_OFFSET,
                                vm,
                                ImmutableMap.of(Field.OFFSET, offset, Field.RESERVED, reserved),
                                all::isReady));
                    }
                }
            }
        }
        return all.moves.build();
    }

    private boolean isReady(State state) {
        return ready.in(state) == BoolValue.ValTrue;
    }

    private void add(int vm, int vcpu, boolean isLeft) {
        Value name = new TupleValue(new Value[] {new StringValue(vms(model).get(vm)), IntValue.gen(vcpu)});
        if (loops) {
            add(Operation.BEGIN_CREATE_VCPU, vm, vcpu, state -> ModelSpecification.holds(next, state, name));
            add(Operation.BROADCAST_TO, vm, vcpu, Move.ALWAYS);
        }
        add(Operation.CREATE_VCPU, vm, vcpu, state -> ModelSpecification.holds(next, state, name));
        if (!isLeft) {
            addSet(vm, vcpu);
            addSetTimer(vm, vcpu);
            if (ops.contains("GetTimerCnt")) {
                add(Operation.GET_TIMER_CNT, vm, vcpu, this::isReady);
            }
        }
        for (int pcpu : pcpus) {
            add(Operation.ARM64_VCPU_LOAD, vm, vcpu, Field.PCPU, pcpu, this::isReady);
        }
        add(Operation.VCPU_PUT, vm, vcpu, Field.RETURNS, true, Move.ALWAYS);
        if (ops.contains("Preempt")) {
            add(Operation.VCPU_PUT, vm, vcpu, Field.RETURNS, false, Move.ALWAYS);
        }
        add(Operation.ENTER_GUEST, vm, vcpu, Move.ALWAYS);
        add(Operation.EXIT_GUEST, vm, vcpu, Move.ALWAYS);
        if (ops.contains("GuestReadCntvct")) {
            add(Operation.GUEST_READ_CNTVCT, vm, vcpu, Move.ALWAYS);
        }
        if (ops.contains("GuestReadCntpct")) {
            add(Operation.GUEST_READ_CNTPCT, vm, vcpu, Move.ALWAYS);
        }
        boolean virtual = ops.contains("GuestSetVtimer");
        for (long cval : words("Timers")) {
            add(
                    virtual ? Operation.GUEST_SET_VTIMER : Operation.GUEST_SET_PTIMER,
                    vm,
                    vcpu,
                    Field.CVAL,
                    cval,
                    isOff(virtual ? "vtimer" : "ptimer", name));
        }
        if (!words("Timers").isEmpty()) {
            add(Operation.LOOK_AT_PTIMER, vm, vcpu, Move.ALWAYS);
            add(Operation.LOOK_AT_VTIMER, vm, vcpu, Move.ALWAYS);
        }
    }

    private void addSet(int vm, int vcpu) {
        for (long value : words("Values")) {
            if (ops.contains("SetTimerCnt")) {
                add(Operation.SET_TIMER_CNT, vm, vcpu, Field.VALUE, value, this::isReady);
            }
            if (ops.contains("SetPtimerCnt")) {
                add(Operation.SET_PTIMER_CNT, vm, vcpu, Field.VALUE, value, this::isReady);
            }
        }
        for (long offset : words("Offsets")) {
            if (ops.contains("SetVtimerOffset")) {
                add(Operation.SET_VTIMER_OFFSET, vm, vcpu, Field.OFFSET, offset, this::isReady);
            }
            if (ops.contains("SetPtimerOffset")) {
                add(Operation.SET_PTIMER_OFFSET, vm, vcpu, Field.OFFSET, offset, this::isReady);
            }
            if (ops.contains("SetSystemCounterState")) {
                for (int pcpu : pcpus) {
                    moves.add(new Move(
                            Operation.SET_SYSTEM_COUNTER_STATE,
                            vm,
                            ImmutableMap.of(
                                    Field.VCPU,
                                    vcpu,
                                    Field.PCPU,
                                    pcpu,
                                    Field.FLAGS,
                                    KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET,
                                    Field.CNTVOFF,
                                    offset,
                                    Field.CNTPOFF,
                                    offset),
                            this::isReady));
                }
            }
        }
        if (ops.contains("GetVtimerOffset")) {
            add(Operation.GET_VTIMER_OFFSET, vm, vcpu, this::isReady);
            add(Operation.GET_PTIMER_OFFSET, vm, vcpu, this::isReady);
        }
    }

    private void addSetTimer(int vm, int vcpu) {
        if (!ops.contains("SetVtimerCval")) {
            return;
        }
        for (long cval : words("Timers")) {
            add(Operation.SET_VTIMER_CVAL, vm, vcpu, Field.CVAL, cval, this::isReady);
            add(Operation.SET_PTIMER_CVAL, vm, vcpu, Field.CVAL, cval, this::isReady);
        }
        for (boolean on : new boolean[] {false, true}) {
            add(Operation.SET_VTIMER_CTL, vm, vcpu, Field.ON, on, this::isReady);
            add(Operation.SET_PTIMER_CTL, vm, vcpu, Field.ON, on, this::isReady);
        }
    }

    /** (The model sets a timer of a vCPU in the guest, and only if it is off.) */
    private static Predicate<State> isOff(String timers, Value vcpu) {
        UniqueString name = UniqueString.uniqueStringOf(timers);
        return state -> state.lookup(name) instanceof FcnRcdValue all
                && all.select(vcpu) instanceof RecordValue timer
                && timer.select(new StringValue("on")) == BoolValue.ValFalse;
    }

    private ImmutableList<Integer> numbers(String constant) {
        return model.set(constant).stream().map(each -> ((IntValue) each).val).collect(ImmutableList.toImmutableList());
    }

    private ImmutableList<Long> words(String constant) {
        return numbers(constant).stream().map(each -> words.wide(each)).collect(ImmutableList.toImmutableList());
    }

    private void add(Operation operation, int vm, int vcpu, Predicate<State> when) {
        moves.add(new Move(operation, vm, ImmutableMap.of(Field.VCPU, vcpu), when));
    }

    private void add(Operation operation, int vm, int vcpu, Field field, Object value, Predicate<State> when) {
        moves.add(new Move(operation, vm, ImmutableMap.of(Field.VCPU, vcpu, field, value), when));
    }
}
