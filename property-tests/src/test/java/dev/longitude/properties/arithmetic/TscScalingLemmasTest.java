package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
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
}
