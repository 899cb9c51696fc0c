package dev.longitude.unknowns;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Constraints that the checker refutes have no solution, and a certificate is minimal. */
class CertificateTest {
    private static final LinearSum A = LinearSum.of(0);
    private static final LinearSum B = LinearSum.of(1);
    private static final LinearSum C = LinearSum.of(2);

    @Test
    void theCheckerNeverRefutesWhatHasASolution() {
        int[] refuted = new int[1];
        int[] unsolvable = new int[1];
        Seeds.of(1500).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 7);
            boolean refutes = CertificateChecker.refutes(all(system));
            boolean solvable = !system.solutions(system.constraints).isEmpty();
            assertThat(refutes && solvable).as("%s", system).isFalse();
            refuted[0] += refutes ? 1 : 0;
            unsolvable[0] += solvable ? 0 : 1;
        });
        if (unsolvable[0] > 100) {
            assertThat(refuted[0]).as("of %s", unsolvable[0]).isGreaterThan(unsolvable[0] * 98 / 100);
        }
    }

    @Test
    void aCertificateIsMinimalAndItsConflictRestsOnAllOfIt() {
        int[] certified = new int[1];
        int[] infeasible = new int[1];
        Seeds.of(1500).forEach(seed -> {
            RandomSystem system = new RandomSystem(seed, 7);
            Store store = system.store();
            if (system.constraints.stream().allMatch(constraint -> RandomSystem.impose(store, constraint))) {
                return;
            }
            infeasible[0]++;
            Optional<Certificate> made = Certificate.of(store.constraints());
            if (made.isEmpty()) {
                return;
            }
            certified[0]++;
            Certificate certificate = made.get();
            assertThat(store.constraints()).as("%s", system).containsSubsequence(certificate.constraints());
            assertThat(CertificateChecker.refutes(certificate.constraints()))
                    .as("%s", system)
                    .isTrue();
            for (Constraint constraint : certificate.constraints()) {
                List<Constraint> others = new ArrayList<>(certificate.constraints());
                others.remove(constraint);
                assertThat(CertificateChecker.refutes(others))
                        .as("%s without %s", system, constraint)
                        .isFalse();
            }
            assertThat(Explanation.constraints(certificate.conflict()))
                    .as("%s", system)
                    .containsExactlyInAnyOrderElementsOf(certificate.constraints());
            adds(system, certificate);
        });
        if (infeasible[0] > 100) {
            assertThat(certified[0]).as("of %s", infeasible[0]).isGreaterThan(infeasible[0] * 98 / 100);
        }
    }

    /** The arithmetic of an explanation, repeated by hand. */
    private static void adds(RandomSystem system, Certificate certificate) {
        if (certificate.conflict() instanceof Certificate.Cycle cycle) {
            LinearSum around = LinearSum.ZERO;
            long total = 0;
            for (Certificate.Step step : cycle.steps()) {
                around = around.plus(step.difference());
                total += step.most();
            }
            assertThat(around).as("%s", system).isEqualTo(LinearSum.ZERO);
            assertThat(total).as("%s", system).isEqualTo(cycle.sum()).isNegative();
        } else if (certificate.conflict() instanceof Certificate.Outside outside) {
            assertThat(outside.least() > outside.known().greatest()
                            || outside.greatest() < outside.known().least()
                            || outside.least() > outside.greatest())
                    .as("%s", system)
                    .isTrue();
        }
        List<Certificate.Step> before = new ArrayList<>();
        for (Certificate.Step step : certificate.steps()) {
            step.from().forEach(interval -> assertThat(before).as("%s", system).containsAll(interval.by()));
            step.from()
                    .forEach(interval -> assertThat(interval.least() > interval.greatest())
                            .as("%s", system)
                            .isFalse());
            before.add(step);
        }
        assertThat(before).as("%s", system).containsAll(certificate.conflict().steps());
    }

    private static ImmutableList<Constraint> all(RandomSystem system) {
        Store store = system.store();
        return ImmutableList.<Constraint>builder()
                .addAll(store.constraints())
                .addAll(system.constraints)
                .build();
    }

    @Test
    void aCycleOfDifferencesIsGivenInOrder() {
        // A is at least 5 after B, B at least 2 after C, C at least 3 before ... at most 6 before A: 6 - 5 - 2 = -1.
        Constraint first = new Constraint.Bound(A.minus(B), 5, Store.INFINITY, "line 1");
        Constraint second = new Constraint.Bound(B.minus(C), 2, Store.INFINITY, "line 2");
        Constraint third = new Constraint.Bound(A.minus(C), -Store.INFINITY, 6, "line 3");
        Constraint other = new Constraint.Bound(A, 0, 100, "line 4");

        Certificate certificate =
                Certificate.of(List.of(other, first, second, third)).orElseThrow();

        assertThat(certificate.constraints()).containsExactly(first, second, third);
        Certificate.Cycle cycle = (Certificate.Cycle) certificate.conflict();
        assertThat(cycle.sum()).isEqualTo(-1);
        assertThat(cycle.steps()).extracting(Certificate.Step::by).containsExactly(third, second, first);
        assertThat(cycle.steps())
                .extracting(Certificate.Step::difference)
                .containsExactly(A.minus(C), C.minus(B), B.minus(A));
        assertThat(cycle.steps()).extracting(Certificate.Step::most).containsExactly(6L, -2L, -5L);
    }

    @Test
    void aRelationThatMapsOneIntervalOutsideOfAnotherGivesBoth() {
        // y = floor(x * 3 / 2): 10..20 becomes 15..30.
        Constraint x = new Constraint.Bound(A, 10, 20, "line 1");
        Constraint y = new Constraint.Bound(B, 31, 40, "line 2");
        Constraint related = new Constraint.Relation(B, A, Floor.exact(3, 0, 2), "line 3");

        Certificate certificate = Certificate.of(List.of(x, y, related)).orElseThrow();

        assertThat(certificate.constraints()).containsExactly(x, y, related);
        Certificate.Outside outside = (Certificate.Outside) certificate.conflict();
        assertThat(outside.constraint()).isEqualTo(related);
        assertThat(outside.least()).isEqualTo(15);
        assertThat(outside.greatest()).isEqualTo(30);
        assertThat(outside.known().sum()).isEqualTo(B);
        assertThat(outside.known().least()).isEqualTo(31);
        assertThat(outside.from().get(0).sum()).isEqualTo(A);
        assertThat(outside.from().get(0).least()).isEqualTo(10);
        assertThat(outside.from().get(0).greatest()).isEqualTo(20);
    }

    @Test
    void whatHasASolutionHasNoCertificate() {
        assertThat(Certificate.of(
                        List.of(new Constraint.Bound(A.minus(B), 1, 1, ""), new Constraint.Bound(B, 0, 0, ""))))
                .isEmpty();
        assertThat(Certificate.of(List.of())).isEmpty();
    }

    @Test
    void anImpossibleConstraintIsACertificateByItself() {
        Constraint none = new Constraint.Bound(A, 3, 2, "line 9");
        assertThat(Certificate.of(List.of(new Constraint.Bound(B, 0, 9, ""), none))
                        .orElseThrow()
                        .constraints())
                .containsExactly(none);
        Constraint nothing = new Constraint.Bound(LinearSum.ZERO, 1, 2, "line 10");
        assertThat(Certificate.of(List.of(nothing)).orElseThrow().constraints()).containsExactly(nothing);
    }
}
