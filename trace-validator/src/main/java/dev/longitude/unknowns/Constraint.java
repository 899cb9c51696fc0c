package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;

/** A constraint as it was imposed. All numbers are signed. */
public sealed interface Constraint {
    /** The caller's reason for it: a line of a file, for example. */
    Object reason();

    /** The sums that it mentions. */
    ImmutableList<LinearSum> sums();

    /**
     * {@code least <= sum <= greatest}. A {@code least} of -{@link Store#INFINITY} or less does not bound it, nor does
     * a {@code greatest} of {@link Store#INFINITY} or more.
     */
    record Bound(LinearSum sum, long least, long greatest, Object reason) implements Constraint {
        @Override
        public ImmutableList<LinearSum> sums() {
            return ImmutableList.of(sum);
        }
    }

    /**
     * y is bound to x: {@code relation.least(x) <= y <= relation.greatest(x)}, where |x| is at most
     * {@link MonotoneRelation#WIDEST}.
     */
    record Relation(LinearSum y, LinearSum x, MonotoneRelation relation, Object reason) implements Constraint {
        @Override
        public ImmutableList<LinearSum> sums() {
            return ImmutableList.of(y, x);
        }
    }
}
