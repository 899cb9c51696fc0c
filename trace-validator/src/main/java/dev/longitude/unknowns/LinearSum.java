package dev.longitude.unknowns;

import java.util.Arrays;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;

/**
 * A sum of unknowns, each times a factor that is not 0, in ascending order of the unknowns. Immutable; equal sums are
 * equal.
 *
 * <p>Factors are signed and 64 bits wide; an operation whose factors do not fit throws an {@link ArithmeticException}.
 */
public final class LinearSum {
    /** The empty sum. */
    public static final LinearSum ZERO = new LinearSum(new int[0], new long[0]);

    private final int[] unknowns;
    private final long[] factors;

    private LinearSum(int[] unknowns, long[] factors) {
        this.unknowns = unknowns;
        this.factors = factors;
    }

    /**
     * One unknown, times 1.
     *
     * @param unknown its number from a store, at least 0
     */
    public static LinearSum of(int unknown) {
        if (unknown < 0) {
            throw new IllegalArgumentException("unknown " + unknown);
        }
        return new LinearSum(new int[] {unknown}, new long[] {1});
    }

    public LinearSum plus(LinearSum other) {
        return combined(other, 1);
    }

    public LinearSum minus(LinearSum other) {
        return combined(other, -1);
    }

    public LinearSum times(long factor) {
        return ZERO.combined(this, factor);
    }

    private LinearSum combined(LinearSum other, long times) {
        if (other.isZero() || times == 0) {
            return this;
        }
        int[] sumOf = new int[unknowns.length + other.unknowns.length];
        long[] by = new long[sumOf.length];
        int n = 0;
        int i = 0;
        int j = 0;
        while (i < unknowns.length || j < other.unknowns.length) {
            int mine = i < unknowns.length ? unknowns[i] : Integer.MAX_VALUE;
            int its = j < other.unknowns.length ? other.unknowns[j] : Integer.MAX_VALUE;
            int unknown = Math.min(mine, its);
            long factor = mine == unknown ? factors[i++] : 0;
            if (its == unknown) {
                factor = Math.addExact(factor, Math.multiplyExact(times, other.factors[j++]));
            }
            if (factor != 0) {
                sumOf[n] = unknown;
                by[n++] = factor;
            }
        }
        return n == 0 ? ZERO : new LinearSum(Arrays.copyOf(sumOf, n), Arrays.copyOf(by, n));
    }

    public boolean isZero() {
        return unknowns.length == 0;
    }

    /** The number of its unknowns. */
    public int size() {
        return unknowns.length;
    }

    /** The unknown at a place, 0 to {@code size() - 1}. */
    public int unknown(int i) {
        return unknowns[i];
    }

    /** The factor at a place, 0 to {@code size() - 1}; never 0. */
    public long factor(int i) {
        return factors[i];
    }

    public boolean mentions(int unknown) {
        return Arrays.binarySearch(unknowns, unknown) >= 0;
    }

    /**
     * Its value.
     *
     * @throws ArithmeticException if the value, or one on the way to it, does not fit 64 bits
     */
    public long at(IntToLongFunction values) {
        long sum = 0;
        for (int i = 0; i < unknowns.length; i++) {
            sum = Math.addExact(sum, Math.multiplyExact(factors[i], values.applyAsLong(unknowns[i])));
        }
        return sum;
    }

    /** The same sum with its unknowns renumbered. */
    LinearSum renamed(IntUnaryOperator number) {
        LinearSum renamed = ZERO;
        for (int i = 0; i < size(); i++) {
            renamed = renamed.plus(of(number.applyAsInt(unknown(i))).times(factor(i)));
        }
        return renamed;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LinearSum sum
                && Arrays.equals(unknowns, sum.unknowns)
                && Arrays.equals(factors, sum.factors);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(unknowns) + Arrays.hashCode(factors);
    }

    @Override
    public String toString() {
        if (isZero()) {
            return "0";
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < unknowns.length; i++) {
            long factor = factors[i];
            text.append(i == 0 ? (factor < 0 ? "-" : "") : factor < 0 ? " - " : " + ");
            if (factor != 1 && factor != -1) {
                text.append(Long.toString(factor).replace("-", "")).append('*');
            }
            text.append('x').append(unknowns[i]);
        }
        return text.toString();
    }
}
