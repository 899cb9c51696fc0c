package dev.longitude.trace;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The bounds of a clock's value: it lay between {@code lo} and {@code hi}, both included.
 *
 * @param lo unsigned, in the clock's unit
 * @param hi unsigned, at most 2^63 - 1 ahead of {@code lo}; the clock may wrap between them
 */
public record Interval(long lo, long hi) {
    /** Checks that {@code hi} is not behind {@code lo}. */
    public Interval {
        checkArgument(hi - lo >= 0, "the end of an interval lies before its start");
    }

    /** A value that is only known to be at or after {@code lo}. */
    public static Interval from(long lo) {
        return new Interval(lo, lo + (1L << 62));
    }

    /** A value that is known. */
    public static Interval exactly(long value) {
        return new Interval(value, value);
    }

    /** Whether the value is known. */
    public boolean isExact() {
        return lo == hi;
    }

    /** Whether {@code value} lies in the interval. */
    public boolean contains(long value) {
        return Long.compareUnsigned(value - lo, hi - lo) <= 0;
    }

    @Override
    public String toString() {
        return isExact()
                ? Long.toUnsignedString(lo)
                : "[" + Long.toUnsignedString(lo) + ", " + Long.toUnsignedString(hi) + "]";
    }
}
