package dev.longitude.lockstep;

import static dev.longitude.lockstep.Arguments.flag;
import static dev.longitude.lockstep.Arguments.number;
import static dev.longitude.lockstep.Arguments.word;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Timers;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vcpu.SystemCounterState;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.arm64.Broadcast;
import dev.longitude.evaluator.State;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** A host on arm64 with some VMs. */
final class Arm64Machine implements Machine {
    /** A call would wait for a lock; in lockstep no other thread could release it. */
    private static final class WouldWait extends RuntimeException {
        private static final long serialVersionUID = 1;

        WouldWait() {
            super("another thread holds the lock", null, false, false);
        }
    }

    /** What a host does where a call would wait. */
    static final Runnable REFUSES_TO_WAIT = () -> {
        throw new WouldWait();
    };

    private static final UniqueString CNTPCT = UniqueString.uniqueStringOf("cntpct");
    private static final UniqueString VTIMER = UniqueString.uniqueStringOf("vtimer");
    private static final UniqueString PTIMER = UniqueString.uniqueStringOf("ptimer");
    private static final UniqueString IN_RUN = UniqueString.uniqueStringOf("inRun");
    private static final UniqueString CVAL = UniqueString.uniqueStringOf("cval");
    private static final UniqueString ON = UniqueString.uniqueStringOf("on");
    private static final UniqueString BROADCASTS = UniqueString.uniqueStringOf("broadcasts");
    private static final UniqueString FOR = UniqueString.uniqueStringOf("for");
    private static final UniqueString OP = UniqueString.uniqueStringOf("op");
    private static final UniqueString VCPU = UniqueString.uniqueStringOf("vcpu");
    private static final UniqueString TIMER = UniqueString.uniqueStringOf("timer");
    private static final UniqueString OFFSET = UniqueString.uniqueStringOf("offset");
    private static final UniqueString TODO = UniqueString.uniqueStringOf("todo");
    private static final UniqueString MUTEX = UniqueString.uniqueStringOf("mutex");

    private final Arm64Host host;
    private final int vms;
    private final long tick;
    private final List<TraceEvent> events;

    /**
     * A machine.
     *
     * @param vms how many VMs it has, numbered from 0
     * @param tick one tick, as a word
     * @param events where the host's events go
     */
    Arm64Machine(Arm64Host host, int vms, long tick, List<TraceEvent> events) {
        this.host = host;
        this.vms = vms;
        this.tick = tick;
        this.events = events;
    }

    @Override
    public Machine copy() {
        return new Arm64Machine(host.copy(), vms, tick, events);
    }

    @Override
    public void omitState() {
        host.omitState();
    }

    @Override
    public boolean tick(long ahead) {
        host.advance(tick);
        return true;
    }

    @Override
    public ImmutableMap<Field, Object> completed(Operation operation, ImmutableMap<Field, Object> args) {
        return args;
    }

    @Override
    public void setGuestHasMasterClock(boolean has) {
        throw new UnsupportedOperationException("arm64 has no masterclock");
    }

    @Override
    public @Nullable List<TraceEvent> perform(Operation operation, int number, ImmutableMap<Field, Object> args) {
        events.clear();
        Arm64Vm vm = requireNonNull(host.vm(number));
        try {
            if (operation == Operation.SET_COUNTER_OFFSET) {
                vm.setCounterOffset(word(args, Field.OFFSET), word(args, Field.RESERVED));
            } else if (operation == Operation.BEGIN_CREATE_VCPU) {
                vm.beginCreateVcpu(number(args, Field.VCPU));
            } else if (operation == Operation.BROADCAST_TO) {
                Broadcast loop = vm.broadcast();
                if (loop == null || loop.next() != number(args, Field.VCPU)) {
                    return null;
                }
                vm.broadcastToNext();
            } else if (operation == Operation.CREATE_VCPU) {
                vm.createVcpu(number(args, Field.VCPU));
            } else {
                Arm64Vcpu vcpu = vm.vcpu(number(args, Field.VCPU));
                if (vcpu == null) {
                    return null;
                }
                perform(operation, args, vcpu);
            }
        } catch (IllegalStateException | IllegalArgumentException | WouldWait e) {
            // (Refused; what it did before that, such as a kicked vCPU's entry, it did.)
            return events.isEmpty() ? null : ImmutableList.copyOf(events);
        }
        return events.isEmpty() ? null : ImmutableList.copyOf(events);
    }

    private static void perform(Operation operation, ImmutableMap<Field, Object> args, Arm64Vcpu vcpu) {
        switch (operation) {
            case INIT_VCPU -> vcpu.init();
            case SET_TIMER_CNT -> vcpu.setTimerCnt(word(args, Field.VALUE));
            case GET_TIMER_CNT -> vcpu.getTimerCnt();
            case SET_PTIMER_CNT -> vcpu.setPtimerCnt(word(args, Field.VALUE));
            case GET_PTIMER_CNT -> vcpu.getPtimerCnt();
            case SET_VTIMER_OFFSET -> vcpu.setVtimerOffset(word(args, Field.OFFSET));
            case GET_VTIMER_OFFSET -> vcpu.getVtimerOffset();
            case SET_PTIMER_OFFSET -> vcpu.setPtimerOffset(word(args, Field.OFFSET));
            case GET_PTIMER_OFFSET -> vcpu.getPtimerOffset();
            case SET_SYSTEM_COUNTER_STATE ->
                vcpu.setSystemCounterState(
                        number(args, Field.PCPU),
                        new SystemCounterState(
                                number(args, Field.FLAGS), word(args, Field.CNTVOFF), word(args, Field.CNTPOFF)));
            case ARM64_VCPU_LOAD -> vcpu.load(number(args, Field.PCPU));
            case VCPU_PUT -> vcpu.put(flag(args, Field.RETURNS));
            case ENTER_GUEST -> vcpu.enterGuest();
            case EXIT_GUEST -> vcpu.exitGuest();
            case GUEST_READ_CNTVCT -> vcpu.guestReadCntvct();
            case GUEST_READ_CNTPCT -> vcpu.guestReadCntpct();
            case SET_VTIMER_CVAL -> vcpu.timers().setVtimerCval(word(args, Field.CVAL));
            case SET_VTIMER_CTL -> vcpu.timers().setVtimerCtl(flag(args, Field.ON));
            case SET_PTIMER_CVAL -> vcpu.timers().setPtimerCval(word(args, Field.CVAL));
            case SET_PTIMER_CTL -> vcpu.timers().setPtimerCtl(flag(args, Field.ON));
            case GUEST_SET_VTIMER -> vcpu.timers().guestSetVtimer(word(args, Field.CVAL));
            case GUEST_SET_PTIMER -> vcpu.timers().guestSetPtimer(word(args, Field.CVAL));
            case LOOK_AT_VTIMER -> vcpu.timers().lookAtVtimer();
            case LOOK_AT_PTIMER -> vcpu.timers().lookAtPtimer();
            default -> throw new UnsupportedOperationException(operation.specName());
        }
    }

    @Override
    public void compare(State state, Comparison comparison) {
        comparison.word(CNTPCT, state, host.cntpct());
        Value vtimers = requireNonNull(state.lookup(VTIMER));
        Value ptimers = requireNonNull(state.lookup(PTIMER));
        Value inRun = requireNonNull(state.lookup(IN_RUN));
        for (int i = 0; i < vms; i++) {
            Arm64Vm vm = requireNonNull(host.vm(i));
            comparison.shown(Arm64Host.SHOWN, new Arm64Shown(host, vm), state, i);
            int calling = broadcast(requireNonNull(state.lookup(BROADCASTS)), vm, i, comparison);
            if (!(vtimers instanceof FcnRcdValue ofVcpus)) {
                continue;
            }
            Value[] domain = ofVcpus.getDomainAsValues();
            for (int j = 0; j < domain.length; j++) {
                int index = comparison.index(domain[j], i);
                Arm64Vcpu vcpu = index < 0 ? null : vm.vcpu(index);
                if (vcpu != null) {
                    Arm64Timers timers = vcpu.timers();
                    timer(VTIMER, index, ofVcpus.values[j], timers.vtimerCval(), timers.hasVtimer(), comparison);
                    Value ptimer = requireNonNull(((FcnRcdValue) ptimers).select(domain[j]));
                    timer(PTIMER, index, ptimer, timers.ptimerCval(), timers.hasPtimer(), comparison);
                    // A vCPU's mutex is held exactly while it is in KVM_RUN, or in an ioctl that has not returned.
                    comparison.flag(MUTEX, index, "", inRun.member(domain[j]) || index == calling, vcpu.isTaken());
                }
            }
        }
    }

    /** Compares the loop over a VM's vCPUs; returns the vCPU whose ioctl it is, by the specification, or -1. */
    private static int broadcast(Value all, Arm64Vm vm, int number, Comparison comparison) {
        RecordValue loop = null;
        if (all instanceof FcnRcdValue function) {
            loop = (RecordValue) comparison.ofVm(function, number);
        }
        Broadcast java = vm.broadcast();
        comparison.flag(BROADCASTS, -1, " of VM " + number, loop != null, java != null);
        if (loop == null) {
            return -1;
        }
        RecordValue call = (RecordValue) Comparison.part(loop, FOR);
        boolean creates =
                ((StringValue) Comparison.part(call, OP)).val.toString().equals("CreateVcpu");
        int caller = creates ? -1 : comparison.index(Comparison.part(call, VCPU), number);
        if (java != null) {
            boolean virtual =
                    ((StringValue) Comparison.part(loop, TIMER)).val.toString().equals("vtimer");
            comparison.flag(BROADCASTS, -1, " virtual", virtual, java.isVirtual());
            comparison.word(BROADCASTS, -1, " offset", Comparison.part(loop, OFFSET), java.offset());
            comparison.flag(BROADCASTS, -1, " caller", true, caller == java.callerIndex());
            SetEnumValue todo = (SetEnumValue) Comparison.part(loop, TODO).toSetEnum();
            boolean same = todo.elems.size() == java.size();
            for (int i = 0; i < todo.elems.size(); i++) {
                same &= java.isLeft(comparison.index(todo.elems.elementAt(i), number));
            }
            comparison.flag(BROADCASTS, -1, " todo", true, same);
        }
        return caller;
    }

    private static void timer(
            UniqueString variable, int index, Value timer, long cval, boolean on, Comparison comparison) {
        RecordValue record = (RecordValue) timer;
        comparison.word(variable, index, ".cval", Comparison.part(record, CVAL), cval);
        comparison.flag(variable, index, ".on", Comparison.part(record, ON), on);
    }
}
