package dev.longitude.unknowns;

import org.jspecify.annotations.Nullable;

/**
 * Searches for values in a network by trying them: each trial narrows the rest. It is exhaustive: a network that it
 * refutes has no solution. It searches independent parts separately.
 *
 * <p>Only unknowns in links need trials. The bounds of the differences of the others are closed, so that their least
 * values are consistent.
 */
final class Search {
    private static final LinearSum ANY = LinearSum.of(0);

    private int left;
    /** The attempt ends when no more budget than this is left. */
    private int until;

    private boolean fromMiddle;

    /** @param budget how many ranges of values may be tried */
    Search(int budget) {
        left = budget;
    }

    /** How it ended: values by place; none because there are none; none because the budget was used up. */
    static final class Result {
        static final Result REFUTED = new Result(null);
        static final Result GAVE_UP = new Result(null);

        final long @Nullable [] values;

        Result(long @Nullable [] values) {
            this.values = values;
        }
    }

    int left() {
        return left;
    }

    /**
     * Searches the phases of functions first. Then it searches from the middle of each range, then from its least
     * value, then from the middle until the budget is used up: a bad early choice can use up a whole search, and
     * another order of values makes other choices.
     */
    Result search(Network network) {
        long[] phased = new PhaseSearch(left).search(network);
        if (phased != null) {
            return new Result(phased);
        }
        int whole = left;
        Result result = Result.GAVE_UP;
        for (int attempt = 0; attempt < 3 && result == Result.GAVE_UP; attempt++) {
            fromMiddle = attempt != 1;
            until = attempt == 2 ? 0 : left - whole / 4;
            result = open(network);
        }
        return result;
    }

    private Result open(Network network) {
        if (network.isInfeasible()) {
            return Result.REFUTED;
        }
        Parts parts = new Parts(network);
        if (parts.count() == 0) {
            return new Result(leastValues(network));
        }
        if (parts.count() == 1 && !parts.isMuchSmaller()) {
            return branch(network, parts.narrowest());
        }
        Network whole = network.copy();
        boolean gaveUp = false;
        for (int part = 0; part < parts.count(); part++) {
            int[] numbers = parts.numbers(part);
            Network alone = network.renumbered(numbers, parts.size(part), parts.links(part));
            Result result = branch(alone, new Parts(alone).narrowest());
            if (result == Result.REFUTED) {
                return result;
            }
            if (result.values == null) {
                gaveUp = true;
                continue;
            }
            for (int place = 1; place < numbers.length; place++) {
                if (numbers[place] > 0 && !fix(whole, place, result.values[numbers[place]])) {
                    // All links together narrow the whole network further than they narrowed any part.
                    return branch(network, parts.narrowest());
                }
            }
        }
        return gaveUp ? Result.GAVE_UP : new Result(leastValues(whole));
    }

    private static boolean fix(Network network, int place, long value) {
        return network.limit(new Terms(ANY, new int[] {place}), value, value);
    }

    /** One value first, then those above it, then those below it. */
    private Result branch(Network network, int place) {
        if (place == 0) {
            return open(network);
        }
        DifferenceBounds bounds = network.bounds();
        long least = -bounds.greatest(0, place);
        long most = bounds.greatest(place, 0);
        long first = fromMiddle ? (least & most) + ((least ^ most) >> 1) : least; // (their mean; the sum may not fit)
        boolean refuted = true;
        for (int i = 0; i < 3; i++) {
            long from = i == 0 ? first : i == 1 ? first + 1 : least;
            long to = i == 0 ? first : i == 1 ? most : first - 1;
            if (from > to) {
                continue;
            }
            if (left <= until) {
                return Result.GAVE_UP;
            }
            left--;
            Network narrowed = network.copy();
            narrowed.limit(new Terms(ANY, new int[] {place}), from, to);
            Result result = open(narrowed);
            if (result.values != null) {
                return result;
            }
            refuted &= result == Result.REFUTED;
        }
        return refuted ? Result.REFUTED : Result.GAVE_UP;
    }

    /** The least value of each place; these are consistent once the links leave nothing open. */
    static long[] leastValues(Network network) {
        DifferenceBounds bounds = network.bounds();
        long[] values = new long[bounds.places()];
        for (int place = 1; place < values.length; place++) {
            values[place] = -bounds.greatest(0, place);
        }
        return values;
    }
}
