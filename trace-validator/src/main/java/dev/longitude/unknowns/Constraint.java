package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;

/** A constraint in the form in which it was imposed. All numbers are signed. */
public sealed interface Constraint {
    /** Why it was imposed, as the caller said: a line of a file, for example. */
    Object reason();

    /** The sums that it mentions. */
    ImmutableList<LinearSum> sums();

    /**
     * The sum is not less than {@code least} and not greater than {@code greatest}. A {@code least} of -{@link Store#INFINITY}
     * or less bounds nothing, nor does a {@code greatest} of {@link Store#INFINITY} or more.
     */
    record Bound(LinearSum sum, long least, long greatest, Object reason) implements Constraint {
        @Override
        public ImmutableList<LinearSum> sums() {
            return ImmutableList.of(sum);
        }
    }

    /** y is bound to x: {@code relation.least(x) <= y <= relation.greatest(x)}, where |x| is at most {@link MonotoneRelation#WIDEST}. */
    record Related(LinearSum y, LinearSum x, MonotoneRelation relation, Object reason) implements Constraint {
        @Override
        public ImmutableList<LinearSum> sums() {
            return ImmutableList.of(y, x);
        }
    }
}
