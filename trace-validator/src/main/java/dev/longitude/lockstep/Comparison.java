package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.MemoizedOperator;
import dev.longitude.evaluator.State;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Compares values of the specification, with small words, with those of the reference implementation. */
final class Comparison {
    /** Fixed-point numbers, which are plain numbers in a model and no words. */
    private static final ImmutableSet<StateVariable> PLAIN =
            Sets.immutableEnumSet(StateVariable.PVCLOCK_MUL, StateVariable.TSC_SCALING_RATIO);

    private final Subject subject;
    private final SmallWords words;
    /** The place in a state of each variable that an event shows; negative for a derived value. */
    private final Map<StateVariable, Integer> places = new EnumMap<>(StateVariable.class);

    private final Map<StateVariable, MemoizedOperator> derived = new EnumMap<>(StateVariable.class);

    /** TLC's names of fields and variables. (Its own table is slow.) */
    private final Map<String, UniqueString> names = new HashMap<>();

    /** The differences, if they are wanted and not only whether there is one. */
    private final @Nullable List<String> lines;

    private boolean same = true;

    /** The VM whose state is compared. */
    private int vm;

    Comparison(Subject subject, boolean explains) {
        this.subject = subject;
        this.words = subject.words();
        this.lines = explains ? new ArrayList<>() : null;
        for (StateVariable variable : StateVariable.values()) {
            places.put(variable, name(variable.specName()).getVarLoc());
        }
    }

    /** Forgets what was compared. */
    void restart() {
        same = true;
        vm = 0;
        if (lines != null) {
            lines.clear();
        }
    }

    /** What follows is about this VM. */
    void ofVm(int number) {
        vm = number;
    }

    /** Compares the state that an event shows. */
    void observed(TraceEvent event, State after) {
        ofVm(Math.max(0, event.vm()));
        state(event.state(), after);
    }

    int index(Value value) {
        return subject.index(value, vm);
    }

    /** Whether all that was compared is the same. */
    boolean isSame() {
        return same;
    }

    /** Whether there is nothing left to learn. */
    boolean isOver() {
        return !same && lines == null;
    }

    /** The differences: the name, the specification's value and Java's. */
    List<String> lines() {
        return List.copyOf(requireNonNull(lines));
    }

    /** Compares the value of a variable that no event shows. */
    void variable(String name, State state, Object java) {
        if (!isOver()) {
            Value value = state.lookup(name(name));
            note(name, agrees(kindOf(java), requireNonNull(value), java), value, java);
        }
    }

    /** Compares a value that is computed from the state. */
    void computed(String name, Value value, Object java) {
        if (!isOver()) {
            note(name, agrees(kindOf(java), value, java), value, java);
        }
    }

    private static Kind kindOf(Object java) {
        return java instanceof Boolean
                ? Kind.FLAG
                : java instanceof Long ? Kind.UINT64 : java instanceof Set ? Kind.VCPU_SET : Kind.UINT31;
    }

    /** Compares what an event shows: its results. */
    void results(TraceEvent event, State after) {
        if (event.results().isEmpty()) {
            return;
        }
        RecordValue returned = (RecordValue) requireNonNull(after.lookup(name("reply")));
        event.results().forEach((field, java) -> {
            Value value = part(returned, field.name());
            boolean plain = field.equals(Field.MUL);
            note(field.name(), plain ? isPlain(value, java) : agrees(field.kind(), value, java), value, java);
        });
    }

    /** Compares the observed state of a VM. */
    void state(Map<StateVariable, Object> observed, State after) {
        for (Map.Entry<StateVariable, Object> each : observed.entrySet()) {
            if (isOver()) {
                return;
            }
            StateVariable variable = each.getKey();
            int place = requireNonNull(places.get(variable));
            Value value = place >= 0
                    ? requireNonNull(after.at(place))
                    : derived.computeIfAbsent(variable, v -> subject.model().latest(v.specName()))
                            .in(after);
            boolean agrees = PLAIN.contains(variable)
                    ? byIndex(value, (Map<?, ?>) each.getValue(), Comparison::isPlain)
                    : agrees(variable.kind(), value, each.getValue());
            note(variable.specName(), agrees, value, each.getValue());
        }
    }

    private UniqueString name(String name) {
        return names.computeIfAbsent(name, UniqueString::uniqueStringOf);
    }

    private Value part(RecordValue record, String name) {
        UniqueString unique = name(name);
        for (int i = 0; i < record.names.length; i++) {
            if (record.names[i] == unique) {
                return record.values[i];
            }
        }
        throw new IllegalStateException(record + " has no " + name);
    }

    private void note(String name, boolean agrees, Value value, Object java) {
        if (!agrees) {
            same = false;
            if (lines != null) {
                lines.add(name + ": specification " + value + ", Java " + shown(java));
            }
        }
    }

    /** A value of Java as the model would have it, if it has such a word. */
    private Object shown(Object java) {
        if (java instanceof Map<?, ?> parts) {
            StringBuilder text = new StringBuilder("(");
            parts.forEach((key, part) -> text.append(text.length() > 1 ? " @@ " : "")
                    .append(key)
                    .append(" :> ")
                    .append(shown(part)));
            return text.append(")");
        }
        return java instanceof Long word && words.isWord(word) ? (Object) words.small(word) : java;
    }

    private static boolean isPlain(Value value, Object java) {
        return ((IntValue) value).val == (Long) java;
    }

    private boolean agrees(Kind kind, Value value, Object java) {
        return switch (kind) {
            case UINT64 -> value instanceof IntValue word && words.wide(word.val) == (Long) java;
            case UINT31, INT8, PCPU -> value instanceof IntValue number && number.val == (Integer) java;
            case VCPU -> index(value) == (Integer) java;
            case FLAG -> value == ((Boolean) java ? BoolValue.ValTrue : BoolValue.ValFalse);
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU ->
                byIndex(value, (Map<?, ?>) java, (each, part) -> agrees(kind.each(), each, part));
            case VCPU_SET -> isSet(value, (Set<?>) java);
            case UINT64_OF_VM ->
                agrees(kind.each(), requireNonNull(((FcnRcdValue) value.toFcnRcd()).select(subject.vm(vm))), java);
            case FLAG_OF_VM -> value.member(subject.vm(vm)) == (Boolean) java;
        };
    }

    private boolean isSet(Value value, Set<?> java) {
        SetEnumValue set = (SetEnumValue) value.toSetEnum();
        int found = 0;
        for (int i = 0; i < set.elems.size(); i++) {
            int at = index(set.elems.elementAt(i));
            if (at >= 0) {
                if (!java.contains(at)) {
                    return false;
                }
                found++;
            }
        }
        return found == java.size();
    }

    /** Compares two values of one key. */
    private interface Each {
        boolean agree(Value value, Object java);
    }

    private boolean byIndex(Value value, Map<?, ?> java, Each each) {
        if (value instanceof TupleValue tuple && tuple.elems.length == 0) {
            return java.isEmpty();
        }
        FcnRcdValue function = (FcnRcdValue) value.toFcnRcd();
        Value[] domain = function.getDomainAsValues();
        int found = 0;
        for (int i = 0; i < domain.length; i++) {
            int at = index(domain[i]);
            if (at >= 0) {
                Object part = java.get(at);
                if (part == null || !each.agree(function.values[i], part)) {
                    return false;
                }
                found++;
            }
        }
        return found == java.size();
    }
}
