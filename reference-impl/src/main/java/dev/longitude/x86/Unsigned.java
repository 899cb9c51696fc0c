package dev.longitude.x86;

import java.math.BigInteger;

/** Products of unsigned 64-bit words, with all 128 bits before the division. */
final class Unsigned {
    private static final BigInteger MASK = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    private Unsigned() {}

    /** The low 64 bits of (a * b) >> bits, with a and b unsigned and the product 128 bits wide. */
    static long multiplyShiftRight(long a, long b, int bits) {
        return exact(a).multiply(exact(b)).shiftRight(bits).longValue();
    }

    /** The low 64 bits of a * b / divisor, truncated, with a unsigned and b and divisor positive. */
    static long multiplyDivide(long a, long b, long divisor) {
        return exact(a).multiply(BigInteger.valueOf(b))
                .divide(BigInteger.valueOf(divisor))
                .longValue();
    }

    private static BigInteger exact(long word) {
        return BigInteger.valueOf(word).and(MASK);
    }
}
