package dev.longitude.evaluator;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * A value as the key of a map. (TLC distinguishes values by their fingerprints, which cost more than evaluating the
 * value in this package.)
 */
public final class ValueKey {
    private final Value value;
    private int hash;

    /** The key of a value, with no lazy part left in it. */
    public ValueKey(Value value) {
        this.value = value;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ValueKey key && isSame(value, key.value);
    }

    /**
     * Whether two values are syntactically equal: unknown words by the same unknowns. (Two states share most of their
     * parts as the same objects.)
     */
    public static boolean isSame(Value one, Value other) {
        if (one == other) {
            return true;
        }
        if (one instanceof SymbolicWord || other instanceof SymbolicWord) {
            return one instanceof SymbolicWord && one.equals(other);
        }
        if (one instanceof TupleValue a && other instanceof TupleValue b) {
            return isSame(a.elems, b.elems);
        }
        if (one instanceof RecordValue a && other instanceof RecordValue b) {
            a.normalize(); // (TLC makes records whose fields are not in order yet)
            b.normalize();
            return Arrays.equals(a.names, b.names) && isSame(a.values, b.values);
        }
        if (one instanceof FcnRcdValue a && other instanceof FcnRcdValue b) {
            a.normalize();
            b.normalize();
            return isSame(a.getDomainAsValues(), b.getDomainAsValues()) && isSame(a.values, b.values);
        }
        if (one instanceof SetEnumValue a && other instanceof SetEnumValue b) {
            a.normalize();
            b.normalize();
            boolean same = a.elems.size() == b.elems.size();
            for (int i = 0; same && i < a.elems.size(); i++) {
                same = isSame(a.elems.elementAt(i), b.elems.elementAt(i));
            }
            return same;
        }
        return one.equals(other);
    }

    private static boolean isSame(Value[] one, Value[] other) {
        boolean same = one.length == other.length;
        for (int i = 0; same && i < one.length; i++) {
            same = isSame(one[i], other[i]);
        }
        return same;
    }

    @Override
    public int hashCode() {
        if (hash == 0) {
            hash = hash(value);
        }
        return hash;
    }

    private static int hash(Value value) {
        if (value instanceof IntValue number) {
            return number.val;
        }
        if (value instanceof BoolValue flag) {
            return flag.val ? 1 : 2;
        }
        if (value instanceof StringValue text) {
            return text.getVal().hashCode();
        }
        if (value instanceof TupleValue tuple) {
            return hash(tuple.elems);
        }
        if (value instanceof RecordValue record) {
            return hash(record.values);
        }
        if (value instanceof FcnRcdValue function) {
            return hash(function.values);
        }
        if (value instanceof SymbolicWord) {
            return value.hashCode();
        }
        return value instanceof SetEnumValue set ? hash(set.elems.toArray()) : 0;
    }

    private static int hash(Value[] values) {
        int hash = 1;
        for (Value value : values) {
            hash = 31 * hash + hash(value);
        }
        return hash;
    }
}
