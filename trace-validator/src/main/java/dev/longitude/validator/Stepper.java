package dev.longitude.validator;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.List;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/** Takes the actions that events name, from states of the specification. */
final class Stepper {
    private static final String VM = "vm";

    /** The slowest counter that there is ticks as often. */
    private static final long FEWEST_TICKS_PER_SECOND = 1_000_000;

    private final Specification specification;
    private final TraceHeader header;
    private final Instants instants;
    private final Readings readings;
    private final Looseness looseness;
    private final boolean doubts;
    private final boolean keepsWitness;

    /** What the host's counter is called. */
    private final String counter;

    Stepper(TraceHeader header, boolean doubts, boolean keepsWitness, Hints hints) {
        boolean x86 = header.arch() == Arch.X86;
        this.specification = Specification.of(header.arch());
        this.header = header;
        this.instants = x86 ? new Moments(specification, header, doubts, hints) : new CounterMoments(specification);
        this.counter = x86 ? "hostTsc" : CounterMoments.COUNTER;
        this.readings = new Readings(specification, header, counter);
        this.looseness = new Looseness(this, header.arch());
        this.doubts = doubts;
        this.keepsWitness = keepsWitness;
    }

    Specification specification() {
        return specification;
    }

    String counter() {
        return counter;
    }

    Instants instants() {
        return instants;
    }

    /** When an event may have happened, from a state on. */
    Instants.Candidates candidates(TraceEvent event, State state) {
        return instants.of(event, state);
    }

    /** What an event may have been, in a state. */
    Readings.Read readings(TraceEvent event, State state) {
        return readings.of(event, state);
    }

    /** The state when the host's clocks have come there; none if they cannot. */
    List<State> reach(Instants.Moment moment, State state) {
        return instants.reach(moment, state);
    }

    List<State> reach(Instants.Moment moment, List<State> states) {
        return states.stream().flatMap(s -> reach(moment, s).stream()).toList();
    }

    /** The states after an event whose arguments are known, from a state at its instant. */
    List<State> nexts(TraceEvent event, State now) {
        return specification.step(event.operation().specName(), args(event), now);
    }

    List<State> nexts(TraceEvent event, List<State> now) {
        return now.stream().flatMap(s -> nexts(event, s).stream()).toList();
    }

    /**
     * What an event led to.
     *
     * @param now the state that it came from, at its instant
     * @param moment the instant
     */
    Possible then(Possible from, State now, State next, TraceEvent event, Instants.Moment moment) {
        return from.then(
                next,
                at(event, moment),
                false,
                doubts ? looseness.after(event, from, now, next) : ImmutableSet.of(),
                keepsWitness);
    }

    /**
     * What a silent step led to.
     *
     * @param silent what is known of it: between which instants it was
     * @param step the same at the instant that was tried
     */
    Possible thenSilently(Possible from, State now, State next, TraceEvent silent, TraceEvent step) {
        return from.then(
                next,
                step,
                true,
                doubts ? looseness.afterSilent(silent, from, now, next) : ImmutableSet.of(),
                keepsWitness);
    }

    /** Whether an event may have done something else somewhere in its interval than at both ends. */
    boolean mayLeap(TraceEvent event) {
        return Instants.mayLeap(
                event, header.arch() == Arch.X86 ? 1_000L * header.x86().tscKhz() : FEWEST_TICKS_PER_SECOND);
    }

    /** Whether an instant that nothing tells is reason to doubt. */
    boolean doubts() {
        return doubts;
    }

    Looseness looseness() {
        return looseness;
    }

    /** An event at a moment. */
    TraceEvent at(TraceEvent event, Instants.Moment moment) {
        if (header.arch() == Arch.ARM64) {
            return event.at(HostTime.exactly(moment.tsc()));
        }
        return event.at(new HostTime(
                Interval.exactly(moment.tsc()),
                Interval.exactly(moment.ns()),
                Interval.exactly(moment.realtime()),
                moment.nsTsc() == moment.tsc() ? null : (Long) moment.nsTsc()));
    }

    /** The host's clocks in a state. */
    HostTime now(State state) {
        long now = Words64.bits(specification.look(counter, state));
        return header.arch() == Arch.X86
                ? HostTime.exactly(
                        now,
                        Words64.bits(specification.look("hostNs", state)),
                        Words64.bits(specification.look("hostRealtime", state)))
                : HostTime.exactly(now);
    }

    /** The arguments of the event's action. */
    ImmutableMap<String, Value> args(TraceEvent event) {
        TlaValues values = new TlaValues(header.arch(), event.vm());
        ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
        event.args().forEach((field, value) -> args.put(field.name(), values.of(field.kind(), value)));
        return args.put(VM, IntValue.gen(event.vm())).buildOrThrow();
    }

    /** The first state of an arm64 host, when its counter is there. */
    State newHost(long now) {
        TraceHeader.Arm64 host = header.arm64();
        return specification.initially(
                "NewHost",
                ImmutableMap.of(
                        "switches", Specification.switches(header.kernel()),
                        "isVhe", flag(host.vhe()),
                        "hasEcv", flag(host.ecv()),
                        "pcpus", IntValue.gen(host.pcpus()),
                        "counter", Words64.word(now)));
    }

    /** The first states of a VM on x86 that an event creates, each at a moment. */
    List<Possible> newVm(TraceEvent event) {
        return ((Moments) instants)
                .ofCreation(event).stream()
                        .map(moment -> {
                            State state = newVm(moment);
                            return Possible.first(
                                    state,
                                    at(event, moment),
                                    doubts
                                            ? looseness.afterCreation(
                                                    event, state, newVm(looseness.putOff(event, moment)))
                                            : ImmutableSet.of());
                        })
                        .toList();
    }

    private State newVm(Instants.Moment moment) {
        TraceHeader.X86 host = header.x86();
        return specification.initially(
                "NewVm",
                ImmutableMap.of(
                        "switches", Specification.switches(header.kernel()),
                        "khz", IntValue.gen(host.tscKhz()),
                        "fracBits", IntValue.gen(host.tscFracBits()),
                        "clocksourceIsTsc", flag(host.tscClocksource()),
                        "unstable", flag(host.tscUnstable()),
                        "tsc", Words64.word(moment.tsc()),
                        "ns", Words64.word(moment.ns()),
                        "realtime", Words64.word(moment.realtime())));
    }

    private static Value flag(boolean value) {
        return value ? BoolValue.ValTrue : BoolValue.ValFalse;
    }
}
