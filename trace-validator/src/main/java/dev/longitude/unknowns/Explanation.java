package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds a conflict among constraints and records for each bound how it was derived. The rules are those of the
 * {@link CertificateChecker}; this class adds the bookkeeping.
 */
final class Explanation {
    private static final int MOST_ROUNDS = 200;

    /** Steps that add up to the bound of a difference. */
    private sealed interface Proof {}

    private record Single(Certificate.Step step) implements Proof {}

    private record Chain(Proof first, Proof second) implements Proof {}

    /** The greatest value of a sum, and the steps that prove it. */
    private record KnownBound(long most, ImmutableList<Certificate.Step> steps) {}

    /** Ends the search for a conflict. */
    private static final class ConflictFound extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Certificate.Conflict conflict;

        ConflictFound(Certificate.Conflict conflict) {
            super(null, null, false, false);
            this.conflict = conflict;
        }
    }

    private final Map<Integer, Integer> places = new HashMap<>();
    private final List<LinearSum> unknowns = new ArrayList<>();
    private final long[][] most;
    private final @Nullable Proof[][] proofs;
    private boolean changed;

    private Explanation(List<Constraint> constraints) {
        unknowns.add(LinearSum.ZERO);
        for (Constraint constraint : constraints) {
            for (LinearSum sum : constraint.sums()) {
                for (int i = 0; i < sum.size(); i++) {
                    if (places.putIfAbsent(sum.unknown(i), unknowns.size()) == null) {
                        unknowns.add(LinearSum.of(sum.unknown(i)));
                    }
                }
            }
        }
        most = new long[unknowns.size()][unknowns.size()];
        for (int i = 0; i < most.length; i++) {
            Arrays.fill(most[i], ExtendedBound.INFINITY);
            most[i][i] = 0;
        }
        proofs = new Proof[most.length][most.length];
    }

    /** A conflict of the constraints, if one is found. */
    static Optional<Certificate.Conflict> of(List<Constraint> constraints) {
        Explanation explanation = new Explanation(constraints);
        try {
            for (int round = 0; round < MOST_ROUNDS; round++) {
                explanation.changed = false;
                for (Constraint constraint : constraints) {
                    explanation.apply(constraint);
                }
                if (!explanation.changed) {
                    break;
                }
            }
            return Optional.empty();
        } catch (ConflictFound e) {
            return Optional.of(e.conflict);
        }
    }

    /** The constraints that a conflict depends on. */
    static ImmutableSet<Constraint> constraints(Certificate.Conflict conflict) {
        ImmutableSet.Builder<Constraint> constraints = ImmutableSet.builder();
        if (conflict instanceof Certificate.Outside outside) {
            constraints.add(outside.constraint());
        }
        steps(conflict).forEach(step -> constraints.add(step.by()));
        return constraints.build();
    }

    /** The steps that a conflict depends on, each after those that it is derived from. */
    static ImmutableList<Certificate.Step> steps(Certificate.Conflict conflict) {
        Set<Certificate.Step> ordered = new LinkedHashSet<>();
        Deque<Certificate.Step> open = new ArrayDeque<>();
        conflict.steps().reverse().forEach(open::push);
        Set<Certificate.Step> begun = new LinkedHashSet<>();
        while (!open.isEmpty()) {
            Certificate.Step step = open.peek();
            if (begun.add(step)) {
                step.from()
                        .forEach(interval -> interval.by().stream()
                                .filter(earlier -> !ordered.contains(earlier))
                                .forEach(open::push));
            } else {
                open.pop();
                ordered.add(step);
            }
        }
        return ImmutableList.copyOf(ordered);
    }

    private void apply(Constraint constraint) {
        if (constraint instanceof Constraint.Bound bound) {
            between(constraint, bound.sum(), bound.least(), bound.greatest(), ImmutableList.of());
        } else if (constraint instanceof Constraint.Relation related) {
            relate(related);
        }
    }

    private void relate(Constraint.Relation related) {
        MonotoneRelation relation = related.relation();
        Certificate.Interval x = interval(related.x());
        if (x.least() < -MonotoneRelation.WIDEST || x.greatest() > MonotoneRelation.WIDEST) {
            return;
        }
        Certificate.Interval y = interval(related.y());
        long least = relation.least(x.least());
        long greatest = relation.greatest(x.greatest());
        if (least > y.greatest() || greatest < y.least()) {
            throw new ConflictFound(new Certificate.Outside(related, least, greatest, y, ImmutableList.of(x)));
        }
        between(related, related.y(), least, greatest, ImmutableList.of(x));
        y = interval(related.y());
        long low = x.least();
        for (long high = x.greatest(); low < high; ) {
            long middle = Math.floorDiv(low + high, 2);
            if (relation.greatest(middle) >= y.least()) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        long high = x.greatest();
        for (long from = x.least(); from < high; ) {
            long middle = Math.floorDiv(from + high + 1, 2);
            if (relation.least(middle) <= y.greatest()) {
                from = middle;
            } else {
                high = middle - 1;
            }
        }
        if (low > x.least()) {
            atMost(related, related.x().times(-1), -low, ImmutableList.of(x, y));
        }
        if (high < x.greatest()) {
            atMost(related, related.x(), high, ImmutableList.of(x, y));
        }
    }

    private Certificate.Interval interval(LinearSum sum) {
        KnownBound greatest = known(sum);
        KnownBound negated = known(sum.times(-1));
        ImmutableSet<Certificate.Step> steps = ImmutableSet.<Certificate.Step>builder()
                .addAll(negated.steps())
                .addAll(greatest.steps())
                .build();
        return new Certificate.Interval(sum, -negated.most(), greatest.most(), steps.asList());
    }

    private KnownBound known(LinearSum sum) {
        KnownBound best = new KnownBound(sum.isZero() ? 0 : ExtendedBound.INFINITY, ImmutableList.of());
        for (LinearSum part : parts(sum, 1)) {
            int greater = place(part, 1);
            int lesser = place(part, -1);
            if (most[greater][lesser] < ExtendedBound.INFINITY) {
                KnownBound rest = known(sum.minus(part));
                long total = ExtendedBound.plus(
                        ExtendedBound.times(Math.abs(part.factor(0)), most[greater][lesser]), rest.most());
                if (total < best.most()) {
                    best = new KnownBound(
                            total,
                            ImmutableList.<Certificate.Step>builder()
                                    .addAll(steps(proofs[greater][lesser]))
                                    .addAll(rest.steps())
                                    .build());
                }
            }
        }
        return best;
    }

    private void between(
            Constraint by, LinearSum sum, long least, long greatest, ImmutableList<Certificate.Interval> from) {
        if (least > greatest || (sum.isZero() && (least > 0 || greatest < 0))) {
            throw new ConflictFound(new Certificate.Outside(by, least, greatest, interval(sum), from));
        }
        atMost(by, sum, ExtendedBound.clamp(greatest), from);
        atMost(by, sum.times(-1), ExtendedBound.clamp(-ExtendedBound.clamp(least)), from);
    }

    private void atMost(Constraint by, LinearSum sum, long bound, ImmutableList<Certificate.Interval> from) {
        for (LinearSum part : parts(sum, sum.size())) {
            LinearSum others = part.minus(sum);
            KnownBound rest = known(others);
            long room = ExtendedBound.plus(bound, rest.most());
            long each = room >= ExtendedBound.INFINITY ? room : Math.floorDiv(room, Math.abs(part.factor(0)));
            if (each < most[place(part, 1)][place(part, -1)]) {
                ImmutableList<Certificate.Interval> given = others.isZero()
                        ? from
                        : ImmutableList.<Certificate.Interval>builder()
                                .addAll(from)
                                .add(new Certificate.Interval(
                                        others, -ExtendedBound.INFINITY, rest.most(), rest.steps()))
                                .build();
                add(place(part, 1), place(part, -1), each, by, given);
            }
        }
    }

    /** Adds the bound of a difference, and closes the differences again. */
    private void add(int greater, int lesser, long bound, Constraint by, ImmutableList<Certificate.Interval> given) {
        changed = true;
        Proof proof =
                new Single(new Certificate.Step(unknowns.get(greater).minus(unknowns.get(lesser)), bound, by, given));
        if (most[lesser][greater] < ExtendedBound.INFINITY && ExtendedBound.plus(bound, most[lesser][greater]) < 0) {
            throw new ConflictFound(new Certificate.Cycle(
                    ImmutableList.<Certificate.Step>builder()
                            .addAll(steps(proof))
                            .addAll(steps(proofs[lesser][greater]))
                            .build(),
                    ExtendedBound.plus(bound, most[lesser][greater])));
        }
        for (int a = 0; a < most.length; a++) {
            long toLesser = ExtendedBound.plus(most[a][greater], bound);
            if (toLesser >= most[a][lesser]) {
                continue; // (then it shortens no path that begins at a)
            }
            Proof beginning = chain(proofs[a][greater], proof);
            for (int b = 0; b < most.length; b++) {
                long sum = ExtendedBound.plus(toLesser, most[lesser][b]);
                if (sum < most[a][b]) {
                    most[a][b] = sum;
                    proofs[a][b] = chain(beginning, proofs[lesser][b]);
                }
            }
        }
    }

    private static @Nullable Proof chain(@Nullable Proof first, @Nullable Proof second) {
        return first == null ? second : second == null ? first : new Chain(first, second);
    }

    private static ImmutableList<Certificate.Step> steps(@Nullable Proof proof) {
        ImmutableList.Builder<Certificate.Step> steps = ImmutableList.builder();
        Deque<Proof> open = new ArrayDeque<>();
        if (proof != null) {
            open.push(proof);
        }
        while (!open.isEmpty()) {
            Proof next = open.pop();
            if (next instanceof Chain chain) {
                open.push(chain.second());
                open.push(chain.first());
            } else {
                steps.add(((Single) next).step());
            }
        }
        return steps.build();
    }

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

    private int place(LinearSum part, int sign) {
        for (int i = 0; i < part.size(); i++) {
            if (Long.signum(part.factor(i)) == sign) {
                return places.getOrDefault(part.unknown(i), 0);
            }
        }
        return 0;
    }
}
