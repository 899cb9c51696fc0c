package dev.longitude.unknowns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a store must infer without a search, and what it must not infer. */
class StoreExamplesTest {
    private static final long WIDEST = MonotoneRelation.WIDEST;

    private final Store store = new Store();

    private LinearSum unknown(long least, long greatest) {
        return LinearSum.of(store.unknown(least, greatest));
    }

    @Test
    void differencesAddUp() {
        LinearSum a = unknown(0, 1000);
        LinearSum b = unknown(0, 1000);
        LinearSum c = unknown(0, 1000);
        store.require(b.minus(a), 10, 20);
        store.require(c.minus(b), 5, 7);
        assertThat(store.least(c.minus(a))).isEqualTo(15);
        assertThat(store.greatest(c.minus(a))).isEqualTo(27);
        assertThat(store.greatest(a)).isEqualTo(985);
        assertThat(store.require(c.minus(a), 28, 40)).isFalse();
        assertThat(store.isInfeasible()).isTrue();
    }

    @Test
    void aConversionNarrowsBothWaysAtTheSizeOfRealClocks() {
        // 2.9 GHz: ns = floor(cycles * 10^6 / 2900000), cycles about 2^50.
        LinearSum cycles = unknown(1L << 50, (1L << 50) + 100_000);
        LinearSum ns = unknown(0, 1L << 60);
        store.relate(ns, cycles, new Floor(1_000_000, 0, 2_900_000, 0, 58));
        // floor(2^50 * 10 / 29), by hand.
        assertThat(store.least(ns)).isEqualTo(388_241_347_187_111L);
        long first = store.least(ns) + 7;
        assertThat(store.require(ns, first, first)).isTrue();
        // ns = n for cycles from ceil(n * 2.9) to ceil((n + 1) * 2.9) - 1: 2 or 3 values.
        assertThat(store.least(cycles)).isEqualTo(-Math.floorDiv(-first * 29, 10));
        assertThat(store.greatest(cycles)).isEqualTo(-Math.floorDiv(-(first + 1) * 29, 10) - 1);
    }

    @Test
    void aValueThatTheConversionSkipsIsNotPossible() {
        // 1 GHz counter at a third of the resolution: y = 3x takes no value that is not a multiple of 3.
        LinearSum x = unknown(0, 1L << 40);
        LinearSum y = unknown(0, 1L << 42);
        store.relate(y, x, new Floor(3, 0, 1, 0, 58));
        Store other = store.copy();
        assertThat(store.require(y, 299, 299)).isFalse();
        assertThat(other.require(y, 300, 300)).isTrue();
        assertThat(other.isExact(x.unknown(0))).isTrue();
    }

    @Test
    void aChangeOfYWakesTheRelationAndWhatDependsOnX() {
        LinearSum x = unknown(0, 100);
        LinearSum y = unknown(0, 1000);
        LinearSum z = unknown(0, 1000);
        store.relate(y, x, Floor.exact(5, 0, 1));
        store.relate(z, x, Floor.exact(7, 0, 1));
        store.require(y, 50, 59);
        assertThat(store.least(x)).isEqualTo(10);
        assertThat(store.greatest(x)).isEqualTo(11);
        assertThat(store.least(z)).isEqualTo(70);
        assertThat(store.greatest(z)).isEqualTo(77);
        // A greater least value must wake a link, and so must a smaller greatest one.
        store.require(y, 51, 1000);
        assertThat(store.least(z)).isEqualTo(77);
    }

    @Test
    void aDifferenceAloneWakesARelationOfThatDifference() {
        LinearSum a = unknown(0, 1000);
        LinearSum b = unknown(0, 1000);
        LinearSum y = unknown(-10_000, 10_000);
        store.relate(y, b.minus(a), Floor.exact(2, 0, 1));
        store.require(b.minus(a), 3, 4);
        assertThat(store.least(y)).isEqualTo(6);
        assertThat(store.greatest(y)).isEqualTo(8);
    }

    @Test
    void twoEquationsSayWhatNeitherSaysAlone() {
        LinearSum a = unknown(0, 1000);
        LinearSum b = unknown(0, 1000);
        LinearSum c = unknown(0, 1000);
        LinearSum d = unknown(0, 1000);
        store.require(a.plus(b).minus(c), 1, 1);
        store.require(a.plus(b).minus(d), 5, 5);
        assertThat(store.least(c.minus(d))).isEqualTo(4);
        assertThat(store.greatest(c.minus(d))).isEqualTo(4);
    }

    @Test
    void equationsKnowWhatIsAtAConstantDistanceAndThatASumIsEven() {
        LinearSum a = unknown(0, 1000);
        LinearSum b = unknown(0, 1000);
        store.require(b.minus(a), 6, 6);
        Store odd = store.copy();
        assertThat(store.require(a.plus(b), 20, 20)).isTrue();
        assertThat(store.greatest(a)).isEqualTo(7); // 2a + 6 = 20
        assertThat(store.least(a)).isEqualTo(7);
        assertThat(odd.require(a.plus(b), 21, 21)).isFalse();
    }

    @Test
    void equationsThatContradictEachOtherOrTheirFactorsAreSeen() {
        LinearSum sum = unknown(0, 100).plus(unknown(0, 100)).plus(unknown(0, 100));
        Store uneven = store.copy();
        assertThat(store.require(sum, 10, 10)).isTrue();
        assertThat(store.require(sum, 11, 11)).isFalse();
        assertThat(uneven.require(sum.times(2), 11, 11)).isFalse();
    }

    @Test
    void eachTermOfASumCountsOnce() {
        // c - a and b - a are bounded; a must not be paired with both.
        LinearSum a = unknown(0, 100);
        LinearSum b = unknown(0, 100);
        LinearSum c = unknown(0, 100);
        store.require(b.minus(a), 0, 1);
        store.require(c.minus(a), 0, 1);
        LinearSum sum = b.plus(c).minus(a);
        assertThat(store.greatest(sum)).isEqualTo(101);
        assertThat(store.least(sum)).isZero();
    }

    @Test
    void factorsRoundInwards() {
        LinearSum a = unknown(-100, 100);
        LinearSum b = unknown(-100, 100);
        store.require(a.times(3), -7, 7);
        assertThat(store.least(a)).isEqualTo(-2);
        assertThat(store.greatest(a)).isEqualTo(2);
        store.require(a.times(4).minus(b.times(4)), -6, -5);
        assertThat(store.isInfeasible()).isTrue();
    }

    @Test
    void theWidestUnknownsDoNotContradictEachOther() {
        LinearSum a = unknown(-WIDEST, WIDEST);
        LinearSum b = unknown(-WIDEST, WIDEST);
        assertThat(store.greatest(a.minus(b))).isEqualTo(Store.INFINITY);
        assertThat(store.require(a.minus(b), WIDEST, Store.INFINITY)).isTrue();
        assertThat(store.require(a.plus(b.times(3)), -Store.INFINITY, -WIDEST)).isTrue();
        assertThat(store.require(a.times(Long.MAX_VALUE), 1, Long.MAX_VALUE)).isTrue();
        assertThat(store.greatest(a)).isEqualTo(WIDEST);
        assertThat(store.least(a)).isGreaterThanOrEqualTo(1);
        assertThat(store.least(a.times(Long.MAX_VALUE))).isEqualTo(Store.INFINITY);
        assertThat(store.least(b.times(Long.MAX_VALUE))).isEqualTo(-Store.INFINITY);
        // Three times the factor does not fit 64 bits: still at least that much.
        store.require(a, 3, WIDEST);
        assertThat(store.least(a.times(Long.MAX_VALUE))).isEqualTo(Store.INFINITY);
        // Nor does the store accept a solution with a value that does not fit.
        assertThat(store.solve(100)).isInstanceOf(Solution.GaveUp.class);
        assertThat(store.isInfeasible()).isFalse();
    }

    @Test
    void aRelationSaysNothingUntilXIsInItsRange() {
        LinearSum a = unknown(-WIDEST, WIDEST);
        LinearSum b = unknown(-WIDEST, WIDEST);
        LinearSum y = unknown(-1000, 1000);
        assertThat(store.relate(y, a.minus(b), new Floor(1, 5000, 1, 0, 61))).isTrue();
        assertThat(store.least(y)).isEqualTo(-1000);
        assertThat(CertificateChecker.refutes(List.copyOf(store.constraints()))).isFalse();
        store.require(a.minus(b), -5100, 0);
        assertThat(store.least(y)).isEqualTo(-100);
        assertThat(store.greatest(a.minus(b))).isEqualTo(-4000);
    }

    @Test
    void whatConvergesInStepsOfOneIsLeftAndNotClaimed() {
        // x = y and y = x + 1, as relations: bounds grow by 1 a round, 2^40 of them.
        LinearSum x = unknown(0, 1L << 40);
        LinearSum y = unknown(0, 1L << 40);
        store.relate(y, x, new Floor(1, 1, 1, 0, 50));
        assertThat(store.relate(x, y, new Floor(1, 0, 1, 0, 50))).isTrue();
        assertThat(store.solve(50)).isInstanceOf(Solution.GaveUp.class);
    }

    @Test
    void aSearchTriesEveryPhaseOfANarrowUnknown() {
        // floor(3x/7) + floor(4x/7) is x - 1 for x from 1 to 6, but the bounds of the three allow x.
        LinearSum x = unknown(1, 6);
        LinearSum y = unknown(0, 100);
        LinearSum z = unknown(0, 100);
        store.relate(y, x, Floor.exact(3, 0, 7));
        store.relate(z, x, Floor.exact(4, 0, 7));
        store.require(y.plus(z).minus(x), 0, 0);
        assertThat(store.solve(1000)).isInstanceOf(Solution.Refuted.class);
    }

    @Test
    void aPartThatIsNotDecidedIsNotTakenForRefutedBesideOneThatIsSolved() {
        // As above, and beside it a relation of two other unknowns.
        LinearSum x = unknown(0, 1L << 40);
        LinearSum y = unknown(0, 1L << 40);
        store.relate(y, x, new Floor(1, 1, 1, 0, 50));
        store.relate(x, y, new Floor(1, 0, 1, 0, 50));
        store.relate(unknown(0, 100), unknown(0, 100), Floor.exact(2, 0, 3));
        assertThat(store.solve(50)).isInstanceOf(Solution.GaveUp.class);
    }

    @Test
    void relationsOfUnknownsThatAnOrderTiesAreSolvedTogether() {
        for (int sign : new int[] {1, -1}) {
            Store ordered = new Store();
            LinearSum a = LinearSum.of(ordered.unknown(0, 100));
            LinearSum b = LinearSum.of(ordered.unknown(0, 100));
            ordered.relate(LinearSum.of(ordered.unknown(0, 100)), a, Floor.exact(2, 0, 3));
            ordered.relate(LinearSum.of(ordered.unknown(0, 100)), b, Floor.exact(2, 0, 3));
            ordered.require(a.minus(b).times(sign), 5, Store.INFINITY);
            Solution.Found found = (Solution.Found) ordered.solve(1000);
            assertThat(found.at(a.minus(b).times(sign))).isGreaterThanOrEqualTo(5);
        }
    }

    @Test
    void aThousandForgottenUnknownsGetTheirValuesOneAfterTheOther() {
        LinearSum last = unknown(0, 10);
        for (int i = 1; i < 1000; i++) {
            LinearSum next = unknown(0, 10_000);
            store.require(next.minus(last), 2 + i % 3, 5);
            int kept = next.unknown(0);
            store.forget(live -> live == kept);
            last = next;
        }
        assertThat(store.size()).isEqualTo(1);
        assertThat(store.solve(10)).isInstanceOf(Solution.Found.class);
    }

    @Test
    void storesThatLostSomethingApartAreNotTakenForTheSame() {
        List<Integer> live = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            LinearSum counter = unknown(0, 1000);
            live.add(counter.unknown(0));
            store.relate(unknown(0, 1000), counter, new Floor(1, 0, 1, 3, 20));
            store.require(LinearSum.of(store.unknown(0, 1000)).minus(LinearSum.of(store.made() - 2)), 0, 5);
        }
        Store other = store.copy();
        assertThat(other.signature()).isEqualTo(store.signature());
        store.forget(live::contains);
        other.forget(live::contains);
        assertThat(store.size()).isEqualTo(other.size()).isLessThanOrEqualTo(40 + 32);
        assertThat(store.signature()).isNotEqualTo(other.signature());
        assertThat(store.copy().signature()).isEqualTo(store.signature());
    }

    @Test
    void copiesGoTheirOwnWay() {
        LinearSum a = unknown(0, 10);
        Object before = store.signature();
        Store copy = store.copy();
        copy.require(a, 3, 3);
        copy.relate(LinearSum.of(copy.unknown(0, 5)), a, Floor.exact(1, 0, 1));
        assertThat(store.signature()).isEqualTo(before);
        assertThat(copy.signature()).isNotEqualTo(before);
        store.require(a, 4, 4);
        assertThat(copy.greatest(a)).isEqualTo(3);
        assertThat(store.constraints()).hasSize(2);
    }

    @Test
    void storesThatKnowTheSameHaveTheSameSignatureWhateverTheReason() {
        LinearSum a = unknown(0, 10);
        Store other = store.copy();
        store.because("one").require(a, 2, 9);
        store.require(a, 3, 12);
        other.because("another").require(a, 3, 9);
        assertThat(store.signature()).isEqualTo(other.signature()).hasSameHashCodeAs(other.signature());
        other.require(a, 4, 9);
        assertThat(store.signature()).isNotEqualTo(other.signature());
    }

    @Test
    void whatIsForgottenMayNotBeMentionedAndIsFoundAgainByTheSolution() {
        LinearSum a = unknown(0, 100);
        LinearSum b = unknown(0, 100);
        LinearSum c = unknown(0, 100);
        store.require(b.minus(a), 10, 10);
        store.require(c.minus(b), 10, 10);
        store.forget(live -> live == c.unknown(0));
        assertThat(store.size()).isEqualTo(1);
        assertThat(store.has(a.unknown(0))).isFalse();
        assertThat(store.least(c)).isEqualTo(20);
        assertThatThrownBy(() -> store.least(a)).hasMessageContaining("unknown 0 is not in the store");
        store.require(c, 33, 33);
        Solution.Found found = (Solution.Found) store.solve(10);
        assertThat(found.at(a)).isEqualTo(13);
        assertThat(found.value(b.unknown(0))).isEqualTo(23);
        assertThat(store.unknown(0, 1)).isEqualTo(3);
    }

    @Test
    void whatALiveUnknownDependsOnStays() {
        LinearSum x = unknown(0, 100);
        LinearSum y = unknown(0, 100);
        store.relate(y, x, Floor.exact(2, 0, 3));
        store.forget(live -> live == y.unknown(0));
        assertThat(store.has(x.unknown(0))).isTrue();
        store.require(y, 2, 2);
        assertThat(store.greatest(x)).isEqualTo(4);
    }

    @Test
    void aLongTraceKeepsFewUnknownsAndHasASolution() {
        Random random = new Random(7);
        List<Integer> live = new ArrayList<>();
        long now = 1000;
        for (int i = 0; i < 150; i++) {
            now += 1000 + random.nextInt(1000);
            LinearSum counter = unknown(now - random.nextInt(500), now + random.nextInt(500));
            LinearSum ns = unknown(now / 3 - 2000, now / 3 + 2000);
            store.relate(ns, counter, new Floor(1, 0, 3, 5, 40));
            if (!live.isEmpty()) {
                store.require(counter.minus(LinearSum.of(live.get(live.size() - 1))), 0, Store.INFINITY);
                LinearSum since = unknown(0, 1L << 30);
                store.relate(since, counter.minus(LinearSum.of(live.get(0))), new Floor(4, 0, 7, 0, 40));
                LinearSum sum = since.plus(ns);
                long middle = Math.floorDiv(store.least(sum) + store.greatest(sum), 2);
                assertThat(store.require(sum, middle - 3, middle + 3)).isTrue();
            }
            live.add(counter.unknown(0));
            if (live.size() > 3) {
                live.remove(0);
            }
            store.forget(live::contains);
            assertThat(store.size()).isLessThanOrEqualTo(3 + 32);
        }
        Solution solution = store.solve(20_000);
        assertThat(solution).isInstanceOf(Solution.Found.class);
        assertThat(((Solution.Found) solution).values().length()).isEqualTo(150 + 150 + 149);
    }

    @Test
    void impossibleRangesAndSumsAreTurnedAway() {
        assertThatThrownBy(() -> store.unknown(1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.unknown(0, WIDEST + 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.unknown(-WIDEST - 1, 0)).isInstanceOf(IllegalArgumentException.class);
        LinearSum many = LinearSum.ZERO;
        for (int i = 0; i < 61; i++) {
            many = many.plus(unknown(0, 1));
        }
        LinearSum sum = many;
        assertThatThrownBy(() -> store.greatest(sum)).hasMessageContaining("a sum of 61 unknowns: the most are 60");
        Store empty = new Store();
        unknown(0, 1);
        assertThat(empty.require(LinearSum.ZERO, 0, 5)).isTrue();
        assertThat(empty.require(LinearSum.ZERO, 1, 5)).isFalse();
        assertThat(store.require(LinearSum.of(0), 1, 0)).isFalse();
    }

    @Test
    void aSumIsAValueWithItsUnknownsInOrder() {
        LinearSum a = LinearSum.of(4);
        LinearSum b = LinearSum.of(2);
        LinearSum sum = a.times(-2).plus(b);
        assertThat(sum)
                .isEqualTo(b.minus(a).minus(a))
                .hasSameHashCodeAs(b.minus(a).minus(a));
        assertThat(sum).hasToString("x2 - 2*x4");
        assertThat(sum.unknown(0)).isEqualTo(2);
        assertThat(sum.factor(1)).isEqualTo(-2);
        assertThat(sum.mentions(4)).isTrue();
        assertThat(sum.mentions(3)).isFalse();
        assertThat(sum.minus(sum)).isEqualTo(LinearSum.ZERO);
        assertThat(sum.times(0)).isEqualTo(LinearSum.ZERO);
        assertThat(sum.at(unknown -> unknown == 2 ? 10 : 3)).isEqualTo(4);
        assertThatThrownBy(() -> a.times(Long.MAX_VALUE).plus(a)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> a.times(Long.MAX_VALUE).at(unknown -> 2)).isInstanceOf(ArithmeticException.class);
    }
}
