package dev.longitude.lockstep;

import static dev.longitude.lockstep.Arguments.flag;
import static dev.longitude.lockstep.Arguments.number;
import static dev.longitude.lockstep.Arguments.word;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.TimeScale;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** A host on x86 with one VM. */
final class X86Machine implements Machine {
    private static final UniqueString HOST_TSC = UniqueString.uniqueStringOf("hostTsc");
    private static final UniqueString HOST_NS = UniqueString.uniqueStringOf("hostNs");
    private static final UniqueString HOST_REALTIME = UniqueString.uniqueStringOf("hostRealtime");
    private static final UniqueString TSC_CLOCKSOURCE = UniqueString.uniqueStringOf("tscClocksource");
    private static final UniqueString TSC_UNSTABLE = UniqueString.uniqueStringOf("tscUnstable");
    private static final UniqueString SET_CLOCK_BEGUN = UniqueString.uniqueStringOf("setClockBegun");
    private static final UniqueString CLOCK_TAKEN = UniqueString.uniqueStringOf("clockTaken");
    private static final UniqueString LAST_CLOCK = UniqueString.uniqueStringOf("guestLastClock");
    private static final UniqueString TSC_DEADLINE = UniqueString.uniqueStringOf("tscDeadline");
    private static final UniqueString TSC_DEADLINE_MODE = UniqueString.uniqueStringOf("tscDeadlineMode");
    private static final UniqueString ENTERING = UniqueString.uniqueStringOf("entering");
    private static final UniqueString CLOCK = UniqueString.uniqueStringOf("clock");
    private static final UniqueString DEADLINE = UniqueString.uniqueStringOf("deadline");
    private static final UniqueString OFFSET = UniqueString.uniqueStringOf("offset");
    private static final UniqueString RATIO = UniqueString.uniqueStringOf("ratio");
    private static final UniqueString MUTEX = UniqueString.uniqueStringOf("mutex");

    private final X86Host host;
    private final X86Vm vm;
    private final long cycle;

    /** Where all copies' events go. */
    private final List<TraceEvent> events;

    /**
     * A machine.
     *
     * @param cycle one cycle, as a word
     * @param events where the host's events go
     */
    X86Machine(X86Host host, long cycle, List<TraceEvent> events) {
        this.host = host;
        this.vm = host.vms().get(0);
        this.cycle = cycle;
        this.events = events;
    }

    @Override
    public Machine copy() {
        return new X86Machine(host.copy(), cycle, events);
    }

    @Override
    public void omitState() {
        host.omitState();
    }

    @Override
    public boolean tick(long ahead) {
        try {
            host.advance(cycle, ahead);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    @Override
    public ImmutableMap<Field, Object> completed(Operation operation, ImmutableMap<Field, Object> args) {
        return operation == Operation.HOST_RESUMES
                ? ImmutableMap.of(Field.MISSING, requireNonNull(args.get(Field.MISSING)), Field.NS, host.baseNs())
                : args;
    }

    @Override
    public void setGuestHasMasterClock(boolean has) {
        host.setGuestHasMasterClock(has);
    }

    @Override
    public @Nullable List<TraceEvent> perform(Operation operation, int number, ImmutableMap<Field, Object> args) {
        events.clear();
        try {
            X86Vcpu vcpu = args.containsKey(Field.VCPU) ? vm.vcpu(number(args, Field.VCPU)) : null;
            if (vcpu == null && args.containsKey(Field.VCPU) && operation != Operation.CREATE_VCPU) {
                return null;
            }
            if (vcpu != null && operation != Operation.CREATE_VCPU) {
                performOnVcpu(operation, args, vcpu);
            } else {
                performOnVm(operation, args);
            }
        } catch (IllegalStateException | IllegalArgumentException e) {
            // (Refused; what it did before that, such as a kicked vCPU's entry, it did.)
            return events.isEmpty() ? null : ImmutableList.copyOf(events);
        }
        return events.isEmpty() ? null : ImmutableList.copyOf(events);
    }

    private void performOnVm(Operation operation, ImmutableMap<Field, Object> args) {
        switch (operation) {
            case CREATE_VCPU -> vm.createVcpu(number(args, Field.VCPU));
            case SET_VM_TSC_KHZ -> vm.setVmTscKhz(number(args, Field.KHZ));
            case GET_VM_TSC_KHZ -> vm.getVmTscKhz();
            case BEGIN_SET_CLOCK -> vm.beginSetClock();
            case SET_CLOCK ->
                vm.setClock(word(args, Field.CLOCK), number(args, Field.FLAGS), word(args, Field.REALTIME));
            case BEGIN_GET_CLOCK -> vm.beginGetClock();
            case GET_CLOCK -> vm.getClock();
            case HOST_CLOCKSOURCE -> host.setTscClocksource(flag(args, Field.IS_TSC));
            case HOST_TSC_UNSTABLE -> host.markTscUnstable();
            case HOST_RESUMES -> host.resume(word(args, Field.MISSING), word(args, Field.NS) - host.baseNs());
            default -> throw new UnsupportedOperationException(operation.specName());
        }
    }

    private void performOnVcpu(Operation operation, ImmutableMap<Field, Object> args, X86Vcpu vcpu) {
        switch (operation) {
            case WRITE_TSC -> vcpu.writeTsc(word(args, Field.VALUE));
            case READ_TSC -> vcpu.readTsc();
            case SET_TSC_OFFSET -> vcpu.setTscOffset(word(args, Field.OFFSET));
            case GET_TSC_OFFSET -> vcpu.getTscOffset();
            case SET_TSC_KHZ -> vcpu.setTscKhz(number(args, Field.KHZ));
            case GET_TSC_KHZ -> vcpu.getTscKhz();
            case WRITE_TSC_ADJUST -> vcpu.writeTscAdjust(word(args, Field.VALUE));
            case READ_TSC_ADJUST -> vcpu.readTscAdjust();
            case SET_LAPIC -> vcpu.setLapic(flag(args, Field.DEADLINE_MODE));
            case WRITE_TSC_DEADLINE -> vcpu.writeTscDeadline(word(args, Field.DEADLINE));
            case READ_TSC_DEADLINE -> vcpu.readTscDeadline();
            case WRITE_SYSTEM_TIME -> vcpu.writeSystemTime(flag(args, Field.ACTIVE), flag(args, Field.MOVES));
            case KVMCLOCK_CTRL -> vcpu.kvmclockCtrl();
            case READ_PVCLOCK_PAGE -> vcpu.readPvclockPage();
            case WRITE_PVCLOCK_PAGE ->
                vcpu.writePvclockPage(
                        number(args, Field.VERSION),
                        new PvclockPage.Contents(
                                word(args, Field.TSC_TIMESTAMP),
                                word(args, Field.SYSTEM_TIME),
                                new TimeScale(word(args, Field.MUL), number(args, Field.SHIFT)),
                                number(args, Field.FLAGS)));
            case X86_VCPU_LOAD -> vcpu.load();
            case ASK_FOR_CLOCK_UPDATE -> vcpu.askForClockUpdate();
            case ASK_FOR_MASTERCLOCK_UPDATE -> vcpu.askForMasterclockUpdate();
            case PERFORM_MASTERCLOCK_UPDATE -> vcpu.performMasterclockUpdate();
            case ENTER_GUEST -> vcpu.enterGuest();
            case CANCEL_ENTRY -> vcpu.cancelEntry();
            case REENTER_GUEST -> vcpu.reenterGuest();
            case EXIT_GUEST -> vcpu.exitGuest();
            case TIMER_FIRES -> vcpu.timerFires();
            default -> performInGuest(operation, args, vcpu);
        }
    }

    private void performInGuest(Operation operation, ImmutableMap<Field, Object> args, X86Vcpu vcpu) {
        switch (operation) {
            case GUEST_READ_TSC -> vcpu.guestReadTsc();
            case GUEST_WRITE_TSC -> vcpu.guestWriteTsc(word(args, Field.VALUE));
            case GUEST_WRITE_TSC_ADJUST -> vcpu.guestWriteTscAdjust(word(args, Field.VALUE));
            case GUEST_READ_TSC_ADJUST -> vcpu.guestReadTscAdjust();
            case GUEST_SETS_TIMER -> vcpu.guestSetsTimer(flag(args, Field.DEADLINE_MODE), word(args, Field.DEADLINE));
            case GUEST_READ_CLOCK -> vcpu.guestReadClock(requireNonNull(vm.vcpu(number(args, Field.PAGE))));
            case GUEST_CLEARS_STOPPED -> vcpu.guestClearsStopped();
            case GUEST_WRITE_SYSTEM_TIME ->
                vcpu.guestWriteSystemTime(flag(args, Field.ACTIVE), flag(args, Field.LEGACY), flag(args, Field.MOVES));
            default -> throw new UnsupportedOperationException(operation.specName());
        }
    }

    @Override
    public void compare(State state, Comparison comparison) {
        X86Shown shown = new X86Shown(vm);
        comparison.word(HOST_TSC, state, host.rdtsc());
        comparison.word(HOST_NS, state, host.baseNs());
        comparison.word(HOST_REALTIME, state, host.realtime());
        comparison.flag(TSC_CLOCKSOURCE, state, host.tscClocksource());
        comparison.flag(TSC_UNSTABLE, state, host.tscUnstable());
        comparison.shown(X86Vm.SHOWN, shown, state, 0);
        X86Vm.Unshown unshown = vm.unshown();
        comparison.flag(SET_CLOCK_BEGUN, state, unshown.setClockBegun());
        atMostOne(CLOCK_TAKEN, -1, setIn(state, CLOCK_TAKEN), CLOCK, unshown.clockTaken(), comparison);
        atMostOne(LAST_CLOCK, -1, setIn(state, LAST_CLOCK), CLOCK, unshown.guestLastClock(), comparison);
        Value deadlines = requireNonNull(state.lookup(TSC_DEADLINE));
        Value modes = requireNonNull(state.lookup(TSC_DEADLINE_MODE));
        Value entering = requireNonNull(state.lookup(ENTERING));
        int known = 0;
        if (deadlines instanceof FcnRcdValue function) {
            Value[] domain = function.getDomainAsValues();
            for (int i = 0; i < domain.length; i++) {
                X86Vcpu vcpu = shown.vcpu(((IntValue) domain[i]).val);
                if (vcpu != null) {
                    known++;
                    timer(vcpu, (SetEnumValue) function.values[i], comparison);
                    comparison.flag(
                            TSC_DEADLINE_MODE,
                            vcpu.index(),
                            "",
                            modes.member(domain[i]),
                            vcpu.timer().deadlineMode());
                    comparison.flag(ENTERING, vcpu.index(), "", entering.member(domain[i]), vcpu.entering());
                    // Its KVM_RUN holds the vCPU's mutex, and nothing else does between two operations.
                    comparison.flag(MUTEX, vcpu.index(), "", vcpu.inGuest() || vcpu.entering(), vcpu.isMine());
                }
            }
        }
        comparison.flag(
                TSC_DEADLINE, -1, " has all vCPUs", true, known == vm.vcpus().size());
    }

    private static SetEnumValue setIn(State state, UniqueString variable) {
        return (SetEnumValue) requireNonNull(state.lookup(variable));
    }

    /** Compares a set of at most one element, a word or a record with one, with a word or null. */
    private static void atMostOne(
            UniqueString variable,
            int index,
            SetEnumValue set,
            UniqueString field,
            @Nullable Long java,
            Comparison comparison) {
        comparison.flag(variable, index, " is there", set.elems.size() == 1, java != null);
        if (set.elems.size() == 1 && java != null) {
            Value element = set.elems.elementAt(0);
            Value word = element instanceof RecordValue record ? Comparison.part(record, field) : element;
            comparison.word(variable, index, "", word, java);
        }
    }

    private static void timer(X86Vcpu vcpu, SetEnumValue armed, Comparison comparison) {
        long deadline = vcpu.timer().deadline();
        atMostOne(TSC_DEADLINE, vcpu.index(), armed, DEADLINE, deadline == 0 ? null : (Long) deadline, comparison);
        if (armed.elems.size() == 1 && deadline != 0) {
            Value offset = Comparison.part((RecordValue) armed.elems.elementAt(0), OFFSET);
            comparison.word(
                    TSC_DEADLINE, vcpu.index(), ".offset", offset, vcpu.timer().armedOffset());
            Value ratio = Comparison.part((RecordValue) armed.elems.elementAt(0), RATIO);
            comparison.number(
                    TSC_DEADLINE, vcpu.index(), ".ratio", ratio, vcpu.timer().armedRatio());
        }
    }
}
