package dev.longitude.validator;

import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.Conversion;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.evaluator.Words64;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Specification;
import dev.longitude.spec.Variable;
import dev.longitude.spec.X86Specification;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.Value;

/** A host on x86: each VM has a state of its own, with the host's clocks in it. */
final class X86Platform implements Platform {
    /** The operations whose outcome depends on CLOCK_REALTIME. */
    private static final ImmutableSet<Operation> BY_REALTIME =
            ImmutableSet.of(Operation.GET_CLOCK, Operation.SET_CLOCK);

    /**
     * The base clock may advance between two events by at most four times what the TSC shows, plus this, ns: 73
     * minutes. It bounds the unknowns, and is wider than the error of any clocksource.
     */
    private static final long MOST_NS = 1L << 42;

    private static final int FASTER = 4;

    /** The latest CLOCK_REALTIME, ns: in the year 2043. */
    private static final long LATEST_REALTIME = 1L << 61;

    private final TraceHeader header;
    private final X86Specification specification;
    private final boolean showsBaseClock;
    private final int hostTsc;
    private final int hostNs;
    private final int hostRealtime;

    X86Platform(TraceHeader header, X86Specification specification, boolean showsBaseClock) {
        this.header = header;
        this.specification = specification;
        this.showsBaseClock = showsBaseClock;
        this.hostTsc = X86Specification.HOST_TSC.place();
        this.hostNs = X86Specification.HOST_NS.place();
        this.hostRealtime = X86Specification.HOST_REALTIME.place();
    }

    @Override
    public Specification specification() {
        return specification;
    }

    @Override
    public boolean begins(TraceEvent event) {
        return event.operation() == Operation.CREATE_VM;
    }

    @Override
    public boolean isThereBefore() {
        return false;
    }

    @Override
    public boolean vmsStandInOrder() {
        return showsBaseClock && !header.threads();
    }

    @Override
    public Set<Integer> vms(TraceEvent event, State state) {
        return Set.of(event.vm());
    }

    @Override
    public ImmutableSet<StateVariable> vcpuSets() {
        return ImmutableSet.of(StateVariable.ONLINE);
    }

    @Override
    public Variable counter() {
        return X86Specification.HOST_TSC;
    }

    @Override
    public boolean isExact(TraceEvent event) {
        HostTime when = event.when();
        return when.counter().isExact()
                && isExact(when.ns())
                && (when.nsCounter() == null || when.nsCounter().isExact())
                && (when.realtime() == null
                        ? !BY_REALTIME.contains(event.operation())
                        : when.realtime().isExact());
    }

    private static boolean isExact(@Nullable Interval interval) {
        return interval != null && interval.isExact();
    }

    @Override
    public Clocks exactly(TraceEvent event, State before) {
        HostTime when = event.when();
        Value tsc = Words64.wordLike(before.at(hostTsc), when.counter().lo());
        Interval realtime = when.realtime();
        return new Clocks(
                tsc,
                when.nsCounter() == null ? tsc : Words64.word(when.nsCounter().lo()),
                Words64.wordLike(
                        before.at(hostNs), Objects.requireNonNull(when.ns()).lo()),
                realtime == null
                        ? X86Specification.HOST_REALTIME.in(before)
                        : Words64.wordLike(before.at(hostRealtime), realtime.lo()));
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // (see exactly)
    public boolean isAt(Clocks clocks, State state) {
        return clocks.areOfOneInstant()
                && clocks.counter() == state.at(hostTsc)
                && clocks.ns() == state.at(hostNs)
                && clocks.realtime() == state.at(hostRealtime);
    }

    @Override
    public Clocks unknown(TraceEvent event, State before, Store store) {
        HostTime when = event.when();
        Value tsc = within(when.counter(), store);
        Interval ns = when.ns();
        Interval realtime = when.realtime();
        return new Clocks(
                tsc,
                when.nsCounter() == null ? tsc : within(when.nsCounter(), store),
                ns == null ? null : within(ns, store),
                !BY_REALTIME.contains(event.operation()) && (realtime == null || !realtime.isExact())
                        ? X86Specification.HOST_REALTIME.in(before) // (it is never read, and may be set at any time)
                        : realtime == null ? between(0, LATEST_REALTIME, store) : within(realtime, store));
    }

    @Override
    public boolean leavesBaseClock(Clocks clocks) {
        return clocks.ns() == null;
    }

    @Override
    public Clocks withBaseClock(Clocks clocks, TraceEvent event, State before, Store store) {
        return clocks.ns() != null
                ? clocks
                : new Clocks(clocks.counter(), clocks.nsCounter(), later(event, before, store), clocks.realtime());
    }

    @Override
    public State withoutBaseClock(State state) {
        return X86Specification.HOST_NS.set(state, SymbolicWord.UNREAD);
    }

    @Override
    public @Nullable State restored(State state, State before) {
        State restored = X86Specification.HOST_NS.set(state, X86Specification.HOST_NS.in(before));
        return Unknowns.isUnreadIn(restored) ? null : restored;
    }

    /**
     * (The TSC that KVM saw last matters only on an unstable TSC, and no line of a log shows that it became unstable.)
     */
    @Override
    public State reduced(State state) {
        if (showsBaseClock || header.x86().tscUnstable()) {
            return state;
        }
        FcnRcdValue last =
                (FcnRcdValue) X86Specification.LAST_GUEST_TSC.in(state).toFcnRcd();
        Value[] nowhere = new Value[last.values.length];
        Arrays.fill(nowhere, Words64.word(0));
        return X86Specification.LAST_GUEST_TSC.set(
                state, new FcnRcdValue(last.getDomainAsValues(), nowhere, last.isNormalized()));
    }

    @Override
    public State since(Candidate candidate) {
        if (candidate.step == null) {
            return candidate.state;
        }
        Clocks last = candidate.step.clocks();
        return last.areOfOneInstant() || leavesBaseClock(last)
                ? candidate.state
                : X86Specification.HOST_TSC.set(candidate.state, last.nsCounter());
    }

    @Override
    public TraceEvent filled(TraceEvent event, State before) {
        HostTime when = event.when();
        if (when.ns() != null || begins(event)) {
            return event;
        }
        long ns = Words64.bits(X86Specification.HOST_NS.in(before));
        if (X86Specification.TSC_CLOCKSOURCE.in(before) == BoolValue.ValTrue) {
            long from = Words64.bits(X86Specification.PACE_TSC.in(before));
            Conversion.Pace pace = new Conversion.Pace(
                    header.x86().clocksourceKhz(), when.counter().lo() - from, 0);
            long least = Words64.bits(X86Specification.PACE_NS.in(before)) + pace.least(0);
            ns = least - ns > 0 ? least : ns;
        }
        return event.at(new HostTime(when.counter(), Interval.exactly(ns), when.realtime()));
    }

    /** A word in an interval. */
    static Value within(Interval interval, Store store) {
        return between(interval.lo(), Math.min(interval.hi() - interval.lo(), MOST_CYCLES), store);
    }

    private static Value between(long from, long width, Store store) {
        return width == 0 ? Words64.word(from) : SymbolicWords.word(from, LinearSum.of(store.unknown(0, width)));
    }

    /** A base clock of which is known only that it is not before that of a state, nor long after. */
    private Value later(TraceEvent event, State before, Store store) {
        Value earlier = X86Specification.HOST_NS.in(before);
        // (KVM may not have read the base clock for long: no longer than since then.)
        Value tsc = X86Specification.PACE_TSC.in(before);
        long cycles = event.counter().hi() - SymbolicWords.constant(tsc) - store.least(SymbolicWords.sum(tsc));
        long most = MOST_NS
                + FASTER
                        * Words64.cyclesToNs(header.x86().clocksourceKhz(), Math.min(Math.max(0, cycles), MOST_CYCLES));
        LinearSum sum = SymbolicWords.sum(earlier);
        long least = store.least(sum);
        long width = Math.min(store.greatest(sum) - least + most, LATEST_REALTIME);
        Value later = between(SymbolicWords.constant(earlier) + least, width, store);
        LinearSum apart = SymbolicWords.sum(later).minus(sum);
        if (!apart.isZero()) {
            store.require(apart, -least, most - least);
        }
        return later;
    }

    @Override
    public ActionCall passing(Clocks clocks) {
        Value realtime = Objects.requireNonNull(clocks.realtime());
        Value ns = clocks.ns();
        if (ns == null) {
            return specification.tscPasses(clocks.counter(), realtime);
        }
        return clocks.areOfOneInstant()
                ? specification.timePasses(clocks.counter(), ns, realtime)
                : specification.timePassesBetweenReads(clocks.counter(), clocks.nsCounter(), ns, realtime);
    }

    /**
     * KVM reads a pair of clocks for the masterclock at one instant: when a page is written by it, and when a vCPU's
     * creation switches it on or off.
     */
    @Override
    public boolean readsClocks(TraceEvent event, Clocks clocks, State before, State after, Store store) {
        if (clocks.areOfOneInstant() || leavesBaseClock(clocks)) {
            return true;
        }
        boolean pair = switch (event.operation()) {
            case ENTER_GUEST, CANCEL_ENTRY, REENTER_GUEST ->
                specification.look(StateVariable.USE_MASTER_CLOCK, after) == BoolValue.ValTrue;
            case CREATE_VCPU ->
                !ValueKey.isSame(
                        specification.look(StateVariable.MASTER_CYCLE_NOW, before),
                        specification.look(StateVariable.MASTER_CYCLE_NOW, after));
            default -> false;
        };
        if (!pair) {
            return true;
        }
        long apart = SymbolicWords.constant(clocks.counter()) - SymbolicWords.constant(clocks.nsCounter());
        LinearSum sum = SymbolicWords.sum(clocks.nsCounter()).minus(SymbolicWords.sum(clocks.counter()));
        return sum.isZero() ? apart == 0 : store.require(sum, apart, apart);
    }

    @Override
    public HostTime when(Clocks clocks, ToLongFunction<Value> known) {
        long tsc = known.applyAsLong(clocks.counter());
        long nsTsc = known.applyAsLong(clocks.nsCounter());
        Value ns = clocks.ns();
        return new HostTime(
                Interval.exactly(tsc),
                ns == null ? null : Interval.exactly(known.applyAsLong(ns)),
                Interval.exactly(known.applyAsLong(Objects.requireNonNull(clocks.realtime()))),
                nsTsc == tsc ? null : Interval.exactly(nsTsc));
    }

    @Override
    public Clocks now(State state) {
        Value tsc = X86Specification.HOST_TSC.in(state);
        return new Clocks(tsc, tsc, X86Specification.HOST_NS.in(state), X86Specification.HOST_REALTIME.in(state));
    }

    @Override
    public State at(Clocks clocks, State state) {
        State counted = X86Specification.HOST_TSC.set(state, clocks.counter());
        State timed = clocks.ns() == null ? counted : X86Specification.HOST_NS.set(counted, clocks.ns());
        return X86Specification.HOST_REALTIME.set(timed, Objects.requireNonNull(clocks.realtime()));
    }

    @Override
    public State first(Clocks clocks, TraceHeader.Host found) {
        return specification.newVm(
                header.kernel(),
                (TraceHeader.X86) found,
                clocks.counter(),
                Objects.requireNonNull(clocks.ns()),
                Objects.requireNonNull(clocks.realtime()));
    }

    /**
     * The origin of a base clock that no event shows is arbitrary: KVM and the guest see only how far it has advanced.
     */
    @Override
    public Clocks atFirst(TraceEvent event, Store store) {
        HostTime when = event.when();
        Value tsc = within(when.counter(), store);
        Interval ns = when.ns();
        Interval realtime = when.realtime();
        return new Clocks(
                tsc,
                tsc,
                ns != null ? within(ns, store) : between(0, showsBaseClock ? LATEST_REALTIME : 0, store),
                realtime == null ? between(0, LATEST_REALTIME, store) : within(realtime, store));
    }
}
