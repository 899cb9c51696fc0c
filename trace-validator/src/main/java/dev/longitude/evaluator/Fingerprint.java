package dev.longitude.evaluator;

import java.util.Arrays;
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
 * A number of 64 bits for a value, the same for equal values. (TLC's own goes through a value byte by byte, and through
 * each string.) Tuples and records are functions, as in TLA+; the order of a function's or a set's parts does not
 * matter. (Not thread-safe.)
 */
public final class Fingerprint {
    private static final long SEED = 0x9E3779B97F4A7C15L;
    private static final long OF_NUMBER = 0xD1B54A32D192ED03L;
    private static final long OF_STRING = 0xABC98388FB8FAC03L;
    private static final long OF_SET = 0x8CB92BA72F3D8DD7L;
    private static final long OF_FUNCTION = 0xDB4F0B9175AE2165L;
    private static final long OF_TRUE = mixed(OF_NUMBER ^ SEED);
    private static final long OF_FALSE = mixed(OF_TRUE);

    /** The last two values at each place of a view, the newer one first, and their fingerprints. */
    private @Nullable Value[] seen = new Value[256];

    private long[] prints = new long[seen.length];
    private int place;

    /** Those of strings, by TLC's numbers for them; 0 where not computed yet. */
    private long[] ofStrings = new long[1 << 10];

    /** Spreads each bit over all (the finalizer of MurmurHash3). */
    private static long mixed(long bits) {
        long one = (bits ^ (bits >>> 33)) * 0xFF51AFD7ED558CCDL;
        long two = (one ^ (one >>> 33)) * 0xC4CEB9FE1A85EC53L;
        return two ^ (two >>> 33);
    }

    private static long ofNumber(int number) {
        return mixed(number + OF_NUMBER);
    }

    private long ofString(UniqueString text) {
        int at = text.getTok();
        if (at >= ofStrings.length) {
            ofStrings = Arrays.copyOf(ofStrings, 2 * at);
        }
        if (ofStrings[at] == 0) {
            long print = OF_STRING;
            String characters = text.toString();
            for (int i = 0; i < characters.length(); i++) {
                print = mixed(print + characters.charAt(i));
            }
            ofStrings[at] = print;
        }
        return ofStrings[at];
    }

    private static long ofPair(long key, long value) {
        return mixed(key * SEED + value);
    }

    /**
     * The same as {@link #of}, for views of successive states: a part that is the same object as one of the last two at
     * its place is not looked at again.
     */
    public long ofView(Value view) {
        place = 0;
        return ofParts(view);
    }

    private long ofParts(Value value) {
        if (value instanceof TupleValue tuple) {
            long sum = OF_FUNCTION;
            for (int i = 0; i < tuple.elems.length; i++) {
                sum += ofPair(ofNumber(i + 1), ofParts(tuple.elems[i]));
            }
            return mixed(sum);
        }
        if (value instanceof IntValue || value instanceof BoolValue) {
            return of(value);
        }
        int newer = 2 * place++;
        int older = newer + 1;
        if (older >= seen.length) {
            seen = Arrays.copyOf(seen, 2 * older);
            prints = Arrays.copyOf(prints, seen.length);
        }
        if (seen[newer] != value) {
            long print = seen[older] == value ? prints[older] : of(value);
            seen[older] = seen[newer];
            prints[older] = prints[newer];
            seen[newer] = value;
            prints[newer] = print;
        }
        return prints[newer];
    }

    /** The fingerprint of a value without lazy or unknown parts; the same in every JVM. */
    public long of(Value value) {
        if (value instanceof IntValue number) {
            return ofNumber(number.val);
        }
        if (value instanceof BoolValue flag) {
            return flag.val ? OF_TRUE : OF_FALSE;
        }
        if (value instanceof StringValue text) {
            return ofString(text.val);
        }
        if (value instanceof TupleValue tuple) {
            long sum = OF_FUNCTION;
            for (int i = 0; i < tuple.elems.length; i++) {
                sum += ofPair(ofNumber(i + 1), of(tuple.elems[i]));
            }
            return mixed(sum);
        }
        if (value instanceof RecordValue record) {
            long sum = OF_FUNCTION;
            for (int i = 0; i < record.names.length; i++) {
                sum += ofPair(ofString(record.names[i]), of(record.values[i]));
            }
            return mixed(sum);
        }
        if (value instanceof FcnRcdValue function) {
            Value[] domain = function.getDomainAsValues();
            long sum = OF_FUNCTION;
            for (int i = 0; i < domain.length; i++) {
                sum += ofPair(of(domain[i]), of(function.values[i]));
            }
            return mixed(sum);
        }
        if (value instanceof SetEnumValue set) {
            set.normalize(); // (one that TLC has not sorted may have an element twice)
            long sum = OF_SET;
            for (int i = 0; i < set.elems.size(); i++) {
                sum += mixed(of(set.elems.elementAt(i)));
            }
            return mixed(sum);
        }
        throw new IllegalArgumentException("no fingerprint of a " + value.getKindString());
    }
}
