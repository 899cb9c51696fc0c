package dev.longitude.unknowns;

import com.google.common.primitives.Ints;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * A constraint that the bounds of differences cannot express: it is applied again when a bound of its unknowns has
 * changed.
 */
sealed interface Link {
    /** The constraint as it was imposed. */
    Constraint constraint();

    /** A key to compare links, without the reason. */
    Object known(IntUnaryOperator renamed);

    /** The places that it mentions; one that both y and x mention occurs twice. */
    int[] places();

    /** Narrows the bounds by this constraint; false if that is a contradiction. */
    boolean narrow(DifferenceBounds bounds);

    /** Whether a bound that this constraint reads has changed since. */
    boolean isWoken(DifferenceBounds bounds, int since);

    /** Whether each unknown that it mentions has one value left. */
    boolean isFixed(DifferenceBounds bounds);

    default boolean isEquation() {
        return false;
    }

    /** The same at other places. */
    default Link renumbered(int[] numbers) {
        return with(terms -> terms.renumbered(numbers));
    }

    /** The same with other terms for each of its sums. */
    Link with(UnaryOperator<Terms> other);

    /**
     * Whether it admits a value of this place for all values of the rest that the bounds admit. No other link must
     * mention the place, and no difference must bound it more tightly than its own bounds do.
     */
    boolean isImpliedWithout(int place, DifferenceBounds bounds);

    /** Whether it only keeps this place, which no other link mentions, within a band around the rest. */
    default boolean isBandAround(int place, DifferenceBounds bounds) {
        return false;
    }

    /** Whether it mentions one of the places. */
    default boolean mentions(boolean[] some) {
        for (int place : places()) {
            if (some[place]) {
                return true;
            }
        }
        return false;
    }

    /** Adds the places that it mentions. */
    default void mark(boolean[] some) {
        for (int place : places()) {
            some[place] = true;
        }
    }

    /** Bounds of a sum that is not a difference. */
    record Sum(Terms terms, long least, long most, Constraint constraint) implements Link {
        @Override
        public boolean narrow(DifferenceBounds bounds) {
            return terms.limit(bounds, least, most);
        }

        @Override
        public boolean isWoken(DifferenceBounds bounds, int since) {
            return woken(terms, bounds, since);
        }

        @Override
        public boolean isFixed(DifferenceBounds bounds) {
            return terms.isFixed(bounds);
        }

        @Override
        public Object known(IntUnaryOperator renamed) {
            return new Constraint.Bound(terms.sum().renamed(renamed), least, most, "");
        }

        @Override
        public int[] places() {
            return terms.places();
        }

        @Override
        public boolean isEquation() {
            return least == most;
        }

        @Override
        public Link with(UnaryOperator<Terms> other) {
            return new Sum(other.apply(terms), least, most, constraint);
        }

        @Override
        public boolean isImpliedWithout(int place, DifferenceBounds bounds) {
            return Math.abs(terms.factorAt(place)) == 1 && terms.without(place).isDifference();
        }
    }

    /** A relation between x and y. */
    record Relation(Terms y, Terms x, MonotoneRelation relation, Constraint constraint) implements Link {
        @Override
        public Object known(IntUnaryOperator renamed) {
            return new Constraint.Relation(y.sum().renamed(renamed), x.sum().renamed(renamed), relation, "");
        }

        /** Whether it is a function, judged at the least possible x. */
        boolean isFunction(DifferenceBounds bounds) {
            long least = Math.max(x.least(bounds), -MonotoneRelation.WIDEST);
            return relation.least(least) == relation.greatest(least);
        }

        @Override
        public int[] places() {
            return Ints.concat(y.places(), x.places());
        }

        /** Whether x is known to be in the domain of the relation. */
        private boolean speaks(DifferenceBounds bounds) {
            return x.least(bounds) >= -MonotoneRelation.WIDEST && x.greatest(bounds) <= MonotoneRelation.WIDEST;
        }

        @Override
        public boolean narrow(DifferenceBounds bounds) {
            if (!speaks(bounds)) {
                return true;
            }
            long least = x.least(bounds);
            long most = x.greatest(bounds);
            if (!y.limit(bounds, relation.least(least), relation.greatest(most))) {
                return false;
            }
            long leastY = y.least(bounds);
            long mostY = y.greatest(bounds);
            boolean narrower = false;
            if (relation.greatest(least) < leastY) {
                if (relation.greatest(most) < leastY) {
                    return false;
                }
                long below = least;
                long reaches = most;
                while (reaches - below > 1) {
                    long middle = below + (reaches - below) / 2;
                    if (relation.greatest(middle) >= leastY) {
                        reaches = middle;
                    } else {
                        below = middle;
                    }
                }
                least = reaches;
                narrower = true;
            }
            if (relation.least(most) > mostY) {
                if (relation.least(least) > mostY) {
                    return false;
                }
                long within = least;
                long above = most;
                while (above - within > 1) {
                    long middle = within + (above - within) / 2;
                    if (relation.least(middle) <= mostY) {
                        within = middle;
                    } else {
                        above = middle;
                    }
                }
                most = within;
                narrower = true;
            }
            return !narrower || (least <= most && x.limit(bounds, least, most));
        }

        @Override
        public boolean isWoken(DifferenceBounds bounds, int since) {
            return woken(x, bounds, since) || woken(y, bounds, since);
        }

        @Override
        public boolean isFixed(DifferenceBounds bounds) {
            return x.isFixed(bounds) && y.isFixed(bounds);
        }

        @Override
        public Link with(UnaryOperator<Terms> other) {
            return new Relation(other.apply(y), other.apply(x), relation, constraint);
        }

        @Override
        public boolean isImpliedWithout(int place, DifferenceBounds bounds) {
            return y.size() == 1
                    && Math.abs(y.factorAt(place)) == 1
                    && x.factorAt(place) == 0
                    && x.isDifference()
                    && speaks(bounds);
        }

        @Override
        public boolean isBandAround(int place, DifferenceBounds bounds) {
            if (Math.abs(y.factorAt(place)) != 1 || x.factorAt(place) != 0) {
                return false;
            }
            long least = x.least(bounds);
            long most = x.greatest(bounds);
            return speaks(bounds)
                    && relation.least(least) < relation.greatest(least)
                    && relation.least(most) < relation.greatest(most);
        }
    }

    private static boolean woken(Terms terms, DifferenceBounds bounds, int since) {
        int inPairs = 0;
        boolean ofPair = terms.size() == 2 && terms.isDifference();
        for (int place : terms.places()) {
            if (!ofPair && bounds.changedAlone(place) > since) {
                return true;
            }
            if (terms.hasPairs() && bounds.changedInPair(place) > since) {
                inPairs++;
            }
        }
        return inPairs >= 2;
    }
}
