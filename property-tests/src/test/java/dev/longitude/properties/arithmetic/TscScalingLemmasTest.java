package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.maxGuestTscKhz;
import static dev.longitude.properties.arithmetic.Encodings.mostRatio;
import static dev.longitude.properties.arithmetic.Encodings.nearEnough;
import static dev.longitude.properties.arithmetic.Encodings.ratio;
import static dev.longitude.properties.arithmetic.Encodings.scaled;
import static dev.longitude.properties.arithmetic.Encodings.scaledWide;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hardware scaling of the TSC, for all cycles and all ratios. */
class TscScalingLemmasTest {
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term RATIO = Term.word("ratio");
    private static final Term USER = Term.word("user", 31);
    private static final Term HOST = Term.word("host", 31);

    private static Map<Term, BigInteger> rates(long user, long host) {
        return Map.of(USER, BigInteger.valueOf(user), HOST, BigInteger.valueOf(host));
    }

    /** Time does not go backwards for a guest because its host scales, as long as its TSC does not wrap. */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void theScaledTscIsMonotoneUntilItWraps(int fracBits) {
        Fact noWrap = scaledWide(B, RATIO, fracBits).isLess(A.resized(WIDE).powerOfTwo(Long.SIZE));
        Fact monotone = scaled(A, RATIO, fracBits).isAtMost(scaled(B, RATIO, fracBits));
        Proof.holds(noWrap.and(A.isAtMost(B)).implies(monotone));

        // A guest faster than its host wraps before it, and then its TSC is smaller.
        Proof.fails(
                A.isAtMost(B).implies(monotone),
                Map.of(
                        A, unsigned(-1L >>> 1),
                        B, unsigned(1L << 63),
                        RATIO, BigInteger.TWO.shiftLeft(fracBits)));
    }

    /** It need not grow with each cycle: a guest slower than its host can read one value twice. */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void theScaledTscCanStandStillForACycle(int fracBits) {
        Proof.fails(
                A.isLess(B).implies(scaled(A, RATIO, fracBits).isLess(scaled(B, RATIO, fracBits))),
                Map.of(A, BigInteger.TWO, B, BigInteger.valueOf(3), RATIO, BigInteger.ONE.shiftLeft(fracBits - 1)));
    }

    /**
     * The TSC scaled in two parts is at most one cycle behind the TSC scaled in one. It is what an offset that was computed
     * from one instant is wrong by at another.
     */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void scalingInTwoPartsLosesAtMostOneCycle(int fracBits) {
        Term inOne =
                A.resized(WIDE).plus(B.resized(WIDE)).times(RATIO.resized(WIDE)).shiftedRight(fracBits);
        Term inTwo = scaledWide(A, RATIO, fracBits).plus(scaledWide(B, RATIO, fracBits));
        Proof.holds(inTwo.isAtMost(inOne).and(inOne.isAtMost(inTwo.plus(1))));

        // The bound is reached: half a cycle and half a cycle.
        Proof.fails(
                inOne.equalTo(inTwo),
                Map.of(A, BigInteger.ONE, B, BigInteger.ONE, RATIO, BigInteger.ONE.shiftLeft(fracBits - 1)));
    }

    /** A product of two words has at most 128 bits, and 127 are too few. */
    @Test
    void productsHave128Bits() {
        Term product = A.resized(192).times(RATIO.resized(192));
        Proof.holds(product.isLess(product.powerOfTwo(128)));
        Proof.fails(product.isLess(product.powerOfTwo(127)), Map.of(A, unsigned(-1), RATIO, unsigned(-1)));
    }

    /** The default ratio is 1: that KVM does not multiply then makes no difference. */
    @ParameterizedTest
    @ValueSource(ints = {0, 32, 48})
    void theDefaultRatioChangesNothing(int fracBits) {
        Proof.holdsForBoth(scaled(A, A.powerOfTwo(fracBits), fracBits).equalTo(A));
        Proof.fails(scaled(A, A.powerOfTwo(fracBits).plus(1), fracBits).equalTo(A), Map.of(A, unsigned(-1)));
    }

    /** The host's rate, scaled by the ratio for a guest's, is the guest's or one kHz less: there and back within one. */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void theRatioGivesTheRateThatWasWantedOrOneKhzLess(int fracBits) {
        Term wanted = USER.resized(WIDE);
        Term given = ratio(USER, HOST, fracBits).times(HOST.resized(WIDE)).shiftedRight(fracBits);
        Proof.holdsAsNumbers(given.isAtMost(wanted));
        Proof.holdsAsNumbers(wanted.isAtMost(given.plus(1)));
        Proof.fails(wanted.isAtMost(given), rates(2_500_000, 3_000_000));
    }

    /**
     * KVM_SET_TSC_KHZ lets no rate pass for which there is no ratio, and a ratio is never 0. The first rate that it refuses
     * still has one.
     */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void everyRateBelowTheHighestHasARatio(int fracBits) {
        Term ratio = ratio(USER, HOST, fracBits);
        Term most = maxGuestTscKhz(HOST, fracBits);
        Fact fits = ratio.isLess(mostRatio(ratio, fracBits));
        Proof.holds(USER.resized(WIDE).isLess(most).implies(fits));
        Proof.holdsAsNumbers(USER.isAtLeast(1).implies(ratio.isAtLeast(1)));
        Map<Term, BigInteger> refused = fracBits == 32 ? rates(767_999_999, 3_000_000) : rates(2_147_418_111, 32_767);
        Proof.fails(fits.implies(USER.resized(WIDE).isLess(most)), refused);
        Map<Term, BigInteger> tooFast = fracBits == 32 ? rates(768_000_000, 3_000_000) : rates(65_536, 1);
        Proof.fails(USER.resized(WIDE).isAtMost(most.plus(1)).implies(fits), tooFast);
    }

    /** A rate passes for the host's if it is within 250 ppm, or less than a kHz below that. */
    @Test
    void nearEnoughIs250PpmAndLessThanAKhz() {
        Fact near = nearEnough(USER, HOST);
        Term user = USER.resized(WIDE);
        Term host = HOST.resized(WIDE);
        Term millionths = host.times(250);
        Fact above = user.times(1_000_000).isAtMost(host.times(1_000_000).plus(millionths));
        Fact below = host.times(1_000_000).isAtMost(user.times(1_000_000).plus(millionths));
        Fact nearlyBelow =
                host.times(1_000_000).isLess(user.plus(1).times(1_000_000).plus(millionths));
        Proof.holdsAsNumbers(above.and(below).implies(near));
        Proof.holdsAsNumbers(near.implies(above.and(nearlyBelow)));

        // It is not symmetric: 3999 kHz pass for 4000 kHz on a host of 4000, and 4000 do not on a host of 3999.
        Proof.fails(near.implies(nearEnough(HOST, USER)), rates(3_999, 4_000));
        Proof.fails(near.implies(above.and(below)), rates(3_998, 3_999));
        // 31 bits of the product with a million are 51.
        Term product = host.times(1_000_250);
        Proof.holdsAsNumbers(product.isLess(product.powerOfTwo(51)));
        Proof.fails(product.isLess(product.powerOfTwo(50)), rates(1, Integer.MAX_VALUE));
    }
}
