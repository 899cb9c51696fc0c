package dev.longitude.validator;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Arm64Specification;
import dev.longitude.spec.Specification;
import dev.longitude.spec.Variable;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/** A host on arm64: one state of all its VMs, since they share the CPUs' registers. */
final class Arm64Platform implements Platform {
    private final TraceHeader header;
    private final Arm64Specification specification;

    Arm64Platform(TraceHeader header, Arm64Specification specification) {
        this.header = header;
        this.specification = specification;
    }

    @Override
    public Specification specification() {
        return specification;
    }

    @Override
    public boolean begins(TraceEvent event) {
        return false;
    }

    @Override
    public boolean isThereBefore() {
        return true;
    }

    /** (All VMs have one state.) */
    @Override
    public boolean vmsStandInOrder() {
        return false;
    }

    @Override
    public Set<Integer> vms(TraceEvent event, State state) {
        Set<Integer> vms = new TreeSet<>();
        SetEnumValue online =
                (SetEnumValue) specification.look(StateVariable.ONLINE, state).toSetEnum();
        for (Value vcpu : online.elems.toArray()) {
            vms.add(((IntValue) ((TupleValue) vcpu).elems[0]).val);
        }
        vms.add(event.vm());
        return vms;
    }

    @Override
    public ImmutableSet<StateVariable> vcpuSets() {
        return Sets.immutableEnumSet(StateVariable.ONLINE, StateVariable.CREATING);
    }

    @Override
    public Variable counter() {
        return Arm64Specification.CNTPCT;
    }

    @Override
    public boolean isExact(TraceEvent event) {
        return event.counter().isExact();
    }

    @Override
    public Clocks exactly(TraceEvent event, State before) {
        return new Clocks(Words64.wordLike(
                Arm64Specification.CNTPCT.in(before), event.counter().lo()));
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // (see exactly)
    public boolean isAt(Clocks clocks, State state) {
        return clocks.counter() == Arm64Specification.CNTPCT.in(state);
    }

    @Override
    public Clocks unknown(TraceEvent event, State before, Store store) {
        return new Clocks(X86Platform.within(event.counter(), store));
    }

    @Override
    public boolean leavesBaseClock(Clocks clocks) {
        return false;
    }

    @Override
    public Clocks withBaseClock(Clocks clocks, TraceEvent event, State before, Store store) {
        return clocks;
    }

    @Override
    public State withoutBaseClock(State state) {
        return state;
    }

    @Override
    public State restored(State state, State before) {
        return state;
    }

    @Override
    public TraceEvent filled(TraceEvent event, State before) {
        return event;
    }

    @Override
    public ActionCall passing(Clocks clocks) {
        return specification.timePasses(clocks.counter());
    }

    @Override
    public boolean readsClocks(TraceEvent event, Clocks clocks, State before, State after, Store store) {
        return true;
    }

    @Override
    public HostTime when(Clocks clocks, ToLongFunction<Value> known) {
        return HostTime.exactly(known.applyAsLong(clocks.counter()));
    }

    @Override
    public Clocks now(State state) {
        return new Clocks(Arm64Specification.CNTPCT.in(state));
    }

    @Override
    public State at(Clocks clocks, State state) {
        return Arm64Specification.CNTPCT.set(state, clocks.counter());
    }

    @Override
    public State first(Clocks clocks, TraceHeader.Host found) {
        return specification.newHost(header.kernel(), (TraceHeader.Arm64) found, clocks.counter());
    }

    @Override
    public Clocks atFirst(TraceEvent event, Store store) {
        return new Clocks(Words64.word(event.counter().lo()));
    }
}
