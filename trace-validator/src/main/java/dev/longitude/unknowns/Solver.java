package dev.longitude.unknowns;

import com.google.common.primitives.ImmutableLongArray;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds values for all unknowns of a store, the forgotten ones too; it checks them against all constraints. */
final class Solver {
    /** With more unknowns than this they are not solved all at once: each trial copies a matrix of that size. */
    private static final int MOST_AT_ONCE = 1000;

    private final Store store;
    private final List<Constraint> constraints;

    Solver(Store store) {
        this.store = store;
        constraints = store.constraints();
    }

    Solution solve(int budget) {
        if (store.isInfeasible()) {
            return new Solution.Refuted();
        }
        boolean hasForgotten = store.forgotten() != null;
        // Half of the budget is for solving all constraints at once, if the first solution cannot be completed for the
        // forgotten ones.
        Search search = new Search(hasForgotten ? budget - budget / 2 : budget);
        Search.Result result = search.search(store.network());
        if (result == Search.Result.REFUTED) {
            return new Solution.Refuted();
        }
        Solution solution = completed(store, result, search);
        if (!hasForgotten || solution instanceof Solution.Found || store.made() > MOST_AT_ONCE) {
            return solution;
        }
        Store afresh = afresh();
        Search again = new Search(budget / 2 + search.left());
        Search.Result whole = again.search(afresh.network());
        return whole == Search.Result.REFUTED ? new Solution.Refuted() : completed(afresh, whole, again);
    }

    /** The same constraints, and nothing forgotten. */
    private Store afresh() {
        Store all = new Store();
        for (Constraint constraint : constraints) {
            if (constraint instanceof Constraint.Relation related) {
                all.relate(related.y(), related.x(), related.relation());
            } else if (constraint instanceof Constraint.Bound bound) {
                if (bound.sum().equals(LinearSum.of(all.made()))) {
                    all.unknown(bound.least(), bound.greatest());
                } else {
                    all.require(bound.sum(), bound.least(), bound.greatest());
                }
            }
        }
        return all;
    }

    private Solution completed(Store of, Search.Result result, Search search) {
        if (result.values == null) {
            return new Solution.GaveUp();
        }
        Map<Integer, Long> values = new HashMap<>();
        for (int i = 0; i < of.alive().length; i++) {
            values.put(of.alive()[i], result.values[of.places()[i]]);
        }
        for (ForgottenUnknowns latest = of.forgotten(); latest != null; latest = latest.earlier()) {
            if (!latest.complete(values, search)) {
                return new Solution.GaveUp();
            }
        }
        long[] all = new long[of.made()];
        Arrays.setAll(all, unknown -> values.getOrDefault(unknown, 0L));
        ImmutableLongArray found = ImmutableLongArray.copyOf(all);
        return meetsAll(found) ? new Solution.Found(found) : new Solution.GaveUp();
    }

    private boolean meetsAll(ImmutableLongArray values) {
        try {
            return constraints.stream().allMatch(constraint -> meets(constraint, values));
        } catch (ArithmeticException e) {
            return false; // (a sum that does not fit in 64 bits is not accepted)
        }
    }

    private static boolean meets(Constraint constraint, ImmutableLongArray values) {
        if (constraint instanceof Constraint.Bound bound) {
            long value = bound.sum().at(values::get);
            return (bound.least() <= -Store.INFINITY || value >= bound.least())
                    && (bound.greatest() >= Store.INFINITY || value <= bound.greatest());
        }
        Constraint.Relation related = (Constraint.Relation) constraint;
        long x = related.x().at(values::get);
        long y = related.y().at(values::get);
        return x < -MonotoneRelation.WIDEST
                || x > MonotoneRelation.WIDEST
                || (related.relation().least(x) <= y && y <= related.relation().greatest(x));
    }
}
