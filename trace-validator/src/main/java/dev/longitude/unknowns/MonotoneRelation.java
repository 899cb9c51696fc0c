package dev.longitude.unknowns;

/**
 * Bounds y by x: {@code least(x) <= y <= greatest(x)}. A function is the case {@code least == greatest}.
 *
 * <p>Both are defined for every x from -{@link #WIDEST} to {@link #WIDEST}, are non-decreasing over all of that range,
 * and give signed 64-bit results with {@code least(x) <= greatest(x)}. (A relation that is monotone only in a part of
 * the range must be continued by a constant outside of it: certificates evaluate it before all bounds of x are known.)
 * A relation does not constrain y for an x outside of that range. Implementations are records, so that equal relations
 * are equal.
 */
public interface MonotoneRelation {
    /** The greatest |x| for which a relation constrains y. */
    long WIDEST = 1L << 61;

    long least(long x);

    long greatest(long x);
}
