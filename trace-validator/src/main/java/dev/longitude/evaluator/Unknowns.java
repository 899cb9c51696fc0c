package dev.longitude.evaluator;

import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntToLongFunction;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/** The unknowns in a state. */
public final class Unknowns {
    private Unknowns() {}

    /**
     * A state in which words that have become known are replaced.
     *
     * @param mentioned receives the unknowns that are left in it
     */
    public static State simplified(State state, Store store, BitSet mentioned) {
        return state.map(value -> words(value, word -> simplified(word, store, mentioned)));
    }

    private static Value simplified(SymbolicWord word, Store store, BitSet mentioned) {
        long constant = word.constant();
        LinearSum left = word.sum();
        for (int i = 0; i < word.sum().size(); i++) {
            LinearSum one = LinearSum.of(word.sum().unknown(i));
            long value = store.least(one);
            if (value == store.greatest(one)) {
                LinearSum known = one.times(word.sum().factor(i));
                constant += value * word.sum().factor(i);
                left = left.minus(known);
            }
        }
        if (!left.isZero() && store.least(left) == store.greatest(left)) {
            constant += store.least(left);
            left = LinearSum.ZERO;
        }
        for (int i = 0; i < left.size(); i++) {
            mentioned.set(left.unknown(i));
        }
        return left.equals(word.sum()) ? word : SymbolicWords.word(constant, left);
    }

    /**
     * A value with its unknowns renumbered from 0, in the order in which they occur.
     *
     * @param order receives the unknowns in that order
     */
    public static Value renumbered(Value value, List<Integer> order) {
        return words(value, word -> {
            LinearSum renumbered = LinearSum.ZERO;
            for (int i = 0; i < word.sum().size(); i++) {
                int unknown = word.sum().unknown(i);
                if (!order.contains(unknown)) {
                    order.add(unknown);
                }
                renumbered = renumbered.plus(
                        LinearSum.of(order.indexOf(unknown)).times(word.sum().factor(i)));
            }
            return SymbolicWords.word(word.constant(), renumbered);
        });
    }

    /** Whether some word in a value is unknown. */
    public static boolean areIn(Value value) {
        return words(value, word -> Words64.word(0)) != value;
    }

    /** Whether a state contains {@link SymbolicWord#UNREAD}. */
    public static boolean isUnreadIn(State state) {
        boolean[] found = new boolean[1];
        state.map(value -> words(value, word -> {
            found[0] |= word.isUnread();
            return word;
        }));
        return found[0];
    }

    /** A state in which each unknown has its value in {@code solution}. */
    public static State solved(State state, IntToLongFunction solution) {
        return state.map(value -> words(value, word -> Words64.word(solved(word, solution))));
    }

    /** A word, unsigned, in which each unknown has its value in {@code solution}. */
    public static long solved(Value word, IntToLongFunction solution) {
        if (!(word instanceof SymbolicWord unknown)) {
            return Words64.bits(word);
        }
        long bits = unknown.constant();
        LinearSum sum = unknown.sum();
        for (int i = 0; i < sum.size(); i++) {
            bits += sum.factor(i) * solution.applyAsLong(sum.unknown(i));
        }
        return bits;
    }

    /** The same value with {@code change} applied to each unknown word; the value itself if there are none. */
    private static Value words(Value value, Change change) {
        if (value instanceof SymbolicWord word) {
            return change.apply(word);
        }
        if (value instanceof TupleValue tuple) {
            Value[] parts = all(tuple.elems, change);
            return parts == tuple.elems ? value : new TupleValue(parts);
        }
        if (value instanceof RecordValue record) {
            Value[] parts = all(record.values, change);
            return parts == record.values ? value : new RecordValue(record.names, parts, true);
        }
        if (value instanceof FcnRcdValue function) {
            Value[] parts = all(function.values, change);
            return parts == function.values ? value : new FcnRcdValue(function.getDomainAsValues(), parts, true);
        }
        if (value instanceof SetEnumValue set && set.elems.size() > 0) {
            Value[] elements = set.elems.toArray();
            Value[] parts = all(elements, change);
            return parts == elements ? value : Values.setOf(parts);
        }
        return value;
    }

    private interface Change {
        Value apply(SymbolicWord word);
    }

    private static Value[] all(Value[] values, Change change) {
        Value[] changed = values;
        for (int i = 0; i < values.length; i++) {
            Value then = words(values[i], change);
            if (then != values[i]) {
                if (changed == values) {
                    changed = values.clone();
                }
                changed[i] = then;
            }
        }
        return changed;
    }
}
