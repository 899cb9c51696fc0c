package dev.longitude.validator;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/** A host on arm64: one state of all its VMs, since they share what a CPU has. */
final class Arm64Platform implements Platform {
    private static final int HOST = -1;
    private static final String COUNTER = "cntpct";

    private final TraceHeader header;
    private final Specification specification;

    Arm64Platform(TraceHeader header, Specification specification) {
        this.header = header;
        this.specification = specification;
    }

    @Override
    public int subject(TraceEvent event) {
        return HOST;
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
        SetEnumValue online = (SetEnumValue)
                specification.look(StateVariable.ONLINE.specName(), state).toSetEnum();
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
    public String counter() {
        return COUNTER;
    }

    @Override
    public boolean isExact(TraceEvent event) {
        return event.counter().isExact();
    }

    @Override
    public Clocks exactly(TraceEvent event, State before) {
        return new Clocks(Words64.wordLike(
                before.lookup(specification.name(COUNTER)), event.counter().lo()));
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // (see exactly)
    public boolean isAt(Clocks clocks, State state) {
        return clocks.counter() == state.lookup(specification.name(COUNTER));
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
    public String passing(Clocks clocks) {
        return "TimePasses";
    }

    @Override
    public Map<String, Value> times(Clocks clocks) {
        return Map.of("counter", clocks.counter());
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
        return new Clocks(specification.look(COUNTER, state));
    }

    @Override
    public State at(Clocks clocks, State state) {
        return Specification.with(state, COUNTER, clocks.counter());
    }

    @Override
    public State first(Clocks clocks, TraceHeader.Host found) {
        TraceHeader.Arm64 host = (TraceHeader.Arm64) found;
        return specification.initially(
                "NewHost",
                ImmutableMap.of(
                        "switches", specification.kernel(header.kernel()),
                        "isVhe", X86Platform.flag(host.vhe()),
                        "hasEcv", X86Platform.flag(host.ecv()),
                        "pcpus", IntValue.gen(host.pcpus()),
                        "counter", clocks.counter()));
    }

    @Override
    public Clocks atFirst(TraceEvent event, Store store) {
        return new Clocks(Words64.word(event.counter().lo()));
    }
}
