package dev.longitude.unknowns;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Searches for values where several functions of the same unknowns round: whether a value fits depends on its phase in
 * each of them, so a neighbour of a value that does not fit may fit, and bounds do not show which. It tries neighbours,
 * first of the functions' arguments, in the order of the links. It is incomplete: it may miss a solution.
 */
final class PhaseSearch {
    /** So many neighbours of the middle of a range are tried, ... */
    private static final int NEIGHBOURS = 24;

    /** ... so many from each of its ends, and as many places in between. */
    private static final int AT_ENDS = 8;

    private static final LinearSum ANY = LinearSum.of(0);

    private int left;

    /** @param budget the most values to try */
    PhaseSearch(int budget) {
        left = budget;
    }

    /** Values by place; null if none were found. */
    long @Nullable [] search(Network network) {
        if (network.isInfeasible()) {
            return null;
        }
        int place = next(network);
        if (place == 0) {
            return Search.leastValues(network);
        }
        DifferenceBounds bounds = network.bounds();
        long least = -bounds.greatest(0, place);
        long most = bounds.greatest(place, 0);
        for (long value : candidates(least, most)) {
            if (--left < 0) {
                return null;
            }
            Network narrowed = network.copy();
            if (narrowed.limit(new Terms(ANY, new int[] {place}), value, value)) {
                long[] found = search(narrowed);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static Set<Long> candidates(long least, long most) {
        long middle = (least & most) + ((least ^ most) >> 1); // (their mean; the sum may not fit)
        Set<Long> values = new LinkedHashSet<>();
        for (int i = 0; i < NEIGHBOURS && middle + i <= most; i++) {
            values.add(middle + i);
        }
        long step = most / (AT_ENDS + 1) - least / (AT_ENDS + 1);
        for (int i = 0; i < AT_ENDS && most - least >= i; i++) {
            values.add(least + i);
            values.add(most - i);
            values.add(least + step * (i + 1));
        }
        return values;
    }

    /** The place of an unknown that is still open: the argument or the value of a function, or any other in a link. */
    private static int next(Network network) {
        DifferenceBounds bounds = network.bounds();
        for (boolean ofFunctions : new boolean[] {true, false}) {
            for (Link link : network.links()) {
                if (link instanceof Link.Relation related && related.isFunction(bounds) == ofFunctions) {
                    int place = open(bounds, related.x());
                    place = place == 0 ? open(bounds, related.y()) : place;
                    if (place != 0) {
                        return place;
                    }
                }
            }
        }
        for (Link link : network.links()) {
            if (link instanceof Link.Sum sum) {
                int place = open(bounds, sum.terms());
                if (place != 0) {
                    return place;
                }
            }
        }
        return 0;
    }

    private static int open(DifferenceBounds bounds, Terms terms) {
        for (int place : terms.places()) {
            if (!Parts.isFixed(bounds, place)) {
                return place;
            }
        }
        return 0;
    }
}
