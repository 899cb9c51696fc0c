package dev.longitude.unknowns;

import static dev.longitude.unknowns.ExtendedBound.INFINITY;

/**
 * A sum of unknowns by their places in the bounds. It computes the bounds of the sum from theirs, and narrows theirs by
 * a bound of the sum.
 */
final class Terms {
    /** Terms of a sum are marked in a mask of 64 bits. */
    static final int MOST = 60;

    private final LinearSum sum;
    private final int[] places;
    private final boolean hasPairs;

    Terms(LinearSum sum, int[] places) {
        this.sum = sum;
        this.places = places;
        boolean any = false;
        for (int i = 0; i < places.length; i++) {
            for (int j = i + 1; j < places.length; j++) {
                any |= sum.factor(i) == -sum.factor(j);
            }
        }
        hasPairs = any;
    }

    /** Whether two factors are opposite, so that a difference can bound the two. */
    boolean hasPairs() {
        return hasPairs;
    }

    LinearSum sum() {
        return sum;
    }

    /** Callers must not change the array. */
    int[] places() {
        return places;
    }

    int size() {
        return places.length;
    }

    long least(DifferenceBounds bounds) {
        return -greatest(bounds, -1, 0);
    }

    long greatest(DifferenceBounds bounds) {
        return greatest(bounds, 1, 0);
    }

    boolean isFixed(DifferenceBounds bounds) {
        for (int place : places) {
            if (bounds.greatest(place, 0) != -bounds.greatest(0, place)) {
                return false;
            }
        }
        return true;
    }

    Terms renumbered(int[] numbers) {
        int[] moved = new int[places.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = numbers[places[i]];
        }
        return new Terms(sum, moved);
    }

    /** The factor of a place, 0 if it is not in the sum. */
    long factorAt(int place) {
        for (int i = 0; i < places.length; i++) {
            if (places[i] == place) {
                return sum.factor(i);
            }
        }
        return 0;
    }

    /** The other terms. */
    Terms without(int place) {
        LinearSum rest = sum;
        int[] others = new int[places.length - 1];
        int n = 0;
        for (int i = 0; i < places.length; i++) {
            if (places[i] == place) {
                rest = rest.minus(LinearSum.of(sum.unknown(i)).times(sum.factor(i)));
            } else {
                others[n++] = places[i];
            }
        }
        return new Terms(rest, others);
    }

    /** Whether the bounds can express a bound of this sum exactly: it is one unknown, or the difference of two. */
    boolean isDifference() {
        return places.length <= 1 || (places.length == 2 && sum.factor(0) == -sum.factor(1));
    }

    /** The greatest value of the sum times the sign, without the terms in the mask. */
    private long greatest(DifferenceBounds bounds, int sign, long without) {
        long used = without;
        long total = 0;
        for (int i = 0; i < places.length; i++) {
            if ((used >> i & 1) != 0) {
                continue;
            }
            used |= 1L << i;
            long factor = sign * sum.factor(i);
            long alone = ofTerm(bounds, factor, places[i]);
            // The term with the opposite factor whose difference tightens the bound most.
            int best = -1;
            long bestPair = 0;
            long bestAlone = 0;
            long bestGain = 0;
            for (int j = i + 1; hasPairs && j < places.length; j++) {
                if ((used >> j & 1) == 0 && sum.factor(j) == -sum.factor(i)) {
                    long pair = ofPair(bounds, factor, i, j);
                    long other = ofTerm(bounds, -factor, places[j]);
                    long apart = ExtendedBound.plus(alone, other);
                    long gain = apart >= INFINITY ? (pair >= INFINITY ? 0 : Long.MAX_VALUE) : apart - pair;
                    if (gain > bestGain) {
                        best = j;
                        bestPair = pair;
                        bestAlone = other;
                        bestGain = gain;
                    }
                }
            }
            if (best >= 0 && bestPair <= ExtendedBound.plus(alone, bestAlone)) {
                used |= 1L << best;
                total = ExtendedBound.plus(total, bestPair);
            } else {
                total = ExtendedBound.plus(total, alone);
            }
            if (total >= INFINITY) {
                return INFINITY;
            }
        }
        return total;
    }

    private static long ofTerm(DifferenceBounds bounds, long factor, int place) {
        return factor > 0
                ? ExtendedBound.times(factor, bounds.greatest(place, 0))
                : ExtendedBound.times(-factor, bounds.greatest(0, place));
    }

    private long ofPair(DifferenceBounds bounds, long factor, int i, int j) {
        return factor > 0
                ? ExtendedBound.times(factor, bounds.greatest(places[i], places[j]))
                : ExtendedBound.times(-factor, bounds.greatest(places[j], places[i]));
    }

    /** Imposes {@code least <= sum <= most}; false if that contradicts the bounds. */
    boolean limit(DifferenceBounds bounds, long least, long most) {
        return limit(bounds, 1, ExtendedBound.clamp(most))
                && limit(bounds, -1, ExtendedBound.clamp(-ExtendedBound.clamp(least)));
    }

    private boolean limit(DifferenceBounds bounds, int sign, long most) {
        if (most >= INFINITY) {
            return true;
        }
        if (places.length == 0) {
            return most >= 0;
        }
        if (isDifference()) {
            int first = places[0];
            int second = places.length == 1 ? 0 : places[1];
            long factor = sign * sum.factor(0);
            return factor > 0
                    ? bounds.limit(first, second, Math.floorDiv(most, factor))
                    : bounds.limit(second, first, Math.floorDiv(most, -factor));
        }
        for (int i = 0; i < places.length; i++) {
            long factor = sign * sum.factor(i);
            long room = ExtendedBound.plus(most, greatest(bounds, -sign, 1L << i));
            if (room < INFINITY && !limitPair(bounds, factor, places[i], 0, room)) {
                return false;
            }
            for (int j = i + 1; hasPairs && j < places.length; j++) {
                if (sum.factor(j) == -sum.factor(i)) {
                    long pairRoom = ExtendedBound.plus(most, greatest(bounds, -sign, 1L << i | 1L << j));
                    if (pairRoom < INFINITY && !limitPair(bounds, factor, places[i], places[j], pairRoom)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private static boolean limitPair(DifferenceBounds bounds, long factor, int p, int q, long most) {
        return factor > 0
                ? bounds.limit(p, q, Math.floorDiv(most, factor))
                : bounds.limit(q, p, Math.floorDiv(most, -factor));
    }
}
