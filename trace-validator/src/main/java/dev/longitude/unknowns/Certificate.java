package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Constraints that contradict each other, as the {@link CertificateChecker} has confirmed. The set is minimal: without
 * any one of them the checker does not refute the rest.
 *
 * @param constraints in the order in which they were given
 * @param conflict how they contradict each other
 */
public record Certificate(ImmutableList<Constraint> constraints, Conflict conflict) {
    /** The contradiction. */
    public sealed interface Conflict {
        /** The bounds that it depends on directly. */
        ImmutableList<Step> steps();
    }

    /**
     * A cycle of differences whose bounds add up to less than 0.
     *
     * @param steps in order: each begins with the unknown that the one before subtracts
     * @param sum of the steps' bounds, less than 0
     */
    public record Cycle(ImmutableList<Step> steps, long sum) implements Conflict {}

    /**
     * A constraint bounds a sum to an interval that is disjoint from the known interval of the sum.
     *
     * @param least the least that the constraint allows
     * @param greatest the greatest that the constraint allows
     * @param known the interval of the sum without the constraint
     * @param from the input of the constraint: for a relation, the interval of x
     */
    public record Outside(
            Constraint constraint, long least, long greatest, Interval known, ImmutableList<Interval> from)
            implements Conflict {
        @Override
        public ImmutableList<Step> steps() {
            ImmutableList.Builder<Step> steps = ImmutableList.builder();
            from.forEach(interval -> steps.addAll(interval.by()));
            return steps.addAll(known.by()).build();
        }
    }

    /**
     * A bound that a constraint imposes. A step equals only itself.
     *
     * @param difference an unknown, a negated unknown, or one minus another
     * @param most the greatest value of the difference
     * @param from the inputs of the constraint; empty if it imposes the bound by itself
     */
    public record Step(LinearSum difference, long most, Constraint by, ImmutableList<Interval> from) {
        /** Steps share the steps that they depend on, so a deep comparison could take exponential time. */
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /**
     * The known interval of a sum.
     *
     * @param least -{@link Store#INFINITY} if it does not matter, or is not bounded
     * @param greatest {@link Store#INFINITY} if it is not bounded
     * @param by the steps that prove it
     */
    public record Interval(LinearSum sum, long least, long greatest, ImmutableList<Step> by) {}

    /** All steps that the conflict depends on, each after those that it is derived from. */
    public ImmutableList<Step> steps() {
        return Explanation.steps(conflict);
    }

    /**
     * A certificate from these constraints; empty if the checker does not refute them.
     *
     * @param constraints of which the last is likely to be in the conflict, as it is where a store became infeasible
     */
    public static Optional<Certificate> of(List<Constraint> constraints) {
        // Conflicts are mostly local: those around the last constraint are tried before all of them.
        Set<Constraint> near = new HashSet<>();
        for (int size = -1; near.size() > size; ) {
            size = near.size();
            near = size == 0 && !constraints.isEmpty()
                    ? Set.of(constraints.get(constraints.size() - 1))
                    : around(near, constraints);
            Optional<Certificate> certificate = Explanation.of(
                            constraints.stream().filter(near::contains).toList())
                    .flatMap(conflict -> minimal(constraints, Explanation.constraints(conflict)));
            if (certificate.isPresent()) {
                return certificate;
            }
        }
        return Explanation.of(constraints).flatMap(conflict -> minimal(constraints, Explanation.constraints(conflict)));
    }

    private static Set<Constraint> around(Set<Constraint> near, List<Constraint> constraints) {
        Set<Integer> mentioned = new HashSet<>();
        for (Constraint constraint : near) {
            for (LinearSum sum : constraint.sums()) {
                for (int i = 0; i < sum.size(); i++) {
                    mentioned.add(sum.unknown(i));
                }
            }
        }
        Set<Constraint> around = new HashSet<>();
        for (Constraint constraint : constraints) {
            if (constraint.sums().stream().anyMatch(sum -> mentioned.stream().anyMatch(sum::mentions))) {
                around.add(constraint);
            }
        }
        around.addAll(near);
        return around;
    }

    private static Optional<Certificate> minimal(List<Constraint> constraints, Set<Constraint> conflicting) {
        List<Constraint> left = new ArrayList<>(
                constraints.stream().filter(conflicting::contains).distinct().toList());
        if (!CertificateChecker.refutes(left)) {
            return Optional.empty();
        }
        // Blocks first; then single ones, repeated until none can be removed, because removing one may make another
        // removable.
        for (int block = Math.max(1, left.size() / 2); block >= 1; ) {
            int before = left.size();
            for (int from = 0; from < left.size(); ) {
                List<Constraint> without = new ArrayList<>(left);
                without.subList(from, Math.min(left.size(), from + block)).clear();
                if (CertificateChecker.refutes(without)) {
                    left = without;
                } else {
                    from += block;
                }
            }
            if (block > 1 || left.size() == before) {
                block /= 2;
            }
        }
        ImmutableList<Constraint> minimal = ImmutableList.copyOf(left);
        return Explanation.of(minimal).map(conflict -> new Certificate(minimal, conflict));
    }
}
