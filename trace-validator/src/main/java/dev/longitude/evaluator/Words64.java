package dev.longitude.evaluator;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * The Java twins of {@code spec/Words64.tla}: 64-bit words as pairs of 32-bit halves. TLC calls them by reflection.
 */
public final class Words64 {
    private static final String MODULE = "Words64";
    private static final long NSEC_PER_SEC = 1_000_000_000L;
    private static final BigInteger TWO_TO_64 = BigInteger.ONE.shiftLeft(64);

    private Words64() {}

    /** The 64 bits of a word. */
    public static long bits(Value value) {
        TupleValue pair = value instanceof TupleValue tuple ? tuple : (TupleValue) value.toTuple();
        Value[] halves = pair.elems;
        return ((long) ((IntValue) halves[0]).val << 32) | (((IntValue) halves[1]).val & 0xffff_ffffL);
    }

    /** The word with the bits of {@code bits}. */
    public static TupleValue word(long bits) {
        return new TupleValue(IntValue.gen((int) (bits >>> 32)), IntValue.gen((int) bits));
    }

    /** The word with these bits: {@code like} if it has them. */
    public static Value wordLike(@Nullable Value like, long bits) {
        return like instanceof TupleValue && bits(like) == bits ? like : word(bits);
    }

    /** IsWord64. */
    @TLAPlusOperator(identifier = "IsWord64", module = MODULE, warn = false)
    public static BoolValue isWord(Value w) {
        return bool(w instanceof SymbolicWord
                || (w.toTuple() instanceof TupleValue pair
                        && pair.elems.length == 2
                        && pair.elems[0] instanceof IntValue
                        && pair.elems[1] instanceof IntValue));
    }

    /** Add64. */
    @TLAPlusOperator(identifier = "Add64", module = MODULE, warn = false)
    public static Value add(Value a, Value b) {
        return word(bits(a) + bits(b));
    }

    /** Sub64. */
    @TLAPlusOperator(identifier = "Sub64", module = MODULE, warn = false)
    public static Value sub(Value a, Value b) {
        // (TLC itself makes a VM's first state, whose clocks may be unknown.)
        return a instanceof SymbolicWord || b instanceof SymbolicWord
                ? SymbolicWords.sub(a, b)
                : word(bits(a) - bits(b));
    }

    /** Less64. */
    @TLAPlusOperator(identifier = "Less64", module = MODULE, warn = false)
    public static BoolValue less(Value a, Value b) {
        return bool(Long.compareUnsigned(bits(a), bits(b)) < 0);
    }

    /** Before64. */
    @TLAPlusOperator(identifier = "Before64", module = MODULE, warn = false)
    public static BoolValue before(Value a, Value b) {
        return bool(bits(a) - bits(b) < 0);
    }

    /** SecondInCycles64. */
    @TLAPlusOperator(identifier = "SecondInCycles64", module = MODULE, warn = false)
    public static Value secondInCycles(IntValue khz) {
        return word(khz.val * 1000L);
    }

    /** CyclesToNs64. */
    @TLAPlusOperator(identifier = "CyclesToNs64", module = MODULE, warn = false)
    public static Value cyclesToNs(IntValue khz, Value cycles) {
        return word(cyclesToNs(khz.val, bits(cycles)));
    }

    /** CyclesToNs64 of plain numbers. */
    public static long cyclesToNs(int khz, long cycles) {
        return isShort(cycles)
                ? cycles * 1_000_000 / khz
                : nominalNs(khz, cycles).longValue();
    }

    /** Whether the nanoseconds of so many cycles can be computed in 64 bits. */
    private static boolean isShort(long cycles) {
        return cycles >>> 43 == 0;
    }

    /** FromNat64. */
    @TLAPlusOperator(identifier = "FromNat64", module = MODULE, warn = false)
    public static Value fromNat(IntValue n) {
        return word(n.val);
    }

    /** KeepsPace64. */
    @TLAPlusOperator(identifier = "KeepsPace64", module = MODULE, warn = false)
    public static BoolValue keepsPace(IntValue khz, Value cycles, Value ns) {
        return bool(keepsPace(khz.val, bits(cycles), bits(ns)));
    }

    static boolean keepsPace(int khz, long cycles, long ns) {
        if (isShort(cycles) && ns >= 0) {
            long nominal = cyclesToNs(khz, cycles);
            return Math.abs(ns - nominal) <= paceSlack(nominal);
        }
        BigInteger nominal = nominalNs(khz, cycles);
        BigInteger slack = nominal.shiftRight(22).add(BigInteger.valueOf(4));
        return number(ns).subtract(nominal).abs().compareTo(slack) <= 0;
    }

    /** The greatest deviation of the base clock from the TSC's rate, ns. */
    static long paceSlack(long nominal) {
        return (nominal >>> 22) + 4;
    }

    private static BigInteger nominalNs(int khz, long cycles) {
        return number(cycles).multiply(BigInteger.valueOf(1_000_000)).divide(BigInteger.valueOf(khz));
    }

    /** SameNs64. */
    @TLAPlusOperator(identifier = "SameNs64", module = MODULE, warn = false)
    public static BoolValue sameNs(Value a, Value b) {
        return bool(sameNs(bits(a), bits(b)));
    }

    /** The greatest difference of two times that count as the same, ns. */
    static final long SAME_NS = 100_000;

    static boolean sameNs(long a, long b) {
        long apart = a - b;
        return apart <= SAME_NS && apart >= -SAME_NS;
    }

    /** NsToCycles64. */
    @TLAPlusOperator(identifier = "NsToCycles64", module = MODULE, warn = false)
    public static Value nsToCycles(IntValue khz, Value ns) {
        return word(nsToCycles(khz.val, bits(ns)));
    }

    static long nsToCycles(int khz, long ns) {
        return nsToCyclesScale(khz).applyAsLong(ns);
    }

    /** NsToCycles64 at one rate, kHz, for many spans of time. */
    static Conversion.ScaleDelta nsToCyclesScale(int khz) {
        Scale scale = timeScale(khz * 1000L, NSEC_PER_SEC);
        return new Conversion.ScaleDelta(scale.mult, scale.shift);
    }

    /** PvclockMul64. */
    @TLAPlusOperator(identifier = "PvclockMul64", module = MODULE, warn = false)
    public static Value pvclockMul(Value cyclesPerSecond) {
        return word(timeScale(NSEC_PER_SEC, bits(cyclesPerSecond)).mult);
    }

    /** PvclockShift64. */
    @TLAPlusOperator(identifier = "PvclockShift64", module = MODULE, warn = false)
    public static Value pvclockShift(Value cyclesPerSecond) {
        return IntValue.gen(timeScale(NSEC_PER_SEC, bits(cyclesPerSecond)).shift);
    }

    /** PvclockNs64. */
    @TLAPlusOperator(identifier = "PvclockNs64", module = MODULE, warn = false)
    public static Value pvclockNs(Value mul, IntValue shift, Value cycles) {
        return word(scaleDelta(bits(cycles), bits(mul), shift.val));
    }

    private record Scale(long mult, int shift) {}

    /** kvm_get_time_scale(): {@code scaledHz} is less than 2^42, {@code baseHz} unsigned. */
    private static Scale timeScale(long scaledHz, long baseHz) {
        if (baseHz == 0) {
            return new Scale(0, 0); // the algorithm would never end
        }
        long scaled = scaledHz;
        long base = baseHz;
        int shift = 0;
        for (; Long.compareUnsigned(base, scaled << 1) > 0 || base >>> 32 != 0; shift--) {
            base >>>= 1;
        }
        for (; base <= scaled || scaled >>> 32 != 0; shift++) {
            if (scaled >>> 32 != 0 || base >>> 31 != 0) {
                scaled >>>= 1;
            } else {
                base <<= 1;
            }
        }
        return new Scale(Long.divideUnsigned(scaled << 32, base), shift);
    }

    /** pvclock_scale_delta(): all unsigned. */
    static long scaleDelta(long delta, long mult, int shift) {
        return product(shift >= 0 ? delta << shift : delta >>> -shift, mult, 32);
    }

    /** The exact product of two unsigned numbers, without its last bits. */
    private static long product(long a, long b, int without) {
        long low = a * b;
        if (without == 0) {
            return low;
        }
        long high = Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
        return high << (64 - without) | low >>> without;
    }

    /** DefaultRatio64. */
    @TLAPlusOperator(identifier = "DefaultRatio64", module = MODULE, warn = false)
    public static Value defaultRatio(IntValue fracBits) {
        return word(1L << fracBits.val);
    }

    /** Ratio64. */
    @TLAPlusOperator(identifier = "Ratio64", module = MODULE, warn = false)
    public static Value ratio(IntValue fracBits, IntValue userKhz, IntValue hostKhz) {
        BigInteger ratio =
                BigInteger.valueOf(userKhz.val).shiftLeft(fracBits.val).divide(BigInteger.valueOf(hostKhz.val));
        BigInteger most = BigInteger.ONE.shiftLeft(fracBits.val == 32 ? 40 : 64).subtract(BigInteger.ONE);
        return word(ratio.compareTo(most) < 0 ? ratio.longValue() : 0);
    }

    /** Scale64. */
    @TLAPlusOperator(identifier = "Scale64", module = MODULE, warn = false)
    public static Value scale(IntValue fracBits, Value cycles, Value ratio) {
        return word(scale(fracBits.val, bits(cycles), bits(ratio)));
    }

    static long scale(int fracBits, long cycles, long ratio) {
        return ratio == 1L << fracBits ? cycles : product(cycles, ratio, fracBits);
    }

    /** ScaledKhz64. */
    @TLAPlusOperator(identifier = "ScaledKhz64", module = MODULE, warn = false)
    public static IntValue scaledKhz(IntValue fracBits, IntValue khz, Value ratio) {
        return IntValue.gen((int) scale(fracBits.val, khz.val, bits(ratio)));
    }

    private static BigInteger number(long bits) {
        return BigInteger.valueOf(bits).mod(TWO_TO_64);
    }

    private static BoolValue bool(boolean value) {
        return value ? BoolValue.ValTrue : BoolValue.ValFalse;
    }
}
