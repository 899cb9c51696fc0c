package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TscInterval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tla2sany.st.Location;
import tlc2.tool.TLCState;
import tlc2.tool.impl.Conjuncts;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Replays a trace against the specification. For each VM it keeps the set of states that are still possible, and for
 * each event lets time pass to the event's instant, takes the action that the event names, and keeps the successors
 * that agree with what was observed. It never states a rule of its own: what an action does is the specification's.
 *
 * <p>Where only an interval is known for an instant, candidates are tried: those that a revealed offset or a read value
 * implies, else both ends. What depends on the instant besides the offset is the one-second window alone, so an answer
 * that is the same at both ends is the answer in between.
 */
public final class TraceValidator {
    /** The most states that are kept for one VM. */
    static final int MOST_STATES = 4096;

    /** The operations whose effect depends on the instant, because they set a counter by value. */
    private static final ImmutableSet<Operation> BY_VALUE =
            ImmutableSet.of(Operation.CREATE_VCPU, Operation.WRITE_TSC, Operation.GUEST_WRITE_TSC);

    private static final String HOST_TSC = "hostTsc";
    private static final String REPLY = "reply";

    private final Specification specification;
    private final TraceHeader header;
    private final Map<Integer, List<TLCState>> possible = new HashMap<>();
    private long events;
    private long determined;
    private long open;
    private final Map<String, TraceEvent> notKept = new LinkedHashMap<>();

    /** A validator for one trace. */
    public TraceValidator(Specification specification, TraceHeader header) {
        this.specification = specification;
        this.header = header;
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
        List<TLCState> before = possible.getOrDefault(event.vm(), List.of());
        if (event.operation() == Operation.CREATE_VM) {
            if (!before.isEmpty()) {
                return Optional.of(refusal(event, before, "VM " + event.vm(), "no such VM", "it exists"));
            }
            TLCState created = newVm(event.tsc().lo());
            if (!differences(event, created).isEmpty()) {
                return Optional.of(explain(event, List.of(created), List.of(created)));
            }
            possible.put(event.vm(), List.of(created));
            events++;
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
            return Optional.of(explain(event, before, step.reached));
        }
        if (step.after.size() > MOST_STATES) {
            throw new UndecidedException("more than " + MOST_STATES + " states are possible after event " + (events + 1)
                    + " (" + event.call() + ")");
        }
        possible.put(event.vm(), step.after);
        events++;
        noteProperties(event, step.after);
        determined += step.determined ? 1 : 0;
        open += step.open ? 1 : 0;
        return Optional.empty();
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
        Map<Long, TLCState> after = new LinkedHashMap<>();
        List<TLCState> reached = new ArrayList<>();
        boolean determined = false;
        boolean open = false;
        for (TLCState state : before) {
            Instants instants = instants(event, state);
            determined |= instants.implied;
            open |= instants.tsc.size() > 1;
            for (long tsc : instants.tsc) {
                for (TLCState now : at(tsc, state)) {
                    reached.add(now);
                    for (TLCState next : specification.step(event.operation().specName(), args(event), now)) {
                        if (differences(event, next).isEmpty()) {
                            after.putIfAbsent(next.fingerPrint(), next);
                        }
                    }
                }
            }
        }
        return new Step(List.copyOf(after.values()), reached, determined, open);
    }

    private record Instants(Set<Long> tsc, boolean implied) {}

    /** The instants to try for an event, none before the state's own. */
    private Instants instants(TraceEvent event, TLCState state) {
        TscInterval within = event.tsc();
        if (within.isExact()) {
            return new Instants(Set.of(within.lo()), false);
        }
        long now = Words64.bits(specification.look(HOST_TSC, state));
        if (within.contains(now)) {
            within = new TscInterval(now, within.hi());
        }
        Set<Long> implied = new LinkedHashSet<>();
        switch (event.operation()) {
            case CREATE_VCPU -> event.revealedOffsets().forEach(offset -> implied.add(instantOfWrite(0, offset)));
            case WRITE_TSC, GUEST_WRITE_TSC -> {
                long value = (long) event.arg(Field.VALUE);
                event.revealedOffsets().forEach(offset -> implied.add(instantOfWrite(value, offset)));
            }
            case READ_TSC, GUEST_READ_TSC -> {
                Object value = event.results().get(Field.VALUE);
                if (value != null && vcpuOnline(event, state)) {
                    implied.add(Words64.bits(specification.eval(
                            "InstantOfRead",
                            ImmutableMap.of(
                                    Field.VCPU.name(), IntValue.gen(event.vcpu()),
                                    Field.VALUE.name(), Words64.word((long) value)),
                            state)));
                }
            }
            default -> {
                // The rest does not depend on the instant: an offset that is set is the same line at any time.
            }
        }
        TscInterval bounds = within;
        implied.removeIf(tsc -> !bounds.contains(tsc));
        if (!implied.isEmpty()) {
            return new Instants(implied, true);
        }
        boolean write = BY_VALUE.contains(event.operation());
        return new Instants(write ? Sets.newHashSet(within.lo(), within.hi()) : Set.of(within.lo()), false);
    }

    private boolean vcpuOnline(TraceEvent event, TLCState state) {
        return ((Set<?>) specification.look(StateVariable.ONLINE, state)).contains(event.vcpu());
    }

    private long instantOfWrite(long value, long offset) {
        return Words64.bits(specification.eval(
                "InstantOfWrite",
                ImmutableMap.of(
                        Field.VALUE.name(), Words64.word(value),
                        Field.OFFSET.name(), Words64.word(offset)),
                TLCState.Empty));
    }

    /** The state when the host's TSC has come to {@code tsc}; none if it is past that already. */
    private List<TLCState> at(long tsc, TLCState state) {
        return Words64.bits(specification.look(HOST_TSC, state)) == tsc
                ? List.of(state)
                : specification.step("TimePasses", ImmutableMap.of("tsc", Words64.word(tsc)), state);
    }

    private TLCState newVm(long tsc) {
        return specification.initially(
                "NewVm",
                ImmutableMap.of(
                        "switches", Specification.switches(header.kernel()),
                        "khz", IntValue.gen(header.tscKhz()),
                        "fracBits", IntValue.gen(header.tscFracBits()),
                        "clocksourceIsTsc", header.tscClocksource() ? BoolValue.ValTrue : BoolValue.ValFalse,
                        "tsc", Words64.word(tsc)));
    }

    private static ImmutableMap<String, Value> args(TraceEvent event) {
        return event.args().entrySet().stream()
                .collect(ImmutableMap.toImmutableMap(
                        arg -> arg.getKey().name(),
                        arg -> TlaValues.of(arg.getKey().kind(), arg.getValue())));
    }

    /** One thing that was observed otherwise, with the variable that it belongs to. */
    private record Mismatch(String variable, Value asObserved, Refusal.Difference difference) {}

    private List<Mismatch> differences(TraceEvent event, TLCState after) {
        List<Mismatch> found = new ArrayList<>();
        RecordValue reply = (RecordValue) specification.look(REPLY, after);
        for (Map.Entry<Field, Object> result : event.results().entrySet()) {
            Field field = result.getKey();
            Value expected = reply.select(new tlc2.value.impl.StringValue(field.name()));
            Object plain = TlaValues.toTrace(field.kind(), expected);
            if (!plain.equals(result.getValue())) {
                found.add(new Mismatch(
                        REPLY,
                        withField(reply, field, result.getValue()),
                        difference(field.name(), field.kind(), plain, result.getValue())));
            }
        }
        for (Map.Entry<StateVariable, Object> seen : event.state().entrySet()) {
            StateVariable variable = seen.getKey();
            Object expected = specification.look(variable, after);
            if (!TlaValues.agrees(expected, seen.getValue())) {
                found.add(new Mismatch(
                        variable.specName(),
                        TlaValues.overlay(
                                variable.kind(), specification.look(variable.specName(), after), seen.getValue()),
                        difference(variable.specName(), variable.kind(), expected, seen.getValue())));
            }
        }
        return found;
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

    private static Value withField(RecordValue record, Field field, Object value) {
        Value[] values = record.values.clone();
        for (int i = 0; i < values.length; i++) {
            if (record.names[i].equals(UniqueString.uniqueStringOf(field.name()))) {
                values[i] = TlaValues.of(field.kind(), value);
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
            Object now = specification.look(HOST_TSC, before.get(0));
            return refusal(event, before, HOST_TSC, "at least " + TlaValues.show((Value) now), event.tsc() + "");
        }
        String action = event.operation().specName();
        Conjuncts.Outcome outcome = null;
        List<Mismatch> nearest = null;
        for (TLCState now : reached) {
            List<TLCState> nexts = event.operation() == Operation.CREATE_VM
                    ? List.of(now)
                    : specification.step(action, args(event), now);
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
                    outcome = event.operation() == Operation.CREATE_VM ? null : firstFalse(event, now, to);
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
        return Arrays.stream(Operation.values())
                .filter(other -> other != Operation.CREATE_VM)
                .filter(other -> reached.stream()
                        .anyMatch(now -> !specification
                                .step(other.specName(), anything(other, event), now)
                                .isEmpty()))
                .collect(ImmutableList.toImmutableList());
    }

    private static ImmutableMap<String, Value> anything(Operation operation, TraceEvent event) {
        return operation.args().stream()
                .collect(ImmutableMap.toImmutableMap(
                        Field::name,
                        arg -> arg.equals(Field.VCPU)
                                ? IntValue.gen(Math.max(0, event.vcpu()))
                                : TlaValues.of(arg.kind(), arg.kind() == Kind.WORD ? (Object) 0L : (Object) 0)));
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
            Set<Switch> flipped = Sets.symmetricDifference(header.kernel().switches(), Set.of(one));
            List<TLCState> states = before.stream()
                    .map(state -> Specification.withKernel(state, flipped))
                    .toList();
            if (event.operation() != Operation.CREATE_VM
                    && !step(event, states).after.isEmpty()) {
                passing.add(one);
            }
        }
        return passing.build();
    }
}
