package dev.longitude.unknowns;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Confirms that constraints contradict each other. It is short enough to be reviewed, and shares nothing with the store
 * but the form of a constraint: trust in a refusal rests on this class, not on the store.
 *
 * <p>{@code most[i][j]} is the most by which unknown i can exceed unknown j; row and column 0 stand for the number 0.
 * All constraints are applied in turn, and the differences added up, until an unknown would have to exceed itself by
 * less than 0.
 */
public final class CertificateChecker {
    /** Not bounded. All bounds stay within +-UNBOUNDED, so that two of them can be added; those beyond are weakened. */
    private static final long UNBOUNDED = 1L << 62;

    private static final int MOST_ROUNDS = 200;

    private final Map<Integer, Integer> rows = new HashMap<>();
    private final long[][] most;
    private boolean changed;
    private boolean contradiction;

    private CertificateChecker(List<Constraint> constraints) {
        for (Constraint constraint : constraints) {
            for (LinearSum sum : constraint.sums()) {
                for (int i = 0; i < sum.size(); i++) {
                    rows.putIfAbsent(sum.unknown(i), rows.size() + 1);
                }
            }
        }
        most = new long[rows.size() + 1][rows.size() + 1];
        for (int i = 0; i < most.length; i++) {
            Arrays.fill(most[i], UNBOUNDED);
            most[i][i] = 0;
        }
    }

    /**
     * Whether the constraints are found to have no solution; false if they have one or if no contradiction is found.
     */
    public static boolean refutes(List<Constraint> constraints) {
        CertificateChecker checker = new CertificateChecker(constraints);
        for (int round = 0; round < MOST_ROUNDS; round++) {
            checker.changed = false;
            for (Constraint constraint : constraints) {
                if (constraint instanceof Constraint.Bound bound) {
                    checker.between(bound.sum(), bound.least(), bound.greatest());
                } else if (constraint instanceof Constraint.Relation related) {
                    checker.relate(related);
                }
            }
            checker.addUpDifferences();
            if (checker.contradiction || !checker.changed) {
                return checker.contradiction;
            }
        }
        return false;
    }

    private void between(LinearSum sum, long least, long greatest) {
        contradiction |= least > greatest;
        atMost(sum, within(greatest));
        atMost(sum.times(-1), within(-within(least)));
    }

    private void relate(Constraint.Relation related) {
        MonotoneRelation relation = related.relation();
        long leastX = -most(related.x().times(-1));
        long mostX = most(related.x());
        if (leastX > mostX || leastX < -MonotoneRelation.WIDEST || mostX > MonotoneRelation.WIDEST) {
            contradiction |= leastX > mostX;
            return;
        }
        between(related.y(), relation.least(leastX), relation.greatest(mostX));
        long leastY = -most(related.y().times(-1));
        long mostY = most(related.y());
        if (relation.greatest(mostX) < leastY || relation.least(leastX) > mostY) {
            contradiction = true;
            return;
        }
        // Binary search: the least x that allows leastY, and the greatest x that allows mostY.
        long low = leastX;
        for (long high = mostX; low < high; ) {
            long middle = Math.floorDiv(low + high, 2);
            if (relation.greatest(middle) >= leastY) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        long high = mostX;
        for (long from = leastX; from < high; ) {
            long middle = Math.floorDiv(from + high + 1, 2);
            if (relation.least(middle) <= mostY) {
                from = middle;
            } else {
                high = middle - 1;
            }
        }
        between(related.x(), low, high);
    }

    /** The greatest value of a sum, by the best split into parts. */
    private long most(LinearSum sum) {
        long best = sum.isZero() ? 0 : UNBOUNDED;
        for (LinearSum part : parts(sum, 1)) {
            best = Math.min(best, add(mostOfPart(part), most(sum.minus(part))));
        }
        return best;
    }

    /** Narrows each part of a sum by the bounds of the rest. */
    private void atMost(LinearSum sum, long bound) {
        contradiction |= sum.isZero() && bound < 0;
        for (LinearSum part : parts(sum, sum.size())) {
            long room = add(bound, most(part.minus(sum)));
            if (room < UNBOUNDED) {
                long each = Math.floorDiv(room, Math.abs(part.factor(0)));
                if (each < most[row(part, 1)][row(part, -1)]) {
                    most[row(part, 1)][row(part, -1)] = each;
                    changed = true;
                }
            }
        }
    }

    /**
     * The parts that a difference bounds: one term, or two with opposite factors, of which the first is among the first
     * terms.
     */
    private static List<LinearSum> parts(LinearSum sum, int first) {
        List<LinearSum> parts = new ArrayList<>();
        for (int i = 0; i < Math.min(first, sum.size()); i++) {
            LinearSum term = LinearSum.of(sum.unknown(i)).times(sum.factor(i));
            parts.add(term);
            for (int j = i + 1; j < sum.size(); j++) {
                if (sum.factor(j) == -sum.factor(i)) {
                    parts.add(term.plus(LinearSum.of(sum.unknown(j)).times(sum.factor(j))));
                }
            }
        }
        return parts;
    }

    private long mostOfPart(LinearSum part) {
        long bound = most[row(part, 1)][row(part, -1)];
        if (bound >= UNBOUNDED) {
            return UNBOUNDED;
        }
        long factor = Math.abs(part.factor(0));
        return Math.abs(bound) > UNBOUNDED / factor ? (bound < 0 ? -UNBOUNDED : UNBOUNDED) : factor * bound;
    }

    /** The row of the term with this sign; 0 if there is none. */
    private int row(LinearSum part, int sign) {
        for (int i = 0; i < part.size(); i++) {
            if (Long.signum(part.factor(i)) == sign) {
                return rows.getOrDefault(part.unknown(i), 0);
            }
        }
        return 0;
    }

    /** The Floyd-Warshall algorithm. */
    private void addUpDifferences() {
        for (int k = 0; k < most.length; k++) {
            for (int i = 0; i < most.length; i++) {
                for (int j = 0; j < most.length; j++) {
                    most[i][j] = Math.min(most[i][j], add(most[i][k], most[k][j]));
                }
            }
        }
        for (int i = 0; i < most.length; i++) {
            contradiction |= most[i][i] < 0;
        }
    }

    private static long add(long a, long b) {
        return a >= UNBOUNDED || b >= UNBOUNDED ? UNBOUNDED : within(a + b);
    }

    private static long within(long bound) {
        return Math.max(-UNBOUNDED, Math.min(UNBOUNDED, bound));
    }
}
