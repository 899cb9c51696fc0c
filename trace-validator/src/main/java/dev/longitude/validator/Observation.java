package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.base.CaseFormat;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedMap;
import dev.longitude.evaluator.MemoizedOperator;
import dev.longitude.evaluator.State;
import dev.longitude.spec.Specification;
import dev.longitude.spec.TlaValues;
import dev.longitude.spec.X86Specification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Compares what an event shows with a state after it. */
final class Observation {
    private static final String PVCLOCK = X86Specification.PVCLOCK.name();

    private static final ImmutableSet<StateVariable> ALL_OF_X86 =
            Arrays.stream(StateVariable.values()).filter(StateVariable::isOfX86).collect(ImmutableSet.toImmutableSet());

    private final Specification specification;

    /** Every variable, in their order. */
    private final ObservedVariable[] all;

    private final Map<StateVariable, ObservedVariable> shown = new EnumMap<>(StateVariable.class);

    Observation(Specification specification) {
        this.specification = specification;
        this.all =
                Arrays.stream(StateVariable.values()).map(ObservedVariable::new).toArray(ObservedVariable[]::new);
        for (ObservedVariable each : all) {
            shown.put(each.variable, each);
        }
    }

    /** A variable, or a value derived from variables. Most steps leave it unchanged. */
    private final class ObservedVariable {
        private final StateVariable variable;
        private final int place;

        /** Null where it is a variable, and before its first use. */
        private @Nullable MemoizedOperator derived;

        private @Nullable Value agreed;
        private @Nullable Object agreedTo;
        private int agreedOf;

        ObservedVariable(StateVariable variable) {
            this.variable = variable;
            this.place = specification.place(variable);
        }

        /** Whether it agrees with what was observed of a VM. (The last comparison is remembered.) */
        boolean agrees(TlaValues values, State state, Object observed) {
            Value now = in(state);
            if (now == agreed && observed == agreedTo && values.vm() == agreedOf) {
                return true;
            }
            boolean agrees = values.agrees(variable.kind(), now, observed);
            if (agrees) {
                agreed = now;
                agreedTo = observed;
                agreedOf = values.vm();
            }
            return agrees;
        }

        /** (A derived value only selects: it depends on no unknown.) */
        Value symbolicallyIn(State state) {
            return place >= 0 ? requireNonNull(state.at(place)) : specification.lookSymbolically(variable, state);
        }

        Value in(State state) {
            if (place >= 0) {
                return requireNonNull(state.at(place));
            }
            MemoizedOperator operator = derived;
            if (operator == null) {
                operator = specification.latest(variable);
                derived = operator;
            }
            return operator.in(state);
        }
    }

    private ObservedVariable shown(StateVariable variable) {
        return requireNonNull(shown.get(variable));
    }

    private Value look(StateVariable variable, State state) {
        return shown(variable).in(state);
    }

    /** One observed value that differs, with its variable. */
    record Mismatch(String variable, Value asObserved, Refusal.Difference difference) {}

    TlaValues values(TraceEvent event) {
        return new TlaValues(specification, event.vm());
    }

    /** Whether the state has the observed values. */
    boolean agrees(TraceEvent event, State after) {
        TlaValues values = values(event);
        if (!event.results().isEmpty()) {
            RecordValue reply = reply(after);
            for (Map.Entry<Field, Object> result : event.results().entrySet()) {
                Field field = result.getKey();
                if (!values.agrees(field.kind(), part(reply, specification.name(field)), result.getValue())) {
                    return false;
                }
            }
        }
        // (A lookup, not an iteration: this runs for each variable at every event, and most maps are arrays;
        // see StateInterner.)
        ImmutableMap<StateVariable, Object> state = event.state();
        int left = state.size();
        for (int i = 0; left > 0; i++) {
            Object seen = state.get(all[i].variable);
            if (seen != null) {
                left--;
                if (!all[i].agrees(values, after, seen)) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Requires that a state, of which words may be unknown, has the observed values.
     *
     * @param known the constraints on its words
     * @param because the reason of a constraint, by the observed field
     * @return the field that cannot have its value; null if all can
     */
    @Nullable
    String impose(TraceEvent event, State after, Store known, Function<String, Object> because) {
        TlaValues values = values(event);
        if (!event.results().isEmpty()) {
            RecordValue reply = reply(after);
            for (Map.Entry<Field, Object> result : event.results().entrySet()) {
                Field field = result.getKey();
                known.because(because.apply(field.name()));
                Value part = part(reply, specification.name(field));
                if (!values.impose(field.kind(), part, result.getValue(), known)) {
                    return field.name();
                }
            }
        }
        for (Map.Entry<StateVariable, Object> seen : event.state().entrySet()) {
            StateVariable variable = seen.getKey();
            known.because(because.apply(variable.specName()));
            Value value = shown(variable).symbolicallyIn(after);
            if (!values.impose(variable.kind(), value, seen.getValue(), known)) {
                return variable.specName();
            }
        }
        return null;
    }

    private RecordValue reply(State after) {
        return (RecordValue) Specification.REPLY.in(after);
    }

    /** The observed values that differ from the state's. */
    List<Mismatch> mismatches(TraceEvent event, State after) {
        List<Mismatch> found = new ArrayList<>();
        TlaValues values = values(event);
        RecordValue reply = reply(after);
        for (Map.Entry<Field, Object> result : event.results().entrySet()) {
            Field field = result.getKey();
            Value expected = part(reply, specification.name(field));
            Object plain = values.toTrace(field.kind(), expected);
            if (!plain.equals(result.getValue())) {
                found.add(new Mismatch(
                        Specification.REPLY.name(),
                        withField(values, reply, field, result.getValue()),
                        difference(field.name(), field.kind(), plain, result.getValue())));
            }
        }
        for (Map.Entry<StateVariable, Object> seen : event.state().entrySet()) {
            StateVariable variable = seen.getKey();
            Value value = look(variable, after);
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

    private static Value part(RecordValue record, UniqueString name) {
        for (int i = 0; i < record.names.length; i++) {
            if (record.names[i].equals(name)) {
                return record.values[i];
            }
        }
        throw new IllegalStateException(record + " has no " + name);
    }

    /** A state in which only the variables that were observed to differ have a value. */
    static State onlyAsObserved(List<Mismatch> mismatches, State after) {
        State observed = State.EMPTY;
        for (Mismatch mismatch : mismatches) {
            UniqueString name = UniqueString.uniqueStringOf(mismatch.variable);
            // A value derived from variables, such as online, cannot be assigned.
            if (after.lookup(name) != null && observed.lookup(name) == null) {
                observed = observed.with(name, mismatch.asObserved);
            }
        }
        return observed;
    }

    /**
     * Whether the event shows the whole state, so that only one state agrees. (On arm64 an event shows only one VM's
     * part of its host's state.)
     */
    static boolean isWhole(TraceEvent event) {
        if (event.state().size() < ALL_OF_X86.size() || !event.state().keySet().containsAll(ALL_OF_X86)) {
            return false;
        }
        int online = ((Set<?>) event.state().getOrDefault(StateVariable.ONLINE, ImmutableSet.of())).size();
        for (Object seen : event.state().values()) {
            if (seen instanceof Map<?, ?> byVcpu && byVcpu.size() != online) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPartOfPage(StateVariable variable) {
        return variable.specName().startsWith(PVCLOCK) && variable.kind() != Kind.VCPU_SET;
    }

    /** The value of the variable after the event, overlaid with what was observed. */
    private Value asObserved(TlaValues same, StateVariable variable, Object observed, State after) {
        String name = variable.specName();
        if (!isPartOfPage(variable)) {
            return same.overlay(variable.kind(), specification.look(variable, after), observed);
        }
        // A part of each vCPU's page.
        String part = CaseFormat.UPPER_CAMEL.to(CaseFormat.LOWER_CAMEL, name.substring(PVCLOCK.length()));
        FcnRcdValue pages = (FcnRcdValue) X86Specification.PVCLOCK.in(after).toFcnRcd();
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
}
