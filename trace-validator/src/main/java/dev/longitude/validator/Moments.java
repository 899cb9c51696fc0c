package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.ClockSeen;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import tlc2.tool.impl.Conjuncts;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/**
 * When an event may have happened, by the host's clocks. A trace of the reference implementation says it exactly. A log
 * gives an interval; what it shows of the event's effect, at the event or later, tells more: a counter's value and the
 * offset that it led to, the time stamp of a kvmclock page, what KVM_GET_CLOCK returned. Each is computed back to an
 * instant by an operator of the specification, and is a candidate: the action itself decides. Where nothing tells more,
 * both ends of the interval are tried for what depends on the instant: what does, besides what was observed, is the
 * one-second window, and an answer that is the same at both ends is the answer in between.
 */
final class Moments implements Instants {
    /** The operations whose effect depends on the instant, because they set a counter by value. */
    static final Set<Operation> BY_VALUE =
            Sets.immutableEnumSet(Operation.CREATE_VCPU, Operation.WRITE_TSC, Operation.GUEST_WRITE_TSC);

    /** What sets a counter may set it to where it is: then what the state shows is older, and tells another instant. */
    private static final Set<Operation> MAY_CHANGE_NOTHING =
            Sets.union(BY_VALUE, Set.of(Operation.SET_TSC_OFFSET)).immutableCopy();

    /** See {@link #phases}: a nanosecond is a few cycles. */
    private static final int PHASES = 64;

    private static final int FEW = 2;

    /** So far at most is a read's instant looked for, cycles: for months. */
    private static final long MOST_CYCLES = 1L << 54;

    /** How far off an instant that is computed from nanoseconds can be, cycles. */
    private static final int NEAR = 8;

    /** How far around the instant that bisection finds the exact one is looked for, cycles. */
    private static final int NEIGHBOURHOOD = 64;

    /** What shows where the guest's TSC was when KVM read it. */
    private static final ImmutableList<StateVariable> READ_BY_KVM = ImmutableList.of(
            StateVariable.LAST_GUEST_TSC, StateVariable.PVCLOCK_TSC_TIMESTAMP, StateVariable.LAST_TSC_WRITE);

    /** KVM_CLOCK_REALTIME. */
    static final int HAS_REALTIME = 4;

    private static final String HOST_TSC = "hostTsc";
    private static final String HOST_NS = "hostNs";
    private static final String HOST_REALTIME = "hostRealtime";

    /** (A state is one VM's.) */
    private static final TlaValues ANY_VM = new TlaValues(Arch.X86, 0);

    private final Specification specification;
    private final TraceHeader header;
    private final boolean goesByState;
    private final Hints hints;
    private final BaseClock baseClock;

    /**
     * The moments of a trace's events.
     *
     * @param goesByState whether what is observed of the state tells instants too; in a recording, of which little of the
     *     state is observed, the importer has found them
     * @param hints of a recording: what the base clock may have been at its writes
     */
    Moments(Specification specification, TraceHeader header, boolean goesByState, Hints hints) {
        this.specification = specification;
        this.header = header;
        this.goesByState = goesByState;
        this.hints = hints;
        this.baseClock = new BaseClock(specification);
    }

    /** The moments at which a VM may have been created. */
    Set<Moment> ofCreation(TraceEvent event) {
        HostTime when = event.when();
        long ns = when.ns() == null ? 0 : when.ns().lo();
        long realtime = when.realtime() == null ? 0 : when.realtime().lo();
        Interval within = when.counter();
        // (kvmclock begins with the VM, at 0.)
        if (event.state().get(StateVariable.KVMCLOCK_OFFSET) instanceof Long offset) {
            ns = -offset;
        }
        if (header.x86().tscClocksource()
                && event.state().get(StateVariable.MASTER_CYCLE_NOW) instanceof Long tsc
                && within.contains(tsc)) {
            return Set.of(new Moment(tsc, ns, realtime));
        }
        for (ClockSeen seen : event.revealedClocks()) {
            // (Both ends are the same for what was seen exactly.)
            long lo = nearest(within, creation(seen, seen.tsc().lo()));
            long hi = nearest(within, creation(seen, seen.tsc().hi()));
            within = new Interval(lo, hi);
        }
        return Set.of(new Moment(middle(within), ns, realtime));
    }

    private long creation(ClockSeen seen, long tsc) {
        return bits(
                "InstantOfCreation",
                State.EMPTY,
                Map.of(
                        "khz", IntValue.gen(header.x86().tscKhz()),
                        "tsc", Words64.word(hostTscOf(seen, tsc)),
                        "clock", Words64.word(seen.clock())));
    }

    private static long nearest(Interval within, long tsc) {
        if (within.contains(tsc)) {
            return tsc;
        }
        return tsc - within.lo() < 0 ? within.lo() : within.hi();
    }

    /** The host's TSC when a clock was seen; a page's time stamp is the guest's. */
    private long hostTscOf(ClockSeen seen, long tsc) {
        return seen.from() == ClockSeen.From.PAGE ? instantOfWrite(tsc, seen.offset()) : tsc;
    }

    private long hostTscOf(ClockSeen seen) {
        return hostTscOf(seen, seen.tsc().lo());
    }

    @Override
    public Candidates of(TraceEvent event, State state) {
        Interval within = event.counter();
        long now = hostTsc(state);
        if (!within.isExact() && within.contains(now)) {
            within = new Interval(now, within.hi());
        }
        if (within.isExact() && event.when().ns() != null) {
            return new Candidates(Set.of(plain(event, state, within.lo())), false, false);
        }
        Set<Moment> implied = new LinkedHashSet<>();
        imply(event, state, within, implied);
        if (goesByState) {
            int told = implied.size();
            implyByState(event, state, within, implied);
            if (implied.size() > told) {
                // (What the state shows anew may be older than the event, such as when the masterclock's instant was.)
                implied.add(plain(event, state, within.lo()));
            }
        }
        Interval bounds = within;
        implied.removeIf(m -> !bounds.contains(m.tsc()) || !mayBe(event.when(), m));
        if (!implied.isEmpty()) {
            if (goesByState && MAY_CHANGE_NOTHING.contains(event.operation())) {
                implied.add(plain(event, state, within.lo()));
            }
            return new Candidates(implied, true, false);
        }
        boolean open = !within.isExact() && BY_VALUE.contains(event.operation());
        Set<Moment> moments = new LinkedHashSet<>();
        moments.add(plain(event, state, within.lo()));
        if (open) {
            moments.add(plain(event, state, within.hi()));
        }
        return new Candidates(moments, false, open);
    }

    @Override
    public Moment earliest(TraceEvent event, State state) {
        long now = hostTsc(state);
        return plain(
                event,
                state,
                event.counter().contains(now) ? now : event.counter().lo());
    }

    private static boolean mayBe(HostTime when, Moment moment) {
        return (when.ns() == null || when.ns().contains(moment.ns()))
                && (when.realtime() == null || when.realtime().contains(moment.realtime()));
    }

    /** The moment at {@code tsc} of which nothing else is known: the least that the base clock can be. */
    private Moment plain(TraceEvent event, State state, long tsc) {
        HostTime when = event.when();
        if (when.ns() != null && when.ns().isExact()) {
            return new Moment(tsc, when.ns().lo(), realtime(when, state));
        }
        // (Nothing keeps another clock than the TSC from standing still.)
        long ns = goesItsOwnWay(state)
                ? look(HOST_NS, state)
                : bits("EarliestNs", state, Map.of("tsc", Words64.word(tsc)));
        if (when.ns() != null && when.ns().lo() - ns > 0) {
            ns = when.ns().lo();
        }
        return new Moment(tsc, ns, realtime(when, state));
    }

    private long realtime(HostTime when, State state) {
        return when.realtime() == null
                ? look(HOST_REALTIME, state)
                : when.realtime().lo();
    }

    private void imply(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        switch (event.operation()) {
            case CREATE_VCPU -> implyWrite(event, state, within, 0, implied);
            case WRITE_TSC, GUEST_WRITE_TSC -> implyWrite(event, state, within, (long) event.arg(Field.VALUE), implied);
            case SET_TSC_OFFSET -> {
                long offset = (long) event.arg(Field.OFFSET);
                implyOpened(event, state, within, tsc -> tsc + offset, implied);
                if (!implied.isEmpty() && !goesItsOwnWay(state)) {
                    implied.add(plain(event, state, within.lo()));
                }
            }
            case READ_TSC, GUEST_READ_TSC -> {
                Object value = event.results().get(Field.VALUE);
                if (value != null && vcpuOnline(event, state)) {
                    implied.add(plain(event, state, instantOfRead(event, state, within, (long) value)));
                }
            }
            case GUEST_READ_CLOCK -> implyClockRead(event, state, within, implied);
            case BEGIN_GET_CLOCK ->
                event.revealedClocks().forEach(seen -> implyClock(event, state, within, seen.clock(), implied));
            case GET_CLOCK -> implyGetClock(event, state, within, implied);
            case ENTER_GUEST, REENTER_GUEST -> implyEntry(event, state, within, implied);
            case LOAD_VCPU -> implyLoad(event, state, within, implied);
            case TAKE_HOST_TSC -> {
                for (ClockSeen seen : event.revealedClocks()) {
                    if (seen.from() == ClockSeen.From.PAGE) {
                        implied.add(plain(event, state, hostTscOf(seen)));
                    }
                }
            }
            case SET_CLOCK -> {
                implySetClock(event, state, within, implied);
                if (goesItsOwnWay(state)) {
                    implied.add(plain(event, state, within.lo()));
                    implied.addAll(baseClock.clockSet(event, state, within, realtime(event.when(), state)));
                }
            }
            default -> {
                // The rest does not depend on the instant: an offset that is set is the same line at any time.
            }
        }
    }

    /** A load on an unstable TSC, that went on from where KVM had seen the TSC last. */
    private void implyLoad(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        if (header.x86().tscFracBits() != 0) {
            bisect(event, state, within, implied);
        } else if (vcpuOnline(event, state)
                && part(event.state().get(StateVariable.TSC_OFFSET), event) instanceof Long offset) {
            long tsc = bits(
                    "InstantOfLoad", state, Map.of("vcpu", IntValue.gen(event.vcpu()), "offset", Words64.word(offset)));
            implied.add(plain(event, state, tsc));
        }
    }

    /** A write of {@code value}: what later events tell of the base clock that it read, tells it. */
    private void implyWrite(TraceEvent event, State state, Interval within, long value, Set<Moment> implied) {
        boolean free = goesItsOwnWay(state);
        long realtime = realtime(event.when(), state);
        for (long offset : offsets(event)) {
            long tsc = instantOfWrite(value, offset);
            if (within.contains(tsc)) {
                implyOpened(event, state, Interval.exactly(tsc), t -> value, implied);
            }
            if (!free) {
                implied.add(plain(event, state, tsc));
            } else if (specification.look("tscUnstable", state) == BoolValue.ValTrue) {
                implied.addAll(baseClock.joined(event, state, within, offset, value, realtime));
            }
        }
    }

    /** A write that opened a generation, by what is caught up with it later. */
    private void implyOpened(
            TraceEvent event, State state, Interval within, LongUnaryOperator valueAt, Set<Moment> implied) {
        long realtime = realtime(event.when(), state);
        boolean free = goesItsOwnWay(state);
        if (free) {
            implied.addAll(baseClock.opened(event, state, within, valueAt, realtime));
        } else if (!goesByState) {
            implied.addAll(baseClock.openedInACall(event, state, within, valueAt, realtime));
        }
        for (long ns : hints.of(event)) {
            implied.addAll(baseClock.hinted(event, state, within, ns, realtime, free));
        }
    }

    /** Whether the host's clocksource is not its TSC. */
    private boolean goesItsOwnWay(State state) {
        return specification.look("tscClocksource", state) != BoolValue.ValTrue;
    }

    /** The offsets that the event, or later ones, show its vCPU to have had after it. */
    private Set<Long> offsets(TraceEvent event) {
        Set<Long> offsets = new LinkedHashSet<>(event.revealedOffsets());
        if (goesByState
                && event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> seen
                && seen.get(event.vcpu()) instanceof Long offset) {
            offsets.add(offset);
        }
        return offsets;
    }

    /** What is observed of the state after the event and was otherwise before it: the books keep when that was. */
    private void implyByState(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        long realtime = realtime(event.when(), state);
        Set<Long> tscs = new LinkedHashSet<>();
        implied.forEach(m -> tscs.add(m.tsc()));
        if (changed(StateVariable.MASTER_CYCLE_NOW, event, state) instanceof Long tsc) {
            tscs.add(tsc);
        }
        for (StateVariable read : READ_BY_KVM) {
            if (changed(read, event, state) instanceof Long value && vcpuOnline(event, state)) {
                tscs.add(instantOfRead(event, state, within, value));
                offsets(event).forEach(o -> tscs.add(instantOfWrite(value, o)));
            }
        }
        Set<Long> base = new LinkedHashSet<>();
        for (StateVariable when : List.of(StateVariable.LAST_TSC_NSEC, StateVariable.MASTER_KERNEL_NS)) {
            if (changed(when, event, state) instanceof Long ns) {
                base.add(ns);
            }
        }
        Object offset =
                event.state().getOrDefault(StateVariable.KVMCLOCK_OFFSET, look(StateVariable.KVMCLOCK_OFFSET, state));
        if (changed(StateVariable.PVCLOCK_SYSTEM_TIME, event, state) instanceof Long time) {
            base.add(time - (long) offset);
        }
        boolean setsClock = event.operation() == Operation.SET_CLOCK;
        if (setsClock && event.state().get(StateVariable.KVMCLOCK_OFFSET) instanceof Long set) {
            // (The clock that was set, or, as far as real time had gone on, more.)
            base.add((long) event.arg(Field.CLOCK) - set);
            base.add(plain(event, state, within.lo()).ns());
        }
        for (long ns : base) {
            if (setsClock) {
                realtime = realtimeOf(event, (long) offset + ns);
            }
            for (long tsc : tscs) {
                implied.add(new Moment(tsc, ns, realtime));
            }
            long near = bits("InstantOfNs", state, Map.of("ns", Words64.word(ns)));
            implied.add(new Moment(within.lo(), ns, realtime));
            if (!within.isExact()) {
                implied.add(new Moment(within.hi(), ns, realtime));
                for (long tsc = near - NEAR; tsc - near <= NEAR; tsc++) {
                    implied.add(new Moment(tsc, ns, realtime));
                }
            }
        }
        tscs.forEach(tsc -> implied.add(plain(event, state, tsc)));
    }

    /** The observed value of a variable, or of the event's vCPU's part of it, if it is another than before the event. */
    private @Nullable Object changed(StateVariable variable, TraceEvent event, State state) {
        Object seen = part(event.state().get(variable), event);
        return seen == null || seen.equals(part(look(variable, state), event)) ? null : seen;
    }

    private static @Nullable Object part(@Nullable Object value, TraceEvent event) {
        return value instanceof Map<?, ?> parts ? parts.get(event.vcpu()) : value;
    }

    /** When the vCPU's TSC reads {@code value}; where a host scales, that is looked for within an interval. */
    private long instantOfRead(TraceEvent event, State state, Interval within, long value) {
        return header.x86().tscFracBits() == 0
                ? bits(
                        "InstantOfRead",
                        state,
                        Map.of(Field.VCPU.name(), IntValue.gen(event.vcpu()), "value", Words64.word(value)))
                : first(within, tsc -> guestTsc(event, state, tsc) - value >= 0);
    }

    /** When the vCPU reads {@code clock} from a page, about. */
    private long instantOfClockRead(TraceEvent event, State state, Interval within, long clock) {
        Value page = IntValue.gen((int) event.arg(Field.PAGE));
        if (header.x86().tscFracBits() == 0) {
            return bits(
                    "InstantOfClockRead",
                    state,
                    Map.of(
                            Field.VCPU.name(),
                            IntValue.gen(event.vcpu()),
                            Field.PAGE.name(),
                            page,
                            "clock",
                            Words64.word(clock)));
        }
        Value contents = ((FcnRcdValue) specification.look("pvclock", state).toFcnRcd()).select(page);
        return first(within, tsc -> {
            Value guestTsc = Words64.word(guestTsc(event, state, tsc));
            return bits("PageReading", state, Map.of("p", contents, "tsc", guestTsc)) - clock >= 0;
        });
    }

    /** The first instant of an interval from which on something is true; its end if it is not there either. */
    private static long first(Interval within, LongPredicate isTrue) {
        long lo = within.lo();
        long hi = within.hi() - lo > MOST_CYCLES ? lo + MOST_CYCLES : within.hi();
        while (hi - lo > 0) {
            long middle = lo + ((hi - lo) >>> 1);
            if (isTrue.test(middle)) {
                hi = middle;
            } else {
                lo = middle + 1;
            }
        }
        return lo;
    }

    private long guestTsc(TraceEvent event, State state, long tsc) {
        return bits("GuestTsc", Specification.with(state, HOST_TSC, Words64.word(tsc)), on(event));
    }

    private void implyClockRead(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        if (!(event.results().get(Field.CLOCK) instanceof Long clock)
                || !vcpuOnline(event, state)
                || !((Set<?>) look(StateVariable.ONLINE, state)).contains(event.arg(Field.PAGE))) {
            return;
        }
        long near = instantOfClockRead(event, state, within, clock);
        for (long tsc = near - NEAR; tsc - near <= NEAR; tsc++) {
            implied.add(plain(event, state, tsc));
        }
        if (specification.look("guestLastClock", state).member(Words64.word(clock))) {
            // A guest that would read less than before reads the same again, at any instant until then.
            implied.add(plain(event, state, within.lo()));
        }
    }

    private void implyGetClock(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        Object hostTsc = event.results().get(Field.HOST_TSC);
        Object clock = event.results().get(Field.CLOCK);
        Object realtime = event.results().get(Field.REALTIME);
        if (hostTsc != null && (long) hostTsc != 0) {
            Moment plain = plain(event, state, (long) hostTsc);
            implied.add(
                    realtime == null || (long) realtime == 0
                            ? plain
                            : new Moment(plain.tsc(), plain.ns(), (long) realtime));
        } else if (clock != null) {
            implyClock(event, state, within, (long) clock, implied);
        }
    }

    /** A look at kvmclock by the base clock. */
    private void implyClock(TraceEvent event, State state, Interval within, long clock, Set<Moment> implied) {
        long ns = nsOfClock(clock, state);
        long tsc = !within.isExact() && header.x86().tscClocksource()
                ? bits("InstantOfNs", state, Map.of("ns", Words64.word(ns)))
                : within.lo();
        implied.add(new Moment(tsc, ns, realtime(event.when(), state)));
        long earliest = nearest(within, tsc - NEAR);
        if (Math.abs(earliest - tsc) <= NEAR) {
            implied.add(new Moment(earliest, ns, realtime(event.when(), state)));
        }
    }

    /** An entry that takes the host's clocks, for the masterclock or for a page. */
    private void implyEntry(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        if (specification.eval("TakesClocks", on(event), state) != BoolValue.ValTrue) {
            return;
        }
        boolean tscTaken = specification.look("tscTaken", state).size() > 0;
        boolean free = goesItsOwnWay(state);
        for (ClockSeen seen : event.revealedClocks()) {
            if (seen.from() == ClockSeen.From.PAGE) {
                long ns = nsOfClock(seen.clock(), state);
                long tsc = tscTaken && header.x86().tscClocksource()
                        ? bits("InstantOfNs", state, Map.of("ns", Words64.word(ns)))
                        : hostTscOf(seen);
                implied.add(new Moment(tsc, ns, realtime(event.when(), state)));
            }
        }
        implied.removeIf(m -> !within.contains(m.tsc()));
        if (implied.isEmpty() && free) {
            implied.addAll(baseClock.entered(event, state, within, realtime(event.when(), state)));
        }
        if (implied.isEmpty() && !free) {
            bisect(event, state, within, implied);
        }
        if (implied.isEmpty()) {
            for (long tsc : inPhase(event, state, phases(within))) {
                implied.addAll(byClockSeen(event, state, tsc));
            }
        }
    }

    /** Of some instants those from which most of the KVM_GET_CLOCKs that follow count: a few will do. */
    private List<Long> inPhase(TraceEvent event, State state, List<Long> instants) {
        List<ClockSeen> clocks = event.revealedClocks().stream()
                .filter(seen -> seen.from() == ClockSeen.From.MASTERCLOCK)
                .toList();
        List<Long> best = new ArrayList<>();
        int most = 0;
        for (long tsc : instants) {
            int agreeing = 0;
            long shown = clocks.isEmpty() ? 0 : clockAt(tsc, clocks.get(0), state);
            while (agreeing < clocks.size() && clockAt(tsc, clocks.get(agreeing), state) == shown) {
                agreeing++;
            }
            if (agreeing > most) {
                best.clear();
                most = agreeing;
            }
            if (agreeing == most && best.size() < FEW) {
                best.add(tsc);
            }
        }
        return best;
    }

    private static ImmutableMap<String, Value> on(TraceEvent event) {
        return ImmutableMap.of(Field.VCPU.name(), IntValue.gen(event.vcpu()));
    }

    /**
     * The first instants of an interval, as many as it takes to have all ways in which the kernel's conversions of what
     * has passed since can be rounded.
     */
    private static List<Long> phases(Interval within) {
        List<Long> instants = new ArrayList<>();
        for (int i = 0; i < PHASES; i++) {
            if (within.contains(within.lo() + i)) {
                instants.add(within.lo() + i);
            }
        }
        return instants;
    }

    /** The moments at {@code tsc} that agree with what KVM_GET_CLOCK returned later by the masterclock. */
    private List<Moment> byClockSeen(TraceEvent event, State state, long tsc) {
        List<Moment> moments = new ArrayList<>();
        for (ClockSeen seen : event.revealedClocks()) {
            if (seen.from() == ClockSeen.From.MASTERCLOCK) {
                moments.add(
                        new Moment(tsc, nsOfClock(clockAt(tsc, seen, state), state), realtime(event.when(), state)));
            }
        }
        return moments;
    }

    private void implySetClock(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        for (ClockSeen seen : event.revealedClocks()) {
            if (seen.from() == ClockSeen.From.PAGE && within.contains(hostTscOf(seen))) {
                Moment plain = plain(event, state, hostTscOf(seen));
                implied.add(new Moment(plain.tsc(), plain.ns(), realtimeOf(event, seen.clock())));
                implied.add(plain);
            }
        }
        if (!implied.isEmpty()) {
            return;
        }
        if (!goesItsOwnWay(state)) {
            if (((int) event.arg(Field.FLAGS) & HAS_REALTIME) == 0) {
                implySetClockAtOnce(event, state, within, implied);
            } else {
                implySetClockByRealtime(event, state, within, implied);
            }
        }
        ClockSeen seen = first(event, ClockSeen.From.MASTERCLOCK);
        if (seen == null) {
            ClockSeen page = first(event, ClockSeen.From.PAGE);
            seen = page == null
                    ? first(event, ClockSeen.From.BASE_CLOCK)
                    : new ClockSeen(
                            page.clock(),
                            Interval.exactly(hostTscOf(page, middle(page.tsc()))),
                            0,
                            ClockSeen.From.MASTERCLOCK,
                            -1);
        }
        if (seen == null) {
            return;
        }
        if (seen.from() == ClockSeen.From.BASE_CLOCK) {
            Moment plain = plain(event, state, within.lo());
            long since = plain(event, state, middle(seen.tsc())).ns() - plain.ns();
            implied.add(new Moment(plain.tsc(), plain.ns(), realtimeOf(event, seen.clock() - since)));
            implied.add(plain);
            return;
        }
        // Either the clock was set to what was asked for, and then this tells when ...
        long exactly = bits(
                "InstantOfClock",
                state,
                Map.of(
                        "shown", Words64.word((long) event.arg(Field.CLOCK)),
                        "seenTsc", Words64.word(seen.tsc().lo()),
                        "seenClock", Words64.word(seen.clock())));
        List<Long> near = new ArrayList<>();
        for (long tsc = exactly - NEAR; tsc - exactly <= NEAR; tsc++) {
            if (within.contains(tsc) && clockAt(tsc, seen, state) == (long) event.arg(Field.CLOCK)) {
                near.add(tsc);
            }
        }
        inPhase(event, state, near).forEach(tsc -> implied.add(plain(event, state, tsc)));
        // ... or real time had gone on, and then this tells how far.
        for (long tsc : inPhase(event, state, phases(within))) {
            Moment plain = plain(event, state, tsc);
            implied.add(new Moment(tsc, plain.ns(), realtimeOf(event, clockAt(tsc, seen, state))));
        }
    }

    /** A KVM_SET_CLOCK to just what it says: what kvmclock showed at several later instants tells when it was that. */
    private void implySetClockAtOnce(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        long lo = within.lo();
        long hi = within.hi();
        for (ClockSeen seen : event.revealedClocks()) {
            if (seen.from() != ClockSeen.From.CAUGHT_UP) {
                long since = bits(
                        "CyclesOf",
                        State.EMPTY,
                        Map.of(
                                "khz", IntValue.gen(header.x86().tscKhz()),
                                "ns", Words64.word(seen.clock() - (long) event.arg(Field.CLOCK))));
                long earliest = seen.tsc().lo() - seen.offset() - since - NEAR;
                long latest = seen.tsc().hi() - seen.offset() - since + NEAR;
                lo = earliest - lo > 0 && hi - earliest >= 0 ? earliest : lo;
                hi = latest - hi < 0 && latest - lo >= 0 ? latest : hi;
            }
        }
        implied.add(plain(event, state, middle(new Interval(lo, hi))));
    }

    /** A KVM_SET_CLOCK by real time: what kvmclock showed at several later instants tells what it showed then. */
    private void implySetClockByRealtime(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        Moment plain = plain(event, state, within.lo());
        Interval shown = null;
        for (ClockSeen seen : event.revealedClocks()) {
            boolean before = seen.tsc().lo() - seen.offset() - plain.tsc() < 0;
            if (seen.from() == ClockSeen.From.CAUGHT_UP || before) {
                continue;
            }
            long least = seen.clock() - nsUntil(seen.tsc().hi() - seen.offset(), plain, state);
            long most = seen.clock() - nsUntil(seen.tsc().lo() - seen.offset(), plain, state);
            if (shown == null) {
                shown = new Interval(least, most);
            } else if (most - shown.lo() >= 0 && shown.hi() - least >= 0) {
                shown = new Interval(
                        least - shown.lo() > 0 ? least : shown.lo(), most - shown.hi() < 0 ? most : shown.hi());
            }
        }
        if (shown != null) {
            implied.add(new Moment(plain.tsc(), plain.ns(), realtimeOf(event, middle(shown))));
        }
    }

    /** What passes from a moment to an instant, ns. */
    private long nsUntil(long tsc, Moment from, State state) {
        return bits("NsOf", state, Map.of("cycles", Words64.word(tsc - from.tsc())));
    }

    private static long middle(Interval interval) {
        return interval.lo() + (interval.hi() - interval.lo()) / 2;
    }

    private static @Nullable ClockSeen first(TraceEvent event, ClockSeen.From from) {
        return event.revealedClocks().stream()
                .filter(seen -> seen.from() == from)
                .findFirst()
                .orElse(null);
    }

    /** CLOCK_REALTIME when a KVM_SET_CLOCK made kvmclock show {@code shown}. */
    private long realtimeOf(TraceEvent event, long shown) {
        return bits(
                "RealtimeOf",
                State.EMPTY,
                Map.of(
                        "clock", Words64.word((long) event.arg(Field.CLOCK)),
                        "realtime", Words64.word((long) event.arg(Field.REALTIME)),
                        "shown", Words64.word(shown)));
    }

    /**
     * Where the vCPU's offset after the event was seen, and moves with the instant: the instant that leads to it. The
     * offset rises or falls steadily with the instant, so it is found by halving.
     */
    private void bisect(TraceEvent event, State state, Interval within, Set<Moment> implied) {
        if (!(event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> seen)
                || !(seen.get(event.vcpu()) instanceof Long offset)) {
            return;
        }
        long lo = within.lo();
        long hi = within.hi();
        Long atLo = offsetAfter(event, state, lo);
        Long atHi = offsetAfter(event, state, hi);
        if (atLo == null || atHi == null || atLo - atHi == 0) {
            return;
        }
        boolean rises = atHi - atLo > 0;
        while (hi - lo > 1) {
            long middle = lo + ((hi - lo) >>> 1);
            Long at = offsetAfter(event, state, middle);
            if (at == null) {
                return;
            }
            if (at - offset == 0 || (at - offset > 0) == rises) {
                hi = middle;
            } else {
                lo = middle;
            }
        }
        for (long tsc = hi - NEIGHBOURHOOD; tsc - hi <= NEIGHBOURHOOD; tsc++) {
            Long at = within.contains(tsc) ? offsetAfter(event, state, tsc) : null;
            if (at != null && at - offset == 0) {
                implied.add(best(event, state, tsc));
            }
        }
    }

    private Moment best(TraceEvent event, State state, long tsc) {
        List<Moment> seen = byClockSeen(event, state, tsc);
        return seen.isEmpty() ? plain(event, state, tsc) : seen.get(0);
    }

    private @Nullable Long offsetAfter(TraceEvent event, State state, long tsc) {
        for (State now : reach(best(event, state, tsc), state)) {
            for (State next : specification.step(event.operation().specName(), on(event), now)) {
                return (Long) ((Map<?, ?>) look(StateVariable.TSC_OFFSET, next)).get(event.vcpu());
            }
        }
        return null;
    }

    @Override
    public List<State> reach(Moment moment, State state) {
        if (moment.nsTsc() != moment.tsc()) {
            return specification.step("TimePassesInAWrite", times(moment), state);
        }
        return hostTsc(state) == moment.tsc()
                        && look(HOST_NS, state) == moment.ns()
                        && look(HOST_REALTIME, state) == moment.realtime()
                ? List.of(state)
                : specification.step("TimePasses", times(moment), state);
    }

    @Override
    public Conjuncts.@Nullable Outcome whyNot(TraceEvent event, State state) {
        Moment moment = of(event, state).moments().iterator().next();
        return specification.firstFalse("TimePasses", times(moment), state, State.EMPTY, (name, value) -> "");
    }

    private static ImmutableMap<String, Value> times(Moment moment) {
        return ImmutableMap.of(
                "tsc", Words64.word(moment.tsc()),
                "nsTsc", Words64.word(moment.nsTsc()),
                "ns", Words64.word(moment.ns()),
                "realtime", Words64.word(moment.realtime()));
    }

    private boolean vcpuOnline(TraceEvent event, State state) {
        return ((Set<?>) look(StateVariable.ONLINE, state)).contains(event.vcpu());
    }

    private long instantOfWrite(long value, long offset) {
        return bits(
                "InstantOfWrite",
                State.EMPTY,
                Map.of(Field.VALUE.name(), Words64.word(value), Field.OFFSET.name(), Words64.word(offset)));
    }

    private long nsOfClock(long clock, State state) {
        return bits("NsOfClock", state, Map.of("clock", Words64.word(clock)));
    }

    private long clockAt(long tsc, ClockSeen seen, State state) {
        return bits(
                "ClockAt",
                state,
                Map.of(
                        "tsc", Words64.word(tsc),
                        "seenTsc", Words64.word(seen.tsc().lo()),
                        "clock", Words64.word(seen.clock())));
    }

    private long hostTsc(State state) {
        return look(HOST_TSC, state);
    }

    private Object look(StateVariable variable, State state) {
        return ANY_VM.toTrace(variable.kind(), specification.look(variable.specName(), state));
    }

    private long look(String variable, State state) {
        return Words64.bits(specification.look(variable, state));
    }

    private long bits(String operator, State state, Map<String, Value> args) {
        return Words64.bits(specification.eval(operator, args, state));
    }
}
