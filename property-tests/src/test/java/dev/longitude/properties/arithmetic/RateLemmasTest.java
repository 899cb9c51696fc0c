package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.cyclesToNsWide;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Cycles to ns and back, for all words and all rates of 31 bits in kHz. The kernel's loops that choose a multiplier and a
 * shift take one of a few dozen ways; a claim is proved for each way, with any rate that takes it.
 */
class RateLemmasTest {
    private static final Term.Variable KHZ = new Term.Variable("khz", 31);
    private static final Term.Variable HZ = new Term.Variable("hz", 20);
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term K = KHZ.resized(WIDE);
    private static final Term NS = A.resized(WIDE);
    private static final long MILLION = 1_000_000;

    /** Below this rate in kHz the loops drop bits of 10^9. */
    private static final long LEAST_EXACT = 977;

    /** From this rate in kHz on, 32 GHz, the loops drop bits of the rate. */
    private static final long FIRST_INEXACT = 32_000_000;

    private static final long BILLION = 1_000_000_000;

    private static final long GHZ = 1_000_000;

    /** A little more than a second, ns. */
    private static final long SHORT = 1L << 30;

    private static Map<Term, BigInteger> khzAnd(long khz, long a) {
        return Map.of(KHZ, BigInteger.valueOf(khz), A, unsigned(a));
    }

    private static ScalePath through(List<ScalePath> paths, long rate) {
        BigInteger value = BigInteger.valueOf(rate);
        return paths.stream()
                .filter(path -> path.most().compareTo(value) >= 0)
                .findFirst()
                .orElseThrow();
    }

    private static void cover(List<ScalePath> paths, int bits) {
        BigInteger next = BigInteger.ONE;
        for (ScalePath path : paths) {
            assertThat(path.least()).isEqualTo(next);
            Proof.holdsAsNumbers(path.inRange().implies(path.when()));
            next = path.most().add(BigInteger.ONE);
        }
        assertThat(next).isEqualTo(BigInteger.ONE.shiftLeft(bits));
    }

    /** Every rate takes the way of its range: so what is proved for each way is proved for each rate. */
    @Test
    void theWaysCoverEveryRate() {
        cover(Encodings.nsToCycles(KHZ), KHZ.width());
        cover(Encodings.nsToCyclesOfHz(HZ), HZ.width());
        cover(Encodings.pageScaleOfKhz(KHZ), KHZ.width());

        // One rate further takes another way.
        ScalePath path = from(2 * GHZ, Encodings.nsToCycles(KHZ)).get(0);
        Fact upToOneFurther = KHZ.isAtLeast(path.least().longValueExact())
                .and(KHZ.isAtMost(path.most().longValueExact() + 1));
        Proof.fails(upToOneFurther.implies(path.when()), Map.of(KHZ, path.most().add(BigInteger.ONE)));
    }

    /**
     * Elapsed ns become at most as many cycles as they are, and at most 2 and a billionth (2^-30) fewer: from 977 kHz to
     * 32 GHz. The shift must not drop bits: at 2 to 4 GHz it does so from 2^62 ns on, 146 years.
     */
    @Test
    void nsBecomeAtMostTheirCyclesAndNearlyThem() {
        Term exact = NS.times(K);
        for (ScalePath path : between(LEAST_EXACT, FIRST_INEXACT, Encodings.nsToCycles(KHZ))) {
            Term cycles = path.apply(A);
            Fact given = path.inRange().and(path.keeps(A));
            Proof.holdsAsNumbers(given.implies(cycles.times(MILLION).isAtMost(exact)));
            Proof.holdsAsNumbers(given.implies(atMostAfter(exact, cycles.plus(2))));
        }

        // 190 ns at 15.282 MHz are 2.9 cycles, and become 1: the nearest found.
        Term few = pathOf(15_282).apply(A);
        Proof.fails(atMostAfter(exact, few.plus(1)), khzAnd(15_282, 190));
    }

    /**
     * Below 977 kHz they become no more than at a rate one Hz higher, and no more than 183 ppm too many; and as few as from 977
     * kHz on. It is proved of each rate in Hz, of which those in kHz are some.
     */
    @Test
    void below977KhzNsBecomeAtMost183PpmMoreThanTheirCycles() {
        Term rate = HZ.resized(WIDE);
        Term ideal = NS.times(rate);
        for (ScalePath path : between(954, 976_563, Encodings.nsToCyclesOfHz(HZ))) {
            Term cycles = path.apply(A);
            Fact given = path.inRange();
            Proof.holdsAsNumbers(given.implies(cycles.times(BILLION).isAtMost(NS.times(rate.plus(1)))));
            Proof.holdsAsNumbers(given.implies(cycles.times(MILLION * BILLION).isAtMost(ideal.times(MILLION + 183))));
            Term most = cycles.plus(2).times(BILLION).plus(ideal.shiftedRight(30));
            Proof.holdsAsNumbers(given.implies(ideal.isAtMost(most)));
        }

        // In whole kHz the most is 0.7757 Hz, at 15 kHz: the base is 15 258 instead of 15 258.8.
        Proof.fails(pathOf(15).apply(A).times(MILLION * MILLION).isAtMost(atHigher(775)), khzAnd(15, -1));
        // At 3 kHz it is 3 814 instead of 3 814.7: 2^64 - 1 ns, 584 years, become 39 days of cycles too many.
        Term exact = NS.times(K);
        Proof.fails(pathOf(3).apply(A).times(MILLION * MILLION).isAtMost(exact.times(MILLION + 182)), khzAnd(3, -1));
    }

    /** The ns times a rate that is so many mHz higher. */
    private static Term atHigher(long millihertz) {
        return NS.times(K.times(MILLION).plus(millihertz));
    }

    /**
     * From 32 GHz on, which no host has but KVM_SET_TSC_KHZ accepts, they become at most their cycles, and at most 1 and a
     * billionth (10^-9) fewer.
     */
    @Test
    void from32GhzOnNsLoseOneCycleAndABillionth() {
        Term exact = NS.times(K);
        for (ScalePath path : from(FIRST_INEXACT, Encodings.nsToCycles(KHZ))) {
            Term cycles = path.apply(A);
            Fact given = path.inRange().and(path.keeps(A));
            Proof.holdsAsNumbers(given.implies(cycles.times(MILLION).isAtMost(exact)));
            Proof.holdsAsNumbers(given.implies(lessOneAndABillionth(exact, cycles)));
        }

        // Nearly a billionth is lost: 2^-30 are less.
        Proof.fails(atMostAfter(exact, pathOf(2_050_437_419).apply(A).plus(2)), khzAnd(2_050_437_419, (1L << 52) - 1));
        // At the highest rate that KVM accepts, 2^52 ns, 52 days, become no cycle at all: the shift drops their bit.
        Proof.fails(
                lessOneAndABillionth(exact, pathOf(Integer.MAX_VALUE - 1).apply(A)),
                khzAnd(Integer.MAX_VALUE - 1, 1L << 52));
    }

    private static Fact lessOneAndABillionth(Term exact, Term cycles) {
        return exact.times(BILLION - 1).isAtMost(cycles.plus(1).times(MILLION * BILLION));
    }

    private static Fact atMostAfter(Term exact, Term cycles) {
        return exact.isAtMost(cycles.times(MILLION).plus(exact.shiftedRight(30)));
    }

    /**
     * There and back by the kernel's two conversions on one host: in the first second elapsed ns lose at most one from 2 to 32
     * GHz, and two from 1 GHz on, whatever the rate.
     */
    @Test
    void nsToCyclesAndBackIsWithinOneNsOrTwo() {
        for (ScalePath path : from(GHZ, Encodings.nsToCycles(KHZ))) {
            Term back = there(path);
            Fact given = path.inRange().and(path.keeps(A));
            Proof.holdsAsNumbers(given.implies(back.isAtMost(NS)));
            long least = path.least().longValueExact();
            if (least < FIRST_INEXACT) {
                Fact inASecond = given.and(NS.isAtMost(SHORT));
                Proof.holdsAsNumbers(inASecond.implies(NS.isAtMost(back.plus(least < 2 * GHZ ? 2 : 1))));
            }
        }
        // From 32 GHz on it follows from what is lost on the way there.
        Term cycles = Term.word("cycles").resized(WIDE);
        Fact lost = K.isAtLeast(FIRST_INEXACT).and(lessOneAndABillionth(NS.times(K), cycles));
        Term back = cycles.times(MILLION).dividedBy(K);
        Proof.holdsAsNumbers(lost.and(NS.isAtMost(SHORT)).implies(NS.isAtMost(back.plus(2))));

        // All three bounds are reached.
        Proof.fails(NS.isAtMost(there(pathOf(3_243_151))), khzAnd(3_243_151, 1_073_740_975));
        Proof.fails(NS.isAtMost(there(pathOf(1_034_798)).plus(1)), khzAnd(1_034_798, 1_073_741_799));
        Proof.fails(NS.isAtMost(there(pathOf(515_269_835)).plus(1)), khzAnd(515_269_835, 1_073_741_597));
    }

    private static Term there(ScalePath path) {
        return cyclesToNsWide(KHZ, path.apply(A).resized(Long.SIZE));
    }

    /** The same by the page that a guest of that rate has: two. */
    @Test
    void nsToCyclesAndBackByThePageIsWithinTwoNs() {
        for (ScalePath path : from(GHZ, Encodings.nsToCycles(KHZ))) {
            for (ScalePath page : from(GHZ, Encodings.pageScaleOfKhz(KHZ))) {
                if (path.most().compareTo(page.least()) < 0 || page.most().compareTo(path.least()) < 0) {
                    continue;
                }
                Fact given =
                        path.inRange().and(page.inRange()).and(path.keeps(A)).and(NS.isAtMost(SHORT));
                Term back = page.apply(path.apply(A).resized(Long.SIZE));
                Proof.holdsAsNumbers(given.implies(back.isAtMost(NS)));
                Proof.holdsAsNumbers(given.implies(NS.isAtMost(back.plus(2))));
            }
        }

        // It is reached.
        ScalePath page = through(Encodings.pageScaleOfKhz(KHZ), 3_450_685);
        Term back = page.apply(pathOf(3_450_685).apply(A).resized(Long.SIZE));
        Proof.fails(NS.isAtMost(back.plus(1)), khzAnd(3_450_685, 1_073_741_291));
    }

    /** With an exact product, as a plan of offsets has it, there and back lose at most one ns from 1 GHz on, for all words. */
    @Test
    void withExactProductsThereAndBackIsWithinOne() {
        Term cycles = NS.times(K).dividedBy(MILLION);
        Term back = cycles.times(MILLION).dividedBy(K);
        Proof.holdsAsNumbers(back.isAtMost(NS));
        Proof.holdsAsNumbers(K.isAtLeast(GHZ).implies(NS.isAtMost(back.plus(1))));

        // One is lost at once where the rate is no whole number of GHz; below 1 GHz a ns is no cycle, and more are
        // lost.
        Proof.fails(NS.isAtMost(back), khzAnd(1_500_000, 1));
        Proof.fails(NS.isAtMost(back.plus(1)), khzAnd(499_999, 2));
    }

    /** Cycles to ns is monotone, and in two parts loses at most one ns: a host's clock does not depend on when it is read. */
    @Test
    void cyclesToNsIsMonotoneAndLosesAtMostOneNsInTwoParts() {
        Term first = cyclesToNsWide(KHZ, A);
        Term second = cyclesToNsWide(KHZ, B);
        Term whole = NS.plus(B.resized(WIDE)).times(MILLION).dividedBy(K);
        Proof.holdsAsNumbers(A.isAtMost(B).implies(first.isAtMost(second)));
        Term parts = first.plus(second);
        Proof.holdsAsNumbers(parts.isAtMost(whole));
        Proof.holdsAsNumbers(whole.isAtMost(parts.plus(1)));

        Map<Term, BigInteger> halves = Map.of(KHZ, BigInteger.valueOf(2_000_000), A, BigInteger.ONE, B, BigInteger.ONE);
        Proof.fails(whole.isAtMost(parts), halves);
        Proof.fails(
                A.isLess(B).implies(first.isLess(second)),
                Map.of(KHZ, BigInteger.valueOf(2_000_000), A, BigInteger.TWO, B, BigInteger.valueOf(3)));
    }

    /** The product of cycles and 10^6 has 84 bits, and what it becomes from 1 GHz on has 64. */
    @Test
    void noProductOverflows() {
        Term product = NS.times(MILLION);
        Proof.holdsAsNumbers(product.isLess(product.powerOfTwo(84)));
        Proof.fails(product.isLess(product.powerOfTwo(83)), Map.of(A, unsigned(-1)));

        Term ns = cyclesToNsWide(KHZ, A);
        Proof.holdsAsNumbers(K.isAtLeast(GHZ).implies(ns.isLess(ns.powerOfTwo(64))));
        Proof.fails(ns.isLess(ns.powerOfTwo(64)), khzAnd(GHZ - 1, -1));
    }

    private static ScalePath pathOf(long khz) {
        return through(Encodings.nsToCycles(KHZ), khz);
    }

    private static List<ScalePath> between(long rate, long end, List<ScalePath> paths) {
        List<ScalePath> those = from(rate, paths).stream()
                .filter(path -> path.most().compareTo(BigInteger.valueOf(end)) < 0)
                .toList();
        assertThat(those.get(0).least()).isEqualTo(rate);
        assertThat(those.get(those.size() - 1).most()).isEqualTo(end - 1);
        return those;
    }

    /** The ways that some rate takes from this one on. */
    private static List<ScalePath> from(long rate, List<ScalePath> paths) {
        return paths.stream()
                .filter(path -> path.most().compareTo(BigInteger.valueOf(rate)) >= 0)
                .toList();
    }
}
