package dev.longitude.evaluator;

import java.math.BigInteger;
import java.util.function.LongUnaryOperator;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * The Java twins of {@code spec/Words64.tla}: 64-bit words as pairs of 32-bit halves. TLC calls them by reflection.
 */
public final class Words64 {
    private static final String MODULE = "Words64";
    private static final BigInteger NSEC_PER_SEC = BigInteger.valueOf(1_000_000_000L);
    private static final BigInteger TWO_TO_32 = BigInteger.ONE.shiftLeft(32);
    private static final BigInteger TWO_TO_64 = BigInteger.ONE.shiftLeft(64);

    private Words64() {}

    /** The word that {@code value} is, as the 64 bits of a long. */
    public static long bits(Value value) {
        Value[] halves = ((TupleValue) value.toTuple()).elems;
        return ((long) ((IntValue) halves[0]).val << 32) | (((IntValue) halves[1]).val & 0xffff_ffffL);
    }

    /** The word with the bits of {@code bits}. */
    public static TupleValue word(long bits) {
        return new TupleValue(IntValue.gen((int) (bits >>> 32)), IntValue.gen((int) bits));
    }

    /** IsWord64. */
    @TLAPlusOperator(identifier = "IsWord64", module = MODULE, warn = false)
    public static BoolValue isWord(Value w) {
        return bool(w.toTuple() instanceof TupleValue pair
                && pair.elems.length == 2
                && pair.elems[0] instanceof IntValue
                && pair.elems[1] instanceof IntValue);
    }

    /** Add64. */
    @TLAPlusOperator(identifier = "Add64", module = MODULE, warn = false)
    public static Value add(Value a, Value b) {
        return word(bits(a) + bits(b));
    }

    /** Sub64. */
    @TLAPlusOperator(identifier = "Sub64", module = MODULE, warn = false)
    public static Value sub(Value a, Value b) {
        return word(bits(a) - bits(b));
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
        return word(nominalNs(khz, cycles).longValue());
    }

    /** FromNat64. */
    @TLAPlusOperator(identifier = "FromNat64", module = MODULE, warn = false)
    public static Value fromNat(IntValue n) {
        return word(n.val);
    }

    /** KeepsPace64. */
    @TLAPlusOperator(identifier = "KeepsPace64", module = MODULE, warn = false)
    public static BoolValue keepsPace(IntValue khz, Value cycles, Value ns) {
        BigInteger nominal = nominalNs(khz, cycles);
        return bool(number(bits(ns)).subtract(nominal).abs().compareTo(slack(nominal, 22, 4)) <= 0);
    }

    /** LeastNs. */
    @TLAPlusOperator(identifier = "LeastNs", module = MODULE, warn = false)
    public static Value leastNs(IntValue khz, Value cycles, IntValue bits) {
        BigInteger nominal = nominalNs(khz, cycles);
        return word(nominal.subtract(slack(nominal, bits.val, 2))
                .max(BigInteger.ZERO)
                .longValue());
    }

    private static BigInteger nominalNs(IntValue khz, Value cycles) {
        return number(bits(cycles)).multiply(BigInteger.valueOf(1_000_000)).divide(BigInteger.valueOf(khz.val));
    }

    private static BigInteger slack(BigInteger nominal, int bits, int ns) {
        return nominal.shiftRight(bits).add(BigInteger.valueOf(ns));
    }

    /** SameNs64. */
    @TLAPlusOperator(identifier = "SameNs64", module = MODULE, warn = false)
    public static BoolValue sameNs(Value a, Value b) {
        long apart = bits(a) - bits(b);
        return bool(apart <= 100_000 && apart >= -100_000);
    }

    /** NsToCycles64. */
    @TLAPlusOperator(identifier = "NsToCycles64", module = MODULE, warn = false)
    public static Value nsToCycles(IntValue khz, Value ns) {
        return word(cyclesAt(khz.val).applyAsLong(bits(ns)));
    }

    /** NsToCycles64 at one rate, kHz, for many spans of time. */
    public static LongUnaryOperator cyclesAt(int khz) {
        Scale scale = timeScale(BigInteger.valueOf(khz * 1000L), NSEC_PER_SEC);
        return ns -> bits(scaleDelta(number(ns), scale.mult, scale.shift));
    }

    /** PvclockMul64. */
    @TLAPlusOperator(identifier = "PvclockMul64", module = MODULE, warn = false)
    public static Value pvclockMul(Value cyclesPerSecond) {
        return word(timeScale(NSEC_PER_SEC, number(bits(cyclesPerSecond))).mult.longValue());
    }

    /** PvclockShift64. */
    @TLAPlusOperator(identifier = "PvclockShift64", module = MODULE, warn = false)
    public static Value pvclockShift(Value cyclesPerSecond) {
        return IntValue.gen(timeScale(NSEC_PER_SEC, number(bits(cyclesPerSecond))).shift);
    }

    /** PvclockNs64. */
    @TLAPlusOperator(identifier = "PvclockNs64", module = MODULE, warn = false)
    public static Value pvclockNs(Value mul, IntValue shift, Value cycles) {
        return scaleDelta(number(bits(cycles)), number(bits(mul)), shift.val);
    }

    private record Scale(BigInteger mult, int shift) {}

    /** kvm_get_time_scale(), in exact numbers. */
    private static Scale timeScale(BigInteger scaledHz, BigInteger baseHz) {
        if (baseHz.signum() == 0) {
            return new Scale(BigInteger.ZERO, 0); // the algorithm would never end
        }
        BigInteger scaled = scaledHz;
        BigInteger base = baseHz;
        int shift = 0;
        for (; base.compareTo(scaled.shiftLeft(1)) > 0 || base.compareTo(TWO_TO_32) >= 0; shift--) {
            base = base.shiftRight(1);
        }
        for (; base.compareTo(scaled) <= 0 || scaled.compareTo(TWO_TO_32) >= 0; shift++) {
            if (scaled.compareTo(TWO_TO_32) >= 0 || base.testBit(31)) {
                scaled = scaled.shiftRight(1);
            } else {
                base = base.shiftLeft(1);
            }
        }
        return new Scale(scaled.shiftLeft(32).divide(base), shift);
    }

    /** pvclock_scale_delta(), in exact numbers. */
    private static Value scaleDelta(BigInteger delta, BigInteger mult, int shift) {
        BigInteger shifted = shift >= 0 ? delta.shiftLeft(shift).mod(TWO_TO_64) : delta.shiftRight(-shift);
        return word(shifted.multiply(mult).shiftRight(32).longValue());
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
        if (bits(ratio) == 1L << fracBits.val) {
            return cycles;
        }
        return word(number(bits(cycles))
                .multiply(number(bits(ratio)))
                .shiftRight(fracBits.val)
                .longValue());
    }

    /** ScaledKhz64. */
    @TLAPlusOperator(identifier = "ScaledKhz64", module = MODULE, warn = false)
    public static IntValue scaledKhz(IntValue fracBits, IntValue khz, Value ratio) {
        return IntValue.gen((int) bits(scale(fracBits, word(khz.val), ratio)));
    }

    private static BigInteger number(long bits) {
        return BigInteger.valueOf(bits).mod(TWO_TO_64);
    }

    private static BoolValue bool(boolean value) {
        return value ? BoolValue.ValTrue : BoolValue.ValFalse;
    }
}
