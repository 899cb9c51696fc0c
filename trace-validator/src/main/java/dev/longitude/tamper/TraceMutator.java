package dev.longitude.tamper;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Ways to tamper with a good trace, each at one place. */
public enum TraceMutator {
    /** Two successive events change places; each keeps its observations. */
    SWAPPED("two neighbours are swapped"),
    /** An event is missing. */
    DROPPED("an event is missing"),
    /** An event occurs twice. */
    DOUBLED("an event stands twice"),
    /** An operation names another vCPU. */
    WRONG_VCPU("an operation is on another vCPU"),
    /** An argument is off by one. */
    ARGUMENT("an argument is off by one"),
    /** A flag among the arguments is flipped. */
    FLAG("a flag among the arguments is flipped"),
    /** A result is off by one. */
    RESULT("a result is off by one"),
    /** An error was lost, or made up. */
    ERRNO("an errno is lost or made up"),
    /** An offset is the one from before the operation. */
    STALE_OFFSET("an offset is as it was before"),
    /** An offset has the other sign. */
    OFFSET_SIGN("an offset has the other sign"),
    /** A word of the state is off by 2^32, like a wrapped difference. */
    WRAPPED("a word of the state is off by 2^32"),
    /** A word of the state is off by one. */
    STATE("a word of the state is off by one"),
    /** A count of the state is off by one. */
    COUNT("a count of the state is off by one"),
    /** A flag of the state is flipped. */
    STATE_FLAG("a flag of the state is flipped"),
    /** A set of vCPUs has one member less, or one more. */
    MEMBER("a set of vCPUs has one less or more"),
    /** Two vCPUs' values are swapped. */
    OTHER_VCPU("two vCPUs' values are swapped"),
    /** The host's counter is one tick later. */
    TICK("an event is one tick later by the counter alone"),
    /** The guest enters before a write that preceded the entry. */
    ENTERS_EARLY("a vCPU enters the guest before the write ahead of it"),
    /** A broadcast leaves out a vCPU. */
    SKIPPED("a broadcast leaves out a vCPU"),
    /** The header names another kernel. */
    PROFILE("it is said to be of another kernel");

    private final String text;

    TraceMutator(String text) {
        this.text = text;
    }

    /** The fault, as text. */
    public String text() {
        return text;
    }

    /**
     * A tampered trace.
     *
     * @param at the index of the event at which the fault must show at the latest: the changed one, or the one after a
     *     missing or late one; -1: any
     */
    public record Mutant(TraceMutator kind, Trace trace, int at) {}

    /**
     * Tampers with a trace, each time at another place.
     *
     * @param most the most mutants
     */
    public ImmutableList<Mutant> of(Trace good, int most, SplittableRandom random) {
        if (this == PROFILE) {
            return KernelProfile.showing(good.header().arch()).stream()
                    .filter(k -> !k.equals(good.header().kernel()))
                    .map(k -> new Mutant(this, new Trace(good.header().withKernel(k), good.events()), -1))
                    .limit(most)
                    .collect(ImmutableList.toImmutableList());
        }
        List<Integer> places =
                new ArrayList<>(IntStream.range(0, good.events().size()).boxed().toList());
        // (Collections.shuffle takes no SplittableRandom.)
        for (int i = places.size(); i > 1; i--) {
            Collections.swap(places, i - 1, random.nextInt(i));
        }
        ImmutableList.Builder<Mutant> mutants = ImmutableList.builder();
        int found = 0;
        for (int place : places) {
            if (found == most) {
                break;
            }
            Optional<Mutant> mutant = at(good, place, random);
            if (mutant.isPresent() && !mutant.get().trace().events().equals(good.events())) {
                mutants.add(mutant.get());
                found++;
            }
        }
        return mutants.build();
    }

    private Optional<Mutant> at(Trace good, int i, SplittableRandom random) {
        List<TraceEvent> events = new ArrayList<>(good.events());
        TraceEvent event = events.get(i);
        switch (this) {
            case SWAPPED -> {
                if (i + 1 == events.size()) {
                    return Optional.empty();
                }
                Collections.swap(events, i, i + 1);
            }
            case DROPPED -> {
                // (A trace without its last event is a shorter good trace.)
                if (i + 1 == events.size()) {
                    return Optional.empty();
                }
                events.remove(i);
            }
            case DOUBLED -> events.add(i + 1, event);
            case SKIPPED -> {
                if (event.operation() != Operation.BROADCAST_TO) {
                    return Optional.empty();
                }
                events.remove(i);
            }
            case ENTERS_EARLY -> {
                int entry = IntStream.range(i + 1, events.size())
                        .filter(j -> events.get(j).operation() == Operation.ENTER_GUEST)
                        .filter(j -> events.get(j).vm() == event.vm())
                        .findFirst()
                        .orElse(-1);
                if (entry < 0 || !WRITES.contains(event.operation())) {
                    return Optional.empty();
                }
                events.add(i, events.remove(entry));
            }
            default -> {
                TraceEvent before = i == 0 ? null : events.get(i - 1);
                TraceEvent other = changed(event, before, good.header().vcpus(), random);
                if (other == null || other.equals(event)) {
                    return Optional.empty();
                }
                events.set(i, other);
            }
        }
        return Optional.of(new Mutant(
                this,
                new Trace(good.header(), ImmutableList.copyOf(events)),
                this == DOUBLED || this == SWAPPED || this == TICK ? i + 1 : i));
    }

    private static final Set<Operation> WRITES = Set.of(
            Operation.WRITE_TSC,
            Operation.SET_TSC_OFFSET,
            Operation.SET_CLOCK,
            Operation.SET_TIMER_CNT,
            Operation.SET_PTIMER_CNT,
            Operation.SET_VTIMER_OFFSET,
            Operation.SET_PTIMER_OFFSET,
            Operation.SET_COUNTER_OFFSET);

    private static final Set<StateVariable> OFFSETS = Set.of(
            StateVariable.TSC_OFFSET,
            StateVariable.KVMCLOCK_OFFSET,
            StateVariable.VOFFSET,
            StateVariable.POFFSET,
            StateVariable.SHADOW_CNTVOFF,
            StateVariable.SHADOW_CNTPOFF);

    private @Nullable TraceEvent changed(
            TraceEvent event, @Nullable TraceEvent before, int vcpus, SplittableRandom random) {
        return switch (this) {
            case WRONG_VCPU ->
                args(event, (field, value) -> field.equals(Field.VCPU) && vcpus > 1 ? ((int) value + 1) % vcpus : null);
            case ARGUMENT -> args(event, (field, value) -> plusOne(field.kind(), value));
            case FLAG -> args(event, (field, value) -> field.kind() == Kind.FLAG ? !(boolean) value : null);
            case RESULT ->
                results(event, (field, value) -> field.equals(Field.ERRNO) ? null : plusOne(field.kind(), value));
            case ERRNO ->
                results(event, (field, value) -> field.equals(Field.ERRNO) ? ((int) value == 0 ? 22 : 0) : null);
            case STALE_OFFSET ->
                before == null
                        ? null
                        : state(
                                event,
                                random,
                                (variable, value) -> OFFSETS.contains(variable)
                                        ? stale(value, before.state().get(variable))
                                        : null);
            case OFFSET_SIGN ->
                state(
                        event,
                        random,
                        (variable, value) -> OFFSETS.contains(variable) ? each(value, random, v -> -(long) v) : null);
            case WRAPPED ->
                state(
                        event,
                        random,
                        (variable, value) -> variable.kind().each() == Kind.UINT64
                                ? each(value, random, v -> (long) v ^ (1L << 32))
                                : null);
            case STATE ->
                state(
                        event,
                        random,
                        (variable, value) ->
                                variable.kind().each() == Kind.UINT64 ? each(value, random, v -> (long) v + 1) : null);
            case COUNT ->
                state(
                        event,
                        random,
                        (variable, value) ->
                                variable.kind().each() == Kind.UINT31 ? each(value, random, v -> (int) v + 1) : null);
            case STATE_FLAG ->
                state(
                        event,
                        random,
                        (variable, value) -> variable.kind().each() == Kind.FLAG ? !(boolean) value : null);
            case MEMBER ->
                state(
                        event,
                        random,
                        (variable, value) ->
                                variable.kind() == Kind.VCPU_SET ? withOther((Set<?>) value, vcpus, random) : null);
            case OTHER_VCPU -> state(event, random, (variable, value) -> rotated(value));
            case TICK ->
                event.counter().isExact()
                        ? event.at(new HostTime(
                                Interval.exactly(event.counter().lo() + 1),
                                event.when().ns(),
                                event.when().realtime()))
                        : null;
            default -> throw new IllegalStateException(name());
        };
    }

    private static @Nullable Object plusOne(Kind kind, Object value) {
        return switch (kind) {
            case UINT64 -> (long) value + 1;
            case UINT31 -> (int) value + 1;
            default -> null;
        };
    }

    private static @Nullable Object stale(Object value, @Nullable Object before) {
        if (before == null || before.equals(value)) {
            return null;
        }
        if (value instanceof Map<?, ?> now && before instanceof Map<?, ?> then) {
            Map<Object, Object> stale = new TreeMap<>();
            now.forEach((key, part) -> {
                Object old = then.get(key);
                stale.put(key, old == null ? part : old);
            });
            return stale.equals(now) ? null : stale;
        }
        return before;
    }

    private interface Change {
        Object of(Object value);
    }

    /** The value changed; of a map, one part. */
    private static @Nullable Object each(Object value, SplittableRandom random, Change change) {
        if (value instanceof Map<?, ?> parts) {
            if (parts.isEmpty()) {
                return null;
            }
            List<Object> keys = new ArrayList<>(parts.keySet());
            Object chosen = keys.get(random.nextInt(keys.size()));
            Map<Object, Object> changed = new TreeMap<>();
            parts.forEach((key, part) -> changed.put(key, key.equals(chosen) ? change.of(part) : part));
            return changed;
        }
        return change.of(value);
    }

    private static Object withOther(Set<?> members, int vcpus, SplittableRandom random) {
        TreeSet<Integer> changed = new TreeSet<>();
        members.forEach(m -> changed.add((Integer) m));
        Integer vcpu = random.nextInt(vcpus);
        if (!changed.remove(vcpu)) {
            changed.add(vcpu);
        }
        return changed;
    }

    private static @Nullable Object rotated(Object value) {
        if (!(value instanceof Map<?, ?> parts) || parts.size() < 2) {
            return null;
        }
        List<Object> keys = new ArrayList<>(parts.keySet());
        List<Object> values = new ArrayList<>(parts.values());
        Collections.rotate(values, 1);
        Map<Object, Object> rotated = new TreeMap<>();
        for (int i = 0; i < keys.size(); i++) {
            rotated.put(keys.get(i), values.get(i));
        }
        return rotated;
    }

    private static @Nullable TraceEvent args(TraceEvent event, BiFunction<Field, Object, @Nullable Object> change) {
        ImmutableMap<Field, Object> args = first(event.args(), change);
        return args == null ? null : with(event, args, event.results(), event.state());
    }

    private static @Nullable TraceEvent results(TraceEvent event, BiFunction<Field, Object, @Nullable Object> change) {
        ImmutableMap<Field, Object> results = first(event.results(), change);
        return results == null ? null : with(event, event.args(), results, event.state());
    }

    private static @Nullable TraceEvent state(
            TraceEvent event, SplittableRandom random, BiFunction<StateVariable, Object, @Nullable Object> change) {
        // The first variable that can be changed like this, from a random one on.
        List<StateVariable> variables =
                new ArrayList<>(event.state().keySet().stream().sorted().toList());
        if (variables.isEmpty()) {
            return null;
        }
        Collections.rotate(variables, random.nextInt(variables.size()));
        for (StateVariable variable : variables) {
            Object value = event.state().get(variable);
            Object changed = value == null ? null : change.apply(variable, value);
            if (changed != null && !changed.equals(value)) {
                ImmutableMap.Builder<StateVariable, Object> state = ImmutableMap.builder();
                event.state().forEach((v, old) -> state.put(v, v == variable ? changed : old));
                return with(event, event.args(), event.results(), state.buildOrThrow());
            }
        }
        return null;
    }

    /** The map with the first of its values changed that can be changed like this. */
    private static @Nullable ImmutableMap<Field, Object> first(
            ImmutableMap<Field, Object> map, BiFunction<Field, Object, @Nullable Object> change) {
        // (By name: the maps of an importer are in no order.)
        List<Map.Entry<Field, Object>> entries = map.entrySet().stream()
                .sorted(Comparator.comparing(e -> e.getKey().name()))
                .toList();
        for (Map.Entry<Field, Object> entry : entries) {
            Object changed = change.apply(entry.getKey(), entry.getValue());
            if (changed != null) {
                ImmutableMap.Builder<Field, Object> result = ImmutableMap.builder();
                map.forEach((field, old) -> result.put(field, field.equals(entry.getKey()) ? changed : old));
                return result.buildOrThrow();
            }
        }
        return null;
    }

    private static TraceEvent with(
            TraceEvent event,
            ImmutableMap<Field, Object> args,
            ImmutableMap<Field, Object> results,
            ImmutableMap<StateVariable, Object> state) {
        return new TraceEvent(
                event.line(),
                event.vm(),
                event.when(),
                event.operation(),
                args,
                results,
                state,
                event.thread(),
                event.optional());
    }
}
