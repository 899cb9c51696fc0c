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
 * Cycles to ns and back, for all words. Rates of the kernel's fixed point are all below 2^24 kHz, 16 GHz. The kernel's loops that choose a multiplier and
 * a shift take one of a few dozen ways; a claim is proved for each way, with any rate that takes it. For rates above, and for
 * the error of those below 977 kHz, nothing is proved but what {@link ScaleLemmasTest} proves of a multiplier.
 */
class RateLemmasTest {
    private static final Term.Variable KHZ = new Term.Variable("khz", 24);
    private static final Term.Variable ANY_KHZ = new Term.Variable("khz", 31);
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term K = KHZ.resized(WIDE);
    private static final Term ANY = ANY_KHZ.resized(WIDE);
    private static final Term NS = A.resized(WIDE);
    private static final long MILLION = 1_000_000;

    /** Below this rate in kHz the loops drop bits of 10^9. */
    private static final long LEAST_EXACT = 977;

    private static final long GHZ = 1_000_000;

    /** A little more than a second, ns. */
    private static final long SHORT = 1L << 30;

    private static Map<Term, BigInteger> khzAnd(long khz, long a) {
        return Map.of(KHZ, BigInteger.valueOf(khz), A, unsigned(a));
    }

    private static Map<Term, BigInteger> anyKhzAnd(long khz, long a) {
        return Map.of(ANY_KHZ, BigInteger.valueOf(khz), A, unsigned(a));
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
        cover(Encodings.pageScaleOfKhz(KHZ), KHZ.width());

        // One rate further takes another way.
        ScalePath path = from(2 * GHZ, Encodings.nsToCycles(KHZ)).get(0);
        Fact upToOneFurther = KHZ.isAtLeast(path.least().longValueExact())
                .and(KHZ.isAtMost(path.most().longValueExact() + 1));
        Proof.fails(upToOneFurther.implies(path.when()), Map.of(KHZ, path.most().add(BigInteger.ONE)));
    }

    /**
     * Elapsed ns become at most as many cycles as they are, and at most 2 and a billionth (2^-30) fewer: from 977 kHz on.
     * The shift must not drop bits: at 2 to 4 GHz it does so from 2^62 ns on, 146 years.
     */
    @Test
    void nsBecomeAtMostTheirCyclesAndNearlyThem() {
        Term exact = NS.times(K);
        for (ScalePath path : from(LEAST_EXACT, Encodings.nsToCycles(KHZ))) {
            Term cycles = path.apply(A);
            Fact given = path.inRange().and(path.keeps(A));
            Proof.holdsAsNumbers(given.implies(cycles.times(MILLION).isAtMost(exact)));
            Proof.holdsAsNumbers(given.implies(atMostAfter(exact, cycles.plus(2))));
        }

        // 190 ns at 15.282 MHz are 2.9 cycles, and become 1: the nearest found.
        Term few = pathOf(15_282).apply(A);
        Proof.fails(atMostAfter(exact, few.plus(1)), khzAnd(15_282, 190));
        // At 3 kHz the base is 953 instead of 953.67, and 2^64 - 1 ns become 10 s of cycles too many: the worst.
        Term tooMany = pathOf(3).apply(A);
        Proof.fails(tooMany.times(MILLION).isAtMost(exact), khzAnd(3, -1));
    }

    private static Fact atMostAfter(Term exact, Term cycles) {
        return exact.isAtMost(cycles.times(MILLION).plus(exact.shiftedRight(30)));
    }

    /**
     * There and back by the kernel's two conversions on one host: in the first second elapsed ns lose at most one from 2 GHz
     * on, and two from 1 GHz on.
     */
    @Test
    void nsToCyclesAndBackIsWithinOneNsOrTwo() {
        for (ScalePath path : from(GHZ, Encodings.nsToCycles(KHZ))) {
            Term back = there(path);
            Fact given = path.inRange().and(path.keeps(A));
            Proof.holdsAsNumbers(given.implies(back.isAtMost(NS)));
            long most = path.least().longValueExact() < 2 * GHZ ? 2 : 1;
            Proof.holdsAsNumbers(given.and(NS.isAtMost(SHORT)).implies(NS.isAtMost(back.plus(most))));
        }

        // Both bounds are reached.
        Proof.fails(NS.isAtMost(there(pathOf(3_243_151))), khzAnd(3_243_151, 1_073_740_975));
        Proof.fails(NS.isAtMost(there(pathOf(1_034_798)).plus(1)), khzAnd(1_034_798, 1_073_741_799));
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
        Term cycles = NS.times(ANY).dividedBy(MILLION);
        Term back = cycles.times(MILLION).dividedBy(ANY);
        Proof.holdsAsNumbers(back.isAtMost(NS));
        Proof.holdsAsNumbers(ANY.isAtLeast(GHZ).implies(NS.isAtMost(back.plus(1))));

        // One is lost at once where the rate is no whole number of GHz; below 1 GHz a ns is no cycle, and more are
        // lost.
        Proof.fails(NS.isAtMost(back), anyKhzAnd(1_500_000, 1));
        Proof.fails(NS.isAtMost(back.plus(1)), anyKhzAnd(499_999, 2));
    }

    /** Cycles to ns is monotone, and in two parts loses at most one ns: a host's clock does not depend on when it is read. */
    @Test
    void cyclesToNsIsMonotoneAndLosesAtMostOneNsInTwoParts() {
        Term first = cyclesToNsWide(ANY_KHZ, A);
        Term second = cyclesToNsWide(ANY_KHZ, B);
        Term whole = NS.plus(B.resized(WIDE)).times(MILLION).dividedBy(ANY);
        Proof.holdsAsNumbers(A.isAtMost(B).implies(first.isAtMost(second)));
        Term parts = first.plus(second);
        Proof.holdsAsNumbers(parts.isAtMost(whole));
        Proof.holdsAsNumbers(whole.isAtMost(parts.plus(1)));

        Map<Term, BigInteger> halves =
                Map.of(ANY_KHZ, BigInteger.valueOf(2_000_000), A, BigInteger.ONE, B, BigInteger.ONE);
        Proof.fails(whole.isAtMost(parts), halves);
        Proof.fails(
                A.isLess(B).implies(first.isLess(second)),
                Map.of(ANY_KHZ, BigInteger.valueOf(2_000_000), A, BigInteger.TWO, B, BigInteger.valueOf(3)));
    }

    /** The product of cycles and 10^6 has 84 bits, and what it becomes from 1 GHz on has 64. */
    @Test
    void noProductOverflows() {
        Term product = NS.times(MILLION);
        Proof.holdsAsNumbers(product.isLess(product.powerOfTwo(84)));
        Proof.fails(product.isLess(product.powerOfTwo(83)), Map.of(A, unsigned(-1)));

        Term ns = cyclesToNsWide(ANY_KHZ, A);
        Proof.holdsAsNumbers(ANY.isAtLeast(GHZ).implies(ns.isLess(ns.powerOfTwo(64))));
        Proof.fails(ns.isLess(ns.powerOfTwo(64)), anyKhzAnd(GHZ - 1, -1));
    }

    private static ScalePath pathOf(long khz) {
        return through(Encodings.nsToCycles(KHZ), khz);
    }

    private static List<ScalePath> from(long rate, List<ScalePath> paths) {
        return paths.stream()
                .filter(path -> path.least().compareTo(BigInteger.valueOf(rate)) >= 0)
                .toList();
    }
}
