package dev.longitude.evaluator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Operations on TLC's functions and sets. TLC's own are often lazy; the results of these are not. */
final class Values {
    private Values() {}

    private static boolean same(Value one, Value other) {
        return (one instanceof IntValue a && other instanceof IntValue b)
                ? a.val == b.val
                : SymbolicWords.same(one, other);
    }

    /** The place of a key among those of a function; -1 if it is not there. */
    private static int place(Value[] keys, Value key) {
        for (int i = 0; i < keys.length; i++) {
            if (same(keys[i], key)) {
                return i;
            }
        }
        return -1;
    }

    /** f[key] */
    static Value apply(Value f, Value key) {
        if (f instanceof FcnRcdValue function) {
            int place = place(function.getDomainAsValues(), key);
            if (place >= 0) {
                return function.values[place];
            }
        } else if (f instanceof TupleValue tuple
                && key instanceof IntValue place
                && place.val >= 1
                && place.val <= tuple.elems.length) {
            return tuple.elems[place.val - 1];
        }
        throw new IllegalStateException(f + " has no value for " + key);
    }

    /** The place of a record's field among its names. */
    static int place(Value f, UniqueString name) {
        if (f instanceof RecordValue record) {
            UniqueString[] names = record.names;
            for (int i = 0; i < names.length; i++) {
                if (names[i] == name) {
                    return i;
                }
            }
        }
        throw new IllegalStateException(f + " has no field " + name);
    }

    /** Whether key \in DOMAIN f. */
    static boolean hasKey(Value f, Value key) {
        return place(keys(f), key) >= 0;
    }

    /** DOMAIN f, in order; callers must not change the array. */
    static Value[] keys(Value f) {
        if (f instanceof FcnRcdValue function) {
            return function.getDomainAsValues();
        }
        if (f instanceof TupleValue tuple) {
            Value[] places = new Value[tuple.elems.length];
            for (int i = 0; i < places.length; i++) {
                places[i] = IntValue.gen(i + 1);
            }
            return places;
        }
        throw new IllegalStateException(f + " is not a function");
    }

    /** The function with these keys, in the order of TLC's sets. */
    static Value function(Value[] keys, Value[] values) {
        return keys.length == 0 ? TupleValue.EmptyTuple : new FcnRcdValue(keys, values, true);
    }

    /** f with another value for a key; f itself without the key. */
    static Value with(Value f, Value key, Value value) {
        if (f instanceof FcnRcdValue function) {
            Value[] keys = function.getDomainAsValues();
            int place = place(keys, key);
            return place < 0 ? f : new FcnRcdValue(keys, with(function.values, place, value), true);
        }
        throw new IllegalStateException(f + " is not a function that this EXCEPT supports");
    }

    /** The record f with another value for a field. */
    static Value with(Value f, UniqueString name, Value value) {
        int place = place(f, name);
        RecordValue record = (RecordValue) f;
        return new RecordValue(record.names, with(record.values, place, value), true);
    }

    private static Value[] with(Value[] values, int place, Value value) {
        Value[] others = values.clone();
        others[place] = value;
        return others;
    }

    /** A set that is enumerated, in order. */
    static SetEnumValue set(Value value) {
        if (value.toSetEnum() instanceof SetEnumValue set) {
            set.normalize();
            return set;
        }
        throw new IllegalStateException(value + " is not a set that can be enumerated");
    }

    /** The set of some values that are sorted and distinct. */
    static SetEnumValue sorted(Value[] values) {
        return values.length == 0 ? SetEnumValue.EmptySet : new SetEnumValue(values, true);
    }

    /** The set of some values. */
    static SetEnumValue setOf(Value[] values) {
        if (values.length <= 1) {
            return sorted(values);
        }
        if (isAnySymbolic(values)) {
            return distinct(values);
        }
        SetEnumValue set = new SetEnumValue(values, false);
        set.normalize();
        return set;
    }

    /**
     * Whether a value contains an unknown word. (No set of the specification holds more than words and tuples of
     * words.)
     */
    private static boolean isSymbolic(Value value) {
        return value instanceof SymbolicWord
                || (value instanceof TupleValue tuple && isAnySymbolic(tuple.elems))
                || (value instanceof RecordValue record && isAnySymbolic(record.values));
    }

    private static boolean isAnySymbolic(Value[] values) {
        for (Value value : values) {
            if (isSymbolic(value)) {
                return true;
            }
        }
        return false;
    }

    /** The set of some values that have no order. */
    private static SetEnumValue distinct(Value[] values) {
        List<Value> distinct = new ArrayList<>();
        for (Value value : values) {
            if (distinct.stream().noneMatch(other -> same(other, value))) {
                distinct.add(value);
            }
        }
        return new SetEnumValue(distinct.toArray(new Value[0]), true);
    }

    private static boolean has(SetEnumValue set, Value value) {
        for (int i = 0; i < set.elems.size(); i++) {
            if (same(set.elems.elementAt(i), value)) {
                return true;
            }
        }
        return false;
    }

    /** Whether value \in set. */
    static boolean isIn(Value value, Value set) {
        return set instanceof SetEnumValue enumerated ? has(enumerated, value) : set.member(value);
    }

    /** one \cup other */
    static SetEnumValue union(SetEnumValue one, SetEnumValue other) {
        if (one.elems.size() == 0) {
            return other;
        }
        Value[] all = union(one.elems.toArray(), other.elems.toArray());
        return all.length == one.elems.size() ? one : sorted(all);
    }

    /** The same of their elements, in order. */
    static Value[] union(Value[] one, Value[] other) {
        @Nullable Value[] all = Arrays.copyOf(one, one.length + other.length);
        int count = one.length;
        for (Value each : other) {
            if (place(one, each) < 0) {
                all[count++] = each;
            }
        }
        return count == one.length
                ? one
                : setOf(Arrays.copyOf(all, count)).elems.toArray();
    }

    /** one \ other */
    static SetEnumValue difference(SetEnumValue one, SetEnumValue other) {
        Value[] left = those(one, other, false);
        return left.length == one.elems.size() ? one : sorted(left);
    }

    /** one \cap other */
    static SetEnumValue intersection(SetEnumValue one, SetEnumValue other) {
        Value[] left = those(one, other, true);
        return left.length == one.elems.size() ? one : sorted(left);
    }

    /** Whether one \subseteq other. */
    static boolean isSubset(SetEnumValue one, SetEnumValue other) {
        return those(one, other, false).length == 0;
    }

    /** The elements of one set that another has, or has not. */
    private static Value[] those(SetEnumValue of, SetEnumValue other, boolean has) {
        @Nullable Value[] those = new Value[of.elems.size()];
        int count = 0;
        for (int i = 0; i < of.elems.size(); i++) {
            Value each = of.elems.elementAt(i);
            if (has(other, each) == has) {
                those[count++] = each;
            }
        }
        return Arrays.copyOf(those, count);
    }
}
