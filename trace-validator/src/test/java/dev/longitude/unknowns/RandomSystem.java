package dev.longitude.unknowns;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random system of a few unknowns in small ranges, and all of its solutions by brute force. Most constraints hold at
 * one random point, so that about half of the systems have solutions and most contradictions need several constraints.
 */
final class RandomSystem {
    private final long seed;
    final Random random;
    private final long[] point;
    final List<long[]> ranges = new ArrayList<>();
    /** Beyond the ranges. */
    final List<Constraint> constraints = new ArrayList<>();

    RandomSystem(long seed, int constraintsAtMost) {
        this.seed = seed;
        random = new Random(seed);
        int unknowns = 2 + random.nextInt(4);
        // About as many values in all, however many unknowns there are.
        int widest = unknowns <= 3 ? 16 : unknowns == 4 ? 8 : 5;
        for (int i = 0; i < unknowns; i++) {
            long least = random.nextInt(17) - 8L;
            ranges.add(new long[] {least, Math.min(8, least + random.nextInt(widest + 1))});
        }
        point = ranges.stream()
                .mapToLong(range -> range[0] + random.nextInt((int) (range[1] - range[0]) + 1))
                .toArray();
        int count = 1 + random.nextInt(constraintsAtMost);
        for (int i = 0; i < count; i++) {
            constraints.add(random.nextInt(5) < 2 ? relation(i) : bound(i));
        }
    }

    int unknowns() {
        return ranges.size();
    }

    LinearSum sum(int terms, int factors) {
        LinearSum sum = LinearSum.ZERO;
        for (int i = 0; i < terms; i++) {
            long factor = random.nextInt(4) > 0 ? 1 : 1 + random.nextInt(factors);
            LinearSum term = LinearSum.of(random.nextInt(unknowns())).times(factor);
            sum = random.nextBoolean() ? sum.plus(term) : sum.minus(term);
        }
        return sum;
    }

    private Constraint bound(int reason) {
        LinearSum sum = random.nextInt(3) > 0 ? difference() : sum(1 + random.nextInt(4), 3);
        long value = at(sum, point) + (random.nextInt(12) == 0 ? random.nextInt(9) - 4L : 0L);
        return switch (random.nextInt(4)) {
            case 0 -> new Constraint.Bound(sum, value - random.nextInt(4), Store.INFINITY, reason);
            case 1 -> new Constraint.Bound(sum, -Store.INFINITY, value + random.nextInt(4), reason);
            case 2 -> new Constraint.Bound(sum, value, value, reason);
            default -> new Constraint.Bound(sum, value - random.nextInt(4), value + random.nextInt(4), reason);
        };
    }

    private LinearSum difference() {
        return LinearSum.of(random.nextInt(unknowns())).minus(LinearSum.of(random.nextInt(unknowns())));
    }

    private Constraint relation(int reason) {
        LinearSum y = random.nextInt(4) > 0 ? LinearSum.of(random.nextInt(unknowns())) : sum(2, 2);
        LinearSum x = random.nextBoolean() ? difference() : sum(1 + random.nextInt(3), 2);
        long times = random.nextInt(6);
        long by = 1L + random.nextInt(4);
        long plus = random.nextInt(9) == 0
                ? random.nextInt(9) - 4L
                : by * at(y, point) - times * at(x, point) + random.nextInt((int) by);
        Floor floor = new Floor(times, plus, by, random.nextInt(3) / 2, 20);
        return new Constraint.Relation(y, x, floor, reason);
    }

    /** A store with the unknowns and only their ranges. */
    Store store() {
        Store store = new Store();
        for (long[] range : ranges) {
            store.unknown(range[0], range[1]);
        }
        return store;
    }

    static boolean impose(Store store, Constraint constraint) {
        store.because(constraint.reason());
        return constraint instanceof Constraint.Relation related
                ? store.relate(related.y(), related.x(), related.relation())
                : store.require(
                        ((Constraint.Bound) constraint).sum(),
                        ((Constraint.Bound) constraint).least(),
                        ((Constraint.Bound) constraint).greatest());
    }

    /** All values of the unknowns in their ranges that meet these constraints. */
    List<long[]> solutions(List<Constraint> of) {
        List<long[]> found = new ArrayList<>();
        long[] values = new long[unknowns()];
        extend(0, values, of, found);
        return found;
    }

    private void extend(int unknown, long[] values, List<Constraint> of, List<long[]> found) {
        if (unknown == values.length) {
            if (of.stream().allMatch(constraint -> holds(constraint, values))) {
                found.add(values.clone());
            }
            return;
        }
        for (long value = ranges.get(unknown)[0]; value <= ranges.get(unknown)[1]; value++) {
            values[unknown] = value;
            extend(unknown + 1, values, of, found);
        }
    }

    static boolean holds(Constraint constraint, long[] values) {
        if (constraint instanceof Constraint.Bound bound) {
            long value = at(bound.sum(), values);
            return bound.least() <= value && value <= bound.greatest();
        }
        Constraint.Relation related = (Constraint.Relation) constraint;
        long x = at(related.x(), values);
        long y = at(related.y(), values);
        return related.relation().least(x) <= y && y <= related.relation().greatest(x);
    }

    static long at(LinearSum sum, long[] values) {
        long total = 0;
        for (int i = 0; i < sum.size(); i++) {
            total += sum.factor(i) * values[sum.unknown(i)];
        }
        return total;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seed " + seed + ":");
        for (int i = 0; i < ranges.size(); i++) {
            text.append("\n  x%d in %d..%d".formatted(i, ranges.get(i)[0], ranges.get(i)[1]));
        }
        constraints.forEach(constraint -> text.append("\n  ").append(constraint));
        return text
                + "\n  repeat: mvn test -pl reference-impl,trace-validator -Dtest='Store*Test,Way*Test,Certificate*Test'"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dunknowns.seed=" + seed;
    }
}
