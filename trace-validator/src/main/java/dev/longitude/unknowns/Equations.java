package dev.longitude.unknowns;

import java.util.ArrayList;
import java.util.List;

/**
 * Gaussian elimination over the equations among the links: two equations may imply of two unknowns what neither implies
 * alone. Rows are sums by place, not by unknown; unknowns that differ by a constant are one.
 */
final class Equations {
    private record Row(LinearSum sum, long value, int pivot, long pivotFactor) {}

    private final DifferenceBounds bounds;
    private final List<Row> rows = new ArrayList<>();

    private Equations(DifferenceBounds bounds) {
        this.bounds = bounds;
    }

    /** Narrows the bounds by all equations together; false if they contradict each other or the bounds. */
    static boolean narrow(DifferenceBounds bounds, Link[] links) {
        Equations equations = new Equations(bounds);
        for (Link link : links) {
            if (link instanceof Link.Sum sum && sum.least() == sum.most()) {
                try {
                    if (!equations.add(sum.terms(), sum.least())) {
                        return false;
                    }
                } catch (ArithmeticException e) {
                    // The factors do not fit: this equation implies nothing beyond its link.
                }
            }
        }
        return equations.substituteBack();
    }

    private boolean add(Terms terms, long value) {
        LinearSum sum = LinearSum.ZERO;
        long rest = value;
        for (int i = 0; i < terms.size(); i++) {
            long factor = terms.sum().factor(i);
            int place = terms.places()[i];
            int same = firstAtConstantDistance(place);
            rest = Math.subtractExact(rest, Math.multiplyExact(factor, bounds.greatest(place, same)));
            if (same != 0) {
                sum = sum.plus(LinearSum.of(same).times(factor));
            }
        }
        for (Row row : rows) {
            long factor = factorOf(sum, row.pivot());
            if (factor != 0) {
                long times = Math.multiplyExact(factor, row.pivotFactor());
                sum = sum.minus(row.sum().times(times));
                rest = Math.subtractExact(rest, Math.multiplyExact(times, row.value()));
            }
        }
        if (sum.isZero()) {
            return rest == 0;
        }
        for (int i = 0; i < sum.size(); i++) {
            if (Math.abs(sum.factor(i)) == 1) {
                rows.add(new Row(sum, rest, sum.unknown(i), sum.factor(i)));
                break;
            }
        }
        return limit(sum, rest);
    }

    /** The first place from which this one has a known distance; itself if there is no earlier one. */
    private int firstAtConstantDistance(int place) {
        for (int other = 0; other < place; other++) {
            long distance = bounds.greatest(place, other);
            if (distance < ExtendedBound.INFINITY && distance == -bounds.greatest(other, place)) {
                return other;
            }
        }
        return place;
    }

    private boolean substituteBack() {
        for (int i = rows.size() - 2; i >= 0; i--) {
            Row row = rows.get(i);
            LinearSum sum = row.sum();
            long value = row.value();
            boolean substituted = false;
            try {
                for (int j = i + 1; j < rows.size(); j++) {
                    Row later = rows.get(j);
                    long factor = factorOf(sum, later.pivot());
                    if (factor != 0) {
                        long times = Math.multiplyExact(factor, later.pivotFactor());
                        sum = sum.minus(later.sum().times(times));
                        value = Math.subtractExact(value, Math.multiplyExact(times, later.value()));
                        substituted = true;
                    }
                }
            } catch (ArithmeticException e) {
                continue; // (as above)
            }
            if (substituted) {
                rows.set(i, new Row(sum, value, row.pivot(), row.pivotFactor()));
                if (!limit(sum, value)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static long factorOf(LinearSum sum, int place) {
        for (int i = 0; i < sum.size(); i++) {
            if (sum.unknown(i) == place) {
                return sum.factor(i);
            }
        }
        return 0;
    }

    private boolean limit(LinearSum sum, long value) {
        if (sum.size() > Terms.MOST || Math.abs(value) >= ExtendedBound.INFINITY) {
            return true;
        }
        long divisor = 0;
        int[] places = new int[sum.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = sum.unknown(i);
            divisor = gcd(divisor, Math.abs(sum.factor(i)));
        }
        return value % divisor == 0 && new Terms(sum, places).limit(bounds, value, value);
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}
