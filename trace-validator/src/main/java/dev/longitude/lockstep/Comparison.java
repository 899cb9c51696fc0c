package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
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
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Compares values of the specification, with small words, with those of the reference implementation. (It runs for every
 * step of a search: nothing is allocated where all is the same.)
 */
final class Comparison {
    /** Fixed-point numbers, which are plain numbers in a model and no words. */
    private static final ImmutableSet<StateVariable> PLAIN =
            Sets.immutableEnumSet(StateVariable.PVCLOCK_MUL, StateVariable.TSC_SCALING_RATIO);

    private static final UniqueString REPLY = UniqueString.uniqueStringOf("reply");

    private final Subject subject;
    private final SmallWords words;

    /** The place in a state of each variable that an event shows; negative for a derived value. */
    private final EnumMap<StateVariable, Integer> places = new EnumMap<>(StateVariable.class);

    private final EnumMap<StateVariable, MemoizedOperator> derived = new EnumMap<>(StateVariable.class);

    /** TLC's names of fields. (Its own table is slow.) */
    private final Map<String, UniqueString> names = new HashMap<>();

    /** The differences, if they are wanted and not only whether there is one. */
    private final @Nullable List<String> lines;

    private boolean same = true;

    Comparison(Subject subject, boolean explains) {
        this.subject = subject;
        this.words = subject.words();
        this.lines = explains ? new ArrayList<>() : null;
        for (StateVariable variable : StateVariable.values()) {
            places.put(
                    variable, UniqueString.uniqueStringOf(variable.specName()).getVarLoc());
        }
    }

    /** Forgets what was compared. */
    void restart() {
        same = true;
        if (lines != null) {
            lines.clear();
        }
    }

    /** The vCPU's or CPU's number in a VM; -1 if it is another VM's. */
    int index(Value value, int vm) {
        return subject.index(value, vm);
    }

    /** Whether all that was compared is the same. */
    boolean isSame() {
        return same;
    }

    /** Whether there is nothing left to learn. */
    private boolean isOver() {
        return !same && lines == null;
    }

    /** The differences: the name, the specification's value and Java's. */
    List<String> lines() {
        return List.copyOf(requireNonNull(lines));
    }

    /** Compares a word that no event shows. */
    void word(UniqueString variable, State state, long java) {
        word(variable, -1, "", value(variable, state), java);
    }

    /** Compares a flag that no event shows. */
    void flag(UniqueString variable, State state, boolean java) {
        flag(variable, -1, "", value(variable, state), java);
    }

    /** Compares a set of vCPUs that no event shows. */
    void set(UniqueString variable, State state, int vm, Shown shown, StateVariable as) {
        if (!isOver()) {
            Value value = value(variable, state);
            if (!isSet(value, shown, as, vm)) {
                note(variable.toString(), value, all(as, shown));
            }
        }
    }

    private static Value value(UniqueString variable, State state) {
        return requireNonNull(state.lookup(variable));
    }

    /**
     * Compares a word.
     *
     * @param index the vCPU whose it is; negative for none
     * @param part what follows the name of the variable
     */
    void word(UniqueString variable, int index, String part, Value value, long java) {
        if (!isWord(value, java) && !isOver()) {
            note(name(variable, index, part), value, shownWord(java));
        }
    }

    /** Compares a plain number: as {@link #word}. */
    void number(UniqueString variable, int index, String part, Value value, long java) {
        if (!isNumber(value, java) && !isOver()) {
            note(name(variable, index, part), value, java);
        }
    }

    /** Compares a flag: as {@link #word}. */
    void flag(UniqueString variable, int index, String part, Value value, boolean java) {
        flag(variable, index, part, ((BoolValue) value).val, java);
    }

    /** Compares something that is so or not: as {@link #word}. */
    void flag(UniqueString variable, int index, String part, boolean specification, boolean java) {
        if (specification != java && !isOver()) {
            same = false;
            if (lines != null) {
                lines.add(name(variable, index, part) + ": specification " + specification + ", Java " + java);
            }
        }
    }

    private static String name(UniqueString variable, int index, String part) {
        return variable + (index < 0 ? "" : "[" + index + "]") + part;
    }

    /** Compares what an event shows: its results. */
    void results(TraceEvent event, State after) {
        if (event.results().isEmpty()) {
            return;
        }
        RecordValue returned = (RecordValue) requireNonNull(after.lookup(REPLY));
        event.results().forEach((field, java) -> {
            Value value = part(returned, names.computeIfAbsent(field.name(), UniqueString::uniqueStringOf));
            boolean agrees = switch (field.kind()) {
                case UINT64 -> field.equals(Field.MUL) ? isNumber(value, (Long) java) : isWord(value, (Long) java);
                case FLAG -> ((BoolValue) value).val == (Boolean) java;
                case UINT31, INT8 -> isNumber(value, (Integer) java);
                default -> throw new IllegalStateException("a result of kind " + field.kind());
            };
            if (!agrees) {
                note(field.name(), value, java instanceof Long word ? shownWord(word) : java);
            }
        });
    }

    /** The value of a record's field. */
    static Value part(RecordValue record, UniqueString name) {
        for (int i = 0; i < record.names.length; i++) {
            if (record.names[i] == name) {
                return record.values[i];
            }
        }
        throw new IllegalStateException(record + " has no " + name);
    }

    /** Compares the variables that an event of a VM would show. */
    void shown(ImmutableList<StateVariable> variables, Shown shown, State after, int vm) {
        for (int i = 0; i < variables.size(); i++) {
            if (isOver()) {
                return;
            }
            StateVariable variable = variables.get(i);
            int place = requireNonNull(places.get(variable));
            Value value = place >= 0
                    ? requireNonNull(after.at(place))
                    : derived(variable).in(after);
            if (!agrees(variable, value, shown, vm)) {
                note(variable.specName(), value, all(variable, shown));
            }
        }
    }

    private MemoizedOperator derived(StateVariable variable) {
        return derived.computeIfAbsent(variable, each -> subject.model().latest(each.specName()));
    }

    private boolean agrees(StateVariable variable, Value value, Shown shown, int vm) {
        return switch (variable.kind()) {
            case UINT64, UINT31, INT8, PCPU, VCPU, FLAG ->
                isScalar(variable, variable.kind(), value, shown.value(variable));
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU ->
                isMap(variable, value, shown, vm);
            case VCPU_SET -> isSet(value, shown, variable, vm);
            case UINT64_OF_VM -> isWord(requireNonNull(ofVm((FcnRcdValue) value, vm)), shown.value(variable));
            case FLAG_OF_VM -> value.member(subject.vm(vm)) == (shown.value(variable) != 0);
        };
    }

    private boolean isScalar(StateVariable variable, Kind kind, Value value, long java) {
        return switch (kind) {
            case UINT64 -> PLAIN.contains(variable) ? isNumber(value, java) : isWord(value, java);
            case FLAG -> ((BoolValue) value).val == (java != 0);
            default -> isNumber(value, java);
        };
    }

    private boolean isWord(Value value, long java) {
        return words.wide(((IntValue) value).val) == java;
    }

    private static boolean isNumber(Value value, long java) {
        return ((IntValue) value).val == java;
    }

    /** What a function of VMs has for one; null for none. */
    @Nullable
    Value ofVm(FcnRcdValue function, int vm) {
        Value[] domain = function.getDomainAsValues();
        for (int i = 0; i < domain.length; i++) {
            if (((StringValue) domain[i]).val == subject.vm(vm).val) {
                return function.values[i];
            }
        }
        return null;
    }

    private boolean isSet(Value value, Shown shown, StateVariable variable, int vm) {
        SetEnumValue set = (SetEnumValue) value.toSetEnum();
        int found = 0;
        for (int i = 0; i < set.elems.size(); i++) {
            int at = subject.index(set.elems.elementAt(i), vm);
            if (at >= 0) {
                if (!shown.has(variable, at)) {
                    return false;
                }
                found++;
            }
        }
        return found == shown.size(variable);
    }

    private boolean isMap(StateVariable variable, Value value, Shown shown, int vm) {
        if (value instanceof TupleValue tuple && tuple.elems.length == 0) {
            return shown.size(variable) == 0;
        }
        FcnRcdValue function = (FcnRcdValue) value.toFcnRcd();
        Value[] domain = function.getDomainAsValues();
        Kind each = variable.kind().each();
        int found = 0;
        for (int i = 0; i < domain.length; i++) {
            int at = subject.index(domain[i], vm);
            if (at >= 0) {
                if (!shown.has(variable, at)
                        || !isScalar(variable, each, function.values[i], shown.value(variable, at))) {
                    return false;
                }
                found++;
            }
        }
        return found == shown.size(variable);
    }

    private void note(String name, Value value, Object java) {
        same = false;
        if (lines != null) {
            lines.add(name + ": specification " + value + ", Java " + java);
        }
    }

    /** A word of Java as the model would have it, if it has such a word. */
    private Object shownWord(long java) {
        return words.isWord(java) ? (Object) words.small(java) : java;
    }

    private Object shownScalar(StateVariable variable, Kind kind, long java) {
        return switch (kind) {
            case UINT64, UINT64_OF_VM -> PLAIN.contains(variable) ? (Object) java : shownWord(java);
            default -> kind.boxed(java);
        };
    }

    /** All of a variable as Java has it, as text. */
    private Object all(StateVariable variable, Shown shown) {
        if (lines == null) {
            return "";
        }
        Kind kind = variable.kind();
        boolean isSet = kind == Kind.VCPU_SET;
        if (!isSet && (kind.each() == kind || kind == Kind.UINT64_OF_VM || kind == Kind.FLAG_OF_VM)) {
            return shownScalar(variable, kind, shown.value(variable));
        }
        StringJoiner text = isSet ? new StringJoiner(", ", "{", "}") : new StringJoiner(" @@ ", "(", ")");
        int left = shown.size(variable);
        for (int i = 0; left > 0; i++) {
            if (shown.has(variable, i)) {
                text.add(isSet ? "" + i : i + " :> " + shownScalar(variable, kind.each(), shown.value(variable, i)));
                left--;
            }
        }
        return text.toString();
    }
}
