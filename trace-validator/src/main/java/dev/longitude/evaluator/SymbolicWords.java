package dev.longitude.evaluator;

import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.Arrays;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * The operators of {@link Words64} on words of which some are unknown. Each agrees with its twin there for all values
 * of the unknowns: where the answer depends on them, the current {@link Way} decides, and another way takes the other
 * answer.
 */
public final class SymbolicWords {
    /** The greatest distance between the conversion of a word and that of its constant. */
    private static final long WIDEST = 1L << 61;

    /** The greatest distance of two instants of a trace: 18 years in ns, 9 years in cycles at 2 GHz. */
    private static final long LONGEST = 1L << 59;

    private SymbolicWords() {}

    /** The word {@code constant + sum}. */
    public static Value word(long constant, LinearSum sum) {
        return sum.isZero() ? Words64.word(constant) : new SymbolicWord(constant, sum);
    }

    /** The constant of a word: all of it if it is known. */
    public static long constant(Value word) {
        return word instanceof SymbolicWord unknown ? unknown.constant() : Words64.bits(word);
    }

    /** The sum of a word's unknowns. */
    public static LinearSum sum(Value word) {
        return word instanceof SymbolicWord unknown ? unknown.sum() : LinearSum.ZERO;
    }

    static Value add(Value a, Value b) {
        return word(constant(a) + constant(b), sum(a).plus(sum(b)));
    }

    static Value sub(Value a, Value b) {
        return word(constant(a) - constant(b), sum(a).minus(sum(b)));
    }

    /** Before64: whether a - b, read as a signed word, is negative. */
    static boolean before(Value a, Value b) {
        return isNegative(constant(a) - constant(b), sum(a).minus(sum(b)));
    }

    private static boolean isNegative(long constant, LinearSum sum) {
        if (sum.isZero()) {
            return constant < 0;
        }
        Way way = Way.current();
        boolean over = sumOverflows(constant, way.store().greatest(sum));
        boolean under = sumUnderflows(constant, way.store().least(sum));
        if (over && way.atMost(sum, Long.MAX_VALUE - constant)) {
            over = false;
        }
        if (over) {
            return true; // past the greatest signed word
        }
        if (under && way.atMost(sum, Long.MIN_VALUE - constant - 1)) {
            return false; // past the least
        }
        return way.atMost(sum, bound(-1, constant));
    }

    private static boolean sumOverflows(long constant, long greatest) {
        return greatest > 0 && constant > Long.MAX_VALUE - greatest;
    }

    private static boolean sumUnderflows(long constant, long least) {
        return least < 0 && constant < Long.MIN_VALUE - least;
    }

    /** {@code value - constant}, or the nearest number that fits in a long. */
    private static long bound(long value, long constant) {
        long difference = value - constant;
        boolean overflows = ((value ^ constant) & (value ^ difference)) < 0;
        return overflows ? (value < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : difference;
    }

    /**
     * Whether {@code constant + sum} wraps past 2^64 (1), wraps below 0 (-1), or does not wrap (0); the constant is
     * unsigned. (No sum is beyond +-2^62.)
     */
    private static int wraps(long constant, LinearSum sum) {
        if (sum.isZero()) {
            return 0;
        }
        Way way = Way.current();
        long room = -1 - constant; // up to the greatest word, unsigned
        if (room >= 0 && way.store().greatest(sum) > room && !way.atMost(sum, room)) {
            return 1;
        }
        if (constant >= 0 && way.store().least(sum) < -constant && way.atMost(sum, -constant - 1)) {
            return -1;
        }
        return 0;
    }

    /** Less64: plain unsigned comparison. */
    static boolean less(Value a, Value b) {
        int wrapsA = wraps(constant(a), sum(a));
        int wrapsB = wraps(constant(b), sum(b));
        // a < b if and only if sum < low + high * 2^64, where low is unsigned and nothing wraps.
        LinearSum sum = sum(a).minus(sum(b));
        long low = constant(b) - constant(a);
        int high = (Long.compareUnsigned(constant(b), constant(a)) < 0 ? -1 : 0) + wrapsA - wrapsB;
        if ((high == 0 && low >= 0) || (high == -1 && low < 0)) {
            return sum.isZero()
                    ? 0 < low
                    : low > Long.MIN_VALUE && Way.current().atMost(sum, low - 1);
        }
        return high >= 0; // the bound is beyond any sum
    }

    /** Whether two words are the same. */
    private static boolean sameWord(Value a, Value b) {
        LinearSum sum = sum(a).minus(sum(b));
        long wanted = constant(b) - constant(a);
        return sum.isZero() ? wanted == 0 : Way.current().is(sum, wanted);
    }

    /** SameNs64. */
    static boolean sameNs(Value a, Value b) {
        LinearSum sum = sum(a).minus(sum(b));
        long apart = constant(a) - constant(b);
        if (sum.isZero()) {
            return Words64.sameNs(constant(a), constant(b));
        }
        Way way = Way.current();
        return way.atMost(sum, bound(Words64.SAME_NS, apart)) && !way.atMost(sum, bound(-Words64.SAME_NS - 1, apart));
    }

    /** CyclesToNs64. */
    static Value cyclesToNs(int khz, Value cycles) {
        return converted(new Conversion.CyclesToNs(khz), cycles);
    }

    /** NsToCycles64. */
    static Value nsToCycles(int khz, Value ns) {
        return converted(Conversion.nsToCycles(khz), ns);
    }

    /** PvclockNs64. */
    static Value pvclockNs(Value mul, int shift, Value cycles) {
        return converted(new Conversion.ScaleDelta(Words64.bits(mul), shift), cycles);
    }

    /** Scale64. */
    static Value scale(int fracBits, Value cycles, Value ratio) {
        long by = Words64.bits(ratio);
        return by == 1L << fracBits ? cycles : converted(new Conversion.Scale(fracBits, by), cycles);
    }

    /** The conversion of a word: an unknown that is related to it. */
    private static Value converted(Conversion conversion, Value word) {
        if (!(word instanceof SymbolicWord)) {
            return Words64.word(conversion.applyAsLong(Words64.bits(word)));
        }
        LinearSum sum = sum(word);
        long constant = constant(word);
        // A word that wraps counts from 0 on, and so does its conversion.
        long base = wraps(constant, sum) == 0 ? conversion.applyAsLong(constant) : 0;
        Conversion.ConvertedDifference following = new Conversion.ConvertedDifference(conversion, constant, base);
        Store store = Way.current().store();
        LinearSum known = store.related(sum, following).orElse(null);
        if (known != null) {
            return word(base, known);
        }
        boolean isBounded = store.greatest(sum) < Store.INFINITY && store.least(sum) > -Store.INFINITY;
        if (isBounded && store.greatest(sum) - store.least(sum) < WIDEST && !store.require(sum, -LONGEST, LONGEST)) {
            throw new Way.DeadEnd();
        }
        long least = following.least(store.least(sum));
        long most = following.greatest(store.greatest(sum));
        if (most < least || least < -WIDEST || most > WIDEST) {
            throw new TooLittleKnownException(conversion + " of a word that is nearly unbounded");
        }
        LinearSum image = LinearSum.of(store.unknown(least, most));
        if (!store.relate(image, sum, following)) {
            throw new Way.DeadEnd();
        }
        return word(base, image);
    }

    /**
     * KeepsPace64, where it must be true: it narrows the unknowns to the values for which it is. (The specification
     * uses it only as a guard of the passing of time; a test checks that.)
     */
    static boolean keepsPace(int khz, Value cycles, Value ns) {
        if (!(cycles instanceof SymbolicWord) && !(ns instanceof SymbolicWord)) {
            return Words64.keepsPace(khz, Words64.bits(cycles), Words64.bits(ns));
        }
        Conversion.Pace pace = new Conversion.Pace(khz, constant(cycles), constant(ns));
        Store store = Way.current().store();
        return sum(cycles).isZero()
                ? store.require(sum(ns), pace.least(0), pace.greatest(0))
                : store.relate(sum(ns), sum(cycles), pace);
    }

    /** Whether two values are the same: words by their values, all others by their parts. */
    public static boolean same(Value a, Value b) {
        if (a == b) {
            return true;
        }
        if (a instanceof SymbolicWord || b instanceof SymbolicWord) {
            return sameWord(a, b);
        }
        if (a instanceof IntValue x && b instanceof IntValue y) {
            return x.val == y.val;
        }
        if (a instanceof TupleValue x && b instanceof TupleValue y) {
            return same(x.elems, y.elems);
        }
        if (a instanceof RecordValue x && b instanceof RecordValue y) {
            x.normalize(); // (TLC makes records whose fields are not in order yet)
            y.normalize();
            return Arrays.equals(x.names, y.names) && same(x.values, y.values);
        }
        if (a instanceof FcnRcdValue x && b instanceof FcnRcdValue y) {
            x.normalize();
            y.normalize();
            return same(x.getDomainAsValues(), y.getDomainAsValues()) && same(x.values, y.values);
        }
        if (a instanceof SetEnumValue x && b instanceof SetEnumValue y) {
            return Values.isSubset(x, y) && Values.isSubset(y, x);
        }
        return a.equals(b);
    }

    private static boolean same(Value[] a, Value[] b) {
        if (a.length != b.length) {
            return false;
        }
        for (int i = 0; i < a.length; i++) {
            if (!same(a[i], b[i])) {
                return false;
            }
        }
        return true;
    }
}
