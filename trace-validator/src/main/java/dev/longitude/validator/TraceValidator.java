package dev.longitude.validator;

import com.google.common.base.CaseFormat;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tla2sany.st.Location;
import tlc2.tool.TLCState;
import tlc2.tool.impl.Conjuncts;
import tlc2.util.FP64;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Replays a trace against the specification. For each VM (on arm64, where VMs share what a CPU has, for the host) it
 * keeps the set of states that are still possible, and for each event lets time pass to the event's instant, takes the action that the event names, and keeps the successors
 * that agree with what was observed. It never states a rule of its own: what an action does is the specification's.
 *
 * <p>Where only an interval is known for an instant, candidates are tried; see {@link Moments}.
 */
public final class TraceValidator {
    /** The most states that are kept for one VM. */
    static final int MOST_STATES = 4096;

    /** On arm64 all VMs are in one state. */
    private static final int HOST = -1;

    private static final String VM = "vm";
    private static final String REPLY = "reply";
    private static final String PVCLOCK = "pvclock";

    private final Specification specification;
    private final TraceHeader header;
    private final Instants moments;

    /** What the host's counter is called. */
    private final String counter;

    /** The variables that an instant which nobody knows can leave open. */
    private final ImmutableList<StateVariable> offsets;

    private final Map<Integer, List<TLCState>> possible = new HashMap<>();

    /** For each VM where a vCPU's offset may not be among those that were tried: the event that left it open. */
    private final Map<Integer, TraceEvent> guessed = new HashMap<>();

    /** The accepted events in order, if a witness is kept. */
    private final List<TraceEvent> accepted = new ArrayList<>();

    private long events;
    private long determined;
    private long open;
    private final Map<String, TraceEvent> notKept = new LinkedHashMap<>();

    /** Where a state that is possible came from. */
    private record Origin(@Nullable TLCState before, TraceEvent event, Instants.Moment at) {}

    /** Where each state came from that may be part of a witness; null: nobody will ask. */
    private final @Nullable IdentityHashMap<TLCState, Origin> origins;

    /** A validator for one trace. */
    public TraceValidator(TraceHeader header) {
        this(header, false);
    }

    /**
     * A validator for one trace that can give a witness of it; it keeps all states until then.
     *
     * @see #witness()
     */
    public static TraceValidator keepingWitness(TraceHeader header) {
        return new TraceValidator(header, true);
    }

    private TraceValidator(TraceHeader header, boolean keepsWitness) {
        this.origins = keepsWitness ? new IdentityHashMap<>() : null;
        this.specification = Specification.of(header.arch());
        this.header = header;
        boolean x86 = header.arch() == Arch.X86;
        this.moments = x86 ? new Moments(specification, header) : new CounterMoments(specification);
        this.counter = x86 ? "hostTsc" : CounterMoments.COUNTER;
        this.offsets = x86
                ? ImmutableList.of(StateVariable.TSC_OFFSET)
                : ImmutableList.of(
                        StateVariable.VOFFSET,
                        StateVariable.POFFSET,
                        StateVariable.SHADOW_CNTVOFF,
                        StateVariable.SHADOW_CNTPOFF);
    }

    /** Which state an event is about. */
    private int subject(TraceEvent event) {
        return header.arch() == Arch.X86 ? event.vm() : HOST;
    }

    /** Whether an event begins a state, and is no step from one. */
    private boolean begins(TraceEvent event) {
        return header.arch() == Arch.X86 && event.operation() == Operation.CREATE_VM;
    }

    /** Events accepted so far. */
    public long events() {
        return events;
    }

    /** Instants that the log left open and that a revealed offset or a read value made exact. */
    public long instantsDetermined() {
        return determined;
    }

    /** Instants of writes that stayed open: both ends of their interval were tried. */
    public long instantsOpen() {
        return open;
    }

    /** The properties that the trace shows not to be kept, by name, each with the event that shows it first. */
    public ImmutableMap<String, TraceEvent> notKept() {
        return ImmutableMap.copyOf(notKept);
    }

    /**
     * Takes the next event.
     *
     * @return why it is refused, or empty if it conforms; after a refusal the validator is of no further use
     * @throws UndecidedException if too many states are possible, or the event is beyond what the specification has
     */
    public Optional<Refusal> accept(TraceEvent event) throws UndecidedException {
        List<TLCState> before = possible.getOrDefault(subject(event), List.of());
        if (header.arch() == Arch.ARM64 && before.isEmpty()) {
            before = List.of(newHost(event.counter().lo()));
        }
        if (begins(event)) {
            if (!before.isEmpty()) {
                return Optional.of(refusal(event, before, "VM " + event.vm(), "no such VM", "it exists"));
            }
            List<TLCState> created = new ArrayList<>();
            for (Instants.Moment moment : ((Moments) moments).ofCreation(event)) {
                TLCState vm = newVm(moment);
                came(vm, null, event, moment);
                created.add(vm);
            }
            List<TLCState> agreeing = created.stream()
                    .filter(s -> differences(event, s).isEmpty())
                    .toList();
            if (agreeing.isEmpty()) {
                return Optional.of(explain(event, created, created));
            }
            possible.put(subject(event), agreeing);
            count(event);
            return Optional.empty();
        }
        if (before.isEmpty()) {
            return Optional.of(refusal(event, before, "VM " + event.vm(), "created by CreateVm before", "it is not"));
        }
        String leftOut = "NotModelled" + event.operation().specName();
        if (specification.has(leftOut)
                && before.stream().anyMatch(s -> specification.eval(leftOut, args(event), s) == BoolValue.ValTrue)) {
            throw new UndecidedException(events + " events conform to " + header.kernel() + "; event " + (events + 1)
                    + (event.line() > 0 ? " in line " + event.line() : "") + ", " + event.call()
                    + ", is beyond the specification (" + leftOut + ")");
        }
        Step step = step(event, before);
        if (step.after.isEmpty()) {
            TraceEvent guess = guessed.get(subject(event));
            if (guess != null) {
                throw new UndecidedException(events + " events conform to " + header.kernel() + "; event "
                        + (events + 1) + (event.line() > 0 ? " in line " + event.line() : "") + ", " + event.call()
                        + ", does not follow from any instant that was tried for "
                        + (guess.line() > 0 ? "line " + guess.line() + ", " : "") + guess.call()
                        + ", and the log does not tell its instant");
            }
            return Optional.of(explain(event, before, step.reached));
        }
        if (step.open && offsets(step.after).size() > 1) {
            guessed.put(subject(event), event);
        }
        if (step.after.size() > MOST_STATES) {
            throw new UndecidedException("more than " + MOST_STATES + " states are possible after event " + (events + 1)
                    + " (" + event.call() + ")");
        }
        possible.put(subject(event), step.after);
        count(event);
        noteProperties(event, step.after);
        determined += step.determined ? 1 : 0;
        open += step.open ? 1 : 0;
        return Optional.empty();
    }

    private void count(TraceEvent event) {
        events++;
        if (origins != null) {
            accepted.add(event);
        }
    }

    private void came(TLCState state, @Nullable TLCState from, TraceEvent event, Instants.Moment at) {
        if (origins != null) {
            origins.put(state, new Origin(from, event, at));
        }
    }

    /**
     * One behaviour that the trace is of: the events that were accepted, each at an instant.
     *
     * @throws IllegalStateException if this validator does not keep it
     */
    public ImmutableList<TraceEvent> witness() {
        if (origins == null) {
            throw new IllegalStateException("no witness was kept");
        }
        IdentityHashMap<TraceEvent, TraceEvent> exact = new IdentityHashMap<>();
        for (List<TLCState> states : possible.values()) {
            Origin origin = origins.get(states.get(0));
            while (origin != null) {
                exact.put(origin.event, at(origin.event, origin.at));
                origin = origin.before == null ? null : origins.get(origin.before);
            }
        }
        return accepted.stream()
                .map(event -> Objects.requireNonNull(exact.get(event)))
                .collect(ImmutableList.toImmutableList());
    }

    private TraceEvent at(TraceEvent event, Instants.Moment moment) {
        return new TraceEvent(
                event.line(),
                event.vm(),
                header.arch() == Arch.X86
                        ? HostTime.exactly(moment.tsc(), moment.ns(), moment.realtime())
                        : HostTime.exactly(moment.tsc()),
                event.operation(),
                event.args(),
                event.results(),
                event.state());
    }

    /** The offsets in each of some states. */
    private Set<Object> offsets(List<TLCState> states) {
        Set<Object> different = new HashSet<>();
        states.forEach(s -> different.add(offsets.stream()
                .map(v -> specification.look(v.specName(), s).fingerPrint(FP64.New()))
                .toList()));
        return different;
    }

    /** A property is not kept if it is false in every state that is possible. */
    private void noteProperties(TraceEvent event, List<TLCState> states) {
        List<ImmutableMap<String, Boolean>> kept =
                states.stream().map(specification::kept).toList();
        for (String property : kept.get(0).keySet()) {
            if (kept.stream().noneMatch(k -> Boolean.TRUE.equals(k.get(property)))) {
                notKept.putIfAbsent(property, event);
            }
        }
    }

    /**
     * One event from a set of states.
     *
     * @param after the states after it; empty if it is refused
     * @param reached the states at the event's instant, before it
     */
    private record Step(List<TLCState> after, List<TLCState> reached, boolean determined, boolean open) {}

    private Step step(TraceEvent event, List<TLCState> before) {
        Map<Object, TLCState> after = new LinkedHashMap<>();
        List<TLCState> reached = new ArrayList<>();
        boolean determined = false;
        boolean open = false;
        for (TLCState state : before) {
            Instants.Candidates candidates = moments.of(event, state);
            determined |= candidates.implied();
            open |= candidates.open();
            for (Instants.Moment moment : candidates.moments()) {
                for (TLCState now : moments.reach(moment, state)) {
                    reached.add(now);
                    for (TLCState next : specification.step(event.operation().specName(), args(event), now)) {
                        if (differences(event, next).isEmpty()) {
                            boolean several =
                                    before.size() > 1 || candidates.moments().size() > 1;
                            if (after.putIfAbsent(several ? specification.essence(next) : after.size(), next) == null) {
                                came(next, state, event, moment);
                            }
                        }
                    }
                }
            }
        }
        return new Step(List.copyOf(after.values()), reached, determined, open);
    }

    private TLCState newHost(long counter) {
        TraceHeader.Arm64 host = header.arm64();
        return specification.initially(
                "NewHost",
                ImmutableMap.of(
                        "switches", Specification.switches(header.kernel()),
                        "isVhe", host.vhe() ? BoolValue.ValTrue : BoolValue.ValFalse,
                        "hasEcv", host.ecv() ? BoolValue.ValTrue : BoolValue.ValFalse,
                        "pcpus", IntValue.gen(host.pcpus()),
                        "counter", Words64.word(counter)));
    }

    private TLCState newVm(Instants.Moment moment) {
        TraceHeader.X86 host = header.x86();
        return specification.initially(
                "NewVm",
                ImmutableMap.of(
                        "switches", Specification.switches(header.kernel()),
                        "khz", IntValue.gen(host.tscKhz()),
                        "fracBits", IntValue.gen(host.tscFracBits()),
                        "clocksourceIsTsc", host.tscClocksource() ? BoolValue.ValTrue : BoolValue.ValFalse,
                        "unstable", host.tscUnstable() ? BoolValue.ValTrue : BoolValue.ValFalse,
                        "tsc", Words64.word(moment.tsc()),
                        "ns", Words64.word(moment.ns()),
                        "realtime", Words64.word(moment.realtime())));
    }

    private TlaValues values(TraceEvent event) {
        return new TlaValues(header.arch(), event.vm());
    }

    private ImmutableMap<String, Value> args(TraceEvent event) {
        TlaValues values = values(event);
        ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
        event.args().forEach((field, value) -> args.put(field.name(), values.of(field.kind(), value)));
        return args.put(VM, IntValue.gen(event.vm())).buildOrThrow();
    }

    /** One thing that was observed otherwise, with the variable that it belongs to. */
    private record Mismatch(String variable, Value asObserved, Refusal.Difference difference) {}

    private List<Mismatch> differences(TraceEvent event, TLCState after) {
        List<Mismatch> found = new ArrayList<>();
        TlaValues values = values(event);
        RecordValue reply = (RecordValue) specification.look(REPLY, after);
        for (Map.Entry<Field, Object> result : event.results().entrySet()) {
            Field field = result.getKey();
            Value expected = reply.select(new tlc2.value.impl.StringValue(field.name()));
            Object plain = values.toTrace(field.kind(), expected);
            if (!plain.equals(result.getValue())) {
                found.add(new Mismatch(
                        REPLY,
                        withField(values, reply, field, result.getValue()),
                        difference(field.name(), field.kind(), plain, result.getValue())));
            }
        }
        for (Map.Entry<StateVariable, Object> seen : event.state().entrySet()) {
            StateVariable variable = seen.getKey();
            Value value = specification.look(variable.specName(), after);
            if (!values.agrees(variable.kind(), value, seen.getValue())) {
                Object expected = values.toTrace(variable.kind(), value);
                found.add(new Mismatch(
                        isPartOfPage(variable) ? PVCLOCK : variable.specName(),
                        asObserved(values, variable, seen.getValue(), after),
                        difference(variable.specName(), variable.kind(), expected, seen.getValue())));
            }
        }
        return found;
    }

    private static boolean isPartOfPage(StateVariable variable) {
        return variable.specName().startsWith(PVCLOCK) && variable.kind() != Kind.VCPU_SET;
    }

    /** The value of the variable after the event with what was observed in its place. */
    private Value asObserved(TlaValues same, StateVariable variable, Object observed, TLCState after) {
        String name = variable.specName();
        if (!isPartOfPage(variable)) {
            return same.overlay(variable.kind(), specification.look(name, after), observed);
        }
        // A part of each vCPU's page.
        String part = CaseFormat.UPPER_CAMEL.to(CaseFormat.LOWER_CAMEL, name.substring(PVCLOCK.length()));
        FcnRcdValue pages = (FcnRcdValue) specification.look(PVCLOCK, after).toFcnRcd();
        Value[] domain = pages.getDomainAsValues();
        Value[] values = pages.values.clone();
        for (int i = 0; i < domain.length; i++) {
            Object seen = ((Map<?, ?>) observed).get(((IntValue) domain[i]).val);
            if (seen != null) {
                values[i] = withField(
                        same,
                        (RecordValue) values[i].toRcd(),
                        new Field(part, variable.kind().each()),
                        seen);
            }
        }
        return new FcnRcdValue(domain.clone(), values, false);
    }

    private static Refusal.Difference difference(String what, Kind kind, Object expected, Object observed) {
        if (expected instanceof Map<?, ?> whole && observed instanceof Map<?, ?> parts) {
            ImmutableSortedMap.Builder<Integer, Object> those = ImmutableSortedMap.naturalOrder();
            ImmutableSortedMap.Builder<Integer, Object> wanted = ImmutableSortedMap.naturalOrder();
            for (Map.Entry<?, ?> part : parts.entrySet()) {
                Object want = whole.get(part.getKey());
                if (!part.getValue().equals(want)) {
                    those.put((Integer) part.getKey(), part.getValue());
                    if (want != null) {
                        wanted.put((Integer) part.getKey(), want);
                    }
                }
            }
            return new Refusal.Difference(
                    what, TlaValues.show(kind, wanted.buildOrThrow()), TlaValues.show(kind, those.buildOrThrow()));
        }
        return new Refusal.Difference(what, TlaValues.show(kind, expected), TlaValues.show(kind, observed));
    }

    private static Value withField(TlaValues kinds, RecordValue record, Field field, Object value) {
        Value[] values = record.values.clone();
        for (int i = 0; i < values.length; i++) {
            if (record.names[i].equals(UniqueString.uniqueStringOf(field.name()))) {
                values[i] = kinds.of(field.kind(), value);
            }
        }
        return new RecordValue(record.names.clone(), values, record.isNormalized());
    }

    private Refusal refusal(TraceEvent event, List<TLCState> before, String what, String expected, String observed) {
        return new Refusal(
                event,
                events + 1,
                header.kernel(),
                null,
                ImmutableList.of(new Refusal.Difference(what, expected, observed)),
                ImmutableMap.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                before.size());
    }

    /** Explains with the possible successor that comes nearest to what was observed. */
    private Refusal explain(TraceEvent event, List<TLCState> before, List<TLCState> reached) {
        if (reached.isEmpty()) {
            Object now = specification.look(counter, before.get(0));
            Refusal plain =
                    refusal(event, before, counter, "at least " + TlaValues.show((Value) now), event.counter() + "");
            Conjuncts.Outcome pace = moments.whyNot(event, before.get(0));
            return pace == null || pace.location() == null ? plain : plain.because(place(pace.location()));
        }
        String action = event.operation().specName();
        Conjuncts.Outcome outcome = null;
        List<Mismatch> nearest = null;
        for (TLCState now : reached) {
            List<TLCState> nexts = begins(event) ? List.of(now) : specification.step(action, args(event), now);
            for (TLCState next : nexts) {
                List<Mismatch> mismatches = differences(event, next);
                if (nearest == null || mismatches.size() < nearest.size()) {
                    nearest = mismatches;
                    TLCState to = TLCState.Empty.createEmpty();
                    for (Mismatch mismatch : mismatches) {
                        // What is derived from variables, such as online, cannot be bound.
                        if (next.containsKey(UniqueString.uniqueStringOf(mismatch.variable))
                                && to.lookup(UniqueString.uniqueStringOf(mismatch.variable)) == null) {
                            to.bind(UniqueString.uniqueStringOf(mismatch.variable), mismatch.asObserved);
                        }
                    }
                    outcome = begins(event) ? null : firstFalse(event, now, to);
                }
            }
        }
        if (nearest == null) {
            outcome = firstFalse(event, reached.get(0), TLCState.Empty.createEmpty());
        }
        return new Refusal(
                event,
                events + 1,
                header.kernel(),
                outcome == null || outcome.location() == null ? null : place(outcome.location()),
                nearest == null
                        ? ImmutableList.of()
                        : nearest.stream().map(Mismatch::difference).collect(ImmutableList.toImmutableList()),
                outcome == null ? ImmutableMap.of() : ImmutableMap.copyOf(outcome.bindings()),
                flips(event, before),
                nearest == null ? possible(event, reached) : ImmutableList.of(),
                before.size());
    }

    /** The operations that were possible in some state, for the event's vCPU; an argument of theirs may be anything. */
    private ImmutableList<Operation> possible(TraceEvent event, List<TLCState> reached) {
        return Operation.of(header.arch()).stream()
                .filter(other -> other != Operation.CREATE_VM)
                .filter(other -> reached.stream()
                        .anyMatch(now -> !specification
                                .step(other.specName(), anything(other, event), now)
                                .isEmpty()))
                .collect(ImmutableList.toImmutableList());
    }

    private ImmutableMap<String, Value> anything(Operation operation, TraceEvent event) {
        TlaValues values = values(event);
        ImmutableMap.Builder<String, Value> args = ImmutableMap.builder();
        for (Field arg : operation.args()) {
            Object any = switch (arg.kind()) {
                case VCPU -> arg.equals(Field.VCPU) ? Math.max(0, event.vcpu()) : 0;
                case WORD -> 0L;
                case FLAG -> false;
                default -> 0;
            };
            args.put(arg.name(), values.of(arg.kind(), any));
        }
        return args.put(VM, IntValue.gen(event.vm())).buildOrThrow();
    }

    private Conjuncts.Outcome firstFalse(TraceEvent event, TLCState from, TLCState to) {
        return specification.firstFalse(
                event.operation().specName(), args(event), from, to, (name, value) -> TlaValues.show(value));
    }

    private static String place(Location location) {
        String file = location.source() + ".tla";
        return file + ":" + location.beginLine() + ": " + SpecificationFiles.line(file, location.beginLine());
    }

    private ImmutableList<Switch> flips(TraceEvent event, List<TLCState> before) {
        ImmutableList.Builder<Switch> passing = ImmutableList.builder();
        for (Switch one : Switch.values()) {
            if (one.arch() != header.arch() || begins(event)) {
                continue;
            }
            Set<Switch> flipped = Sets.symmetricDifference(header.kernel().switches(), Set.of(one));
            List<TLCState> states = before.stream()
                    .map(state -> Specification.withKernel(state, flipped))
                    .toList();
            if (!step(event, states).after.isEmpty()) {
                passing.add(one);
            }
        }
        return passing.build();
    }
}
