package dev.longitude.unknowns;

/**
 * Bounds y by x: {@code least(x) <= y <= greatest(x)}. A function is the case {@code least == greatest}.
 *
 * <p>Both are defined for every x from -{@link #WIDEST} to {@link #WIDEST}, are non-decreasing over all of that range, and
 * give signed 64-bit results with {@code least(x) <= greatest(x)}. (What is monotone only in a part of the range is to be
 * continued by a constant outside of it: certificates look at x before all of its bounds are known.) Of an x outside of
 * that range a relation says nothing. Implementations are records, so that equal relations are equal.
 */
public interface MonotoneRelation {
    /** The greatest |x| of which a relation says something. */
    long WIDEST = 1L << 61;

    long least(long x);

    long greatest(long x);
}
