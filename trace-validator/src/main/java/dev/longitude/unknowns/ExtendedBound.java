package dev.longitude.unknowns;

/**
 * Upper bounds: integers from -2^62 to 2^62, of which the greatest stands for "not bounded". A result outside of that
 * range is replaced by the next weaker one in it, so no operation overflows and every result is sound. A lower bound of
 * a sum is the negated upper bound of the negated sum.
 */
final class ExtendedBound {
    static final long INFINITY = 1L << 62;

    private ExtendedBound() {}

    static long clamp(long bound) {
        return Math.max(-INFINITY, Math.min(INFINITY, bound));
    }

    static long plus(long a, long b) {
        return a >= INFINITY || b >= INFINITY ? INFINITY : clamp(a + b);
    }

    /** A bound times a factor greater than 0. */
    static long times(long factor, long bound) {
        if (factor == 1 || bound >= INFINITY) {
            return bound;
        }
        long high = Math.multiplyHigh(factor, bound);
        long low = factor * bound;
        return high == low >> 63 ? clamp(low) : high < 0 ? -INFINITY : INFINITY;
    }
}
