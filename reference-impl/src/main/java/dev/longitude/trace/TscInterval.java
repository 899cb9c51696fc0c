package dev.longitude.trace;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * When something happened: the host's TSC lay between {@code lo} and {@code hi}, both included.
 *
 * @param lo unsigned cycles
 * @param hi unsigned cycles, at most 2^63 - 1 ahead of {@code lo}; the counter may wrap between them
 */
public record TscInterval(long lo, long hi) {
    /** Checks that {@code hi} is not behind {@code lo}. */
    public TscInterval {
        checkArgument(hi - lo >= 0, "the end of an interval lies before its begin");
    }

    /** An instant that is known exactly. */
    public static TscInterval exactly(long tsc) {
        return new TscInterval(tsc, tsc);
    }

    /** Whether the instant is known. */
    public boolean isExact() {
        return lo == hi;
    }

    /** Whether {@code tsc} lies in the interval. */
    public boolean contains(long tsc) {
        return Long.compareUnsigned(tsc - lo, hi - lo) <= 0;
    }

    @Override
    public String toString() {
        return isExact()
                ? Long.toUnsignedString(lo)
                : "[" + Long.toUnsignedString(lo) + ", " + Long.toUnsignedString(hi) + "]";
    }
}
