package dev.longitude.unknowns;

import static com.google.common.base.Preconditions.checkArgument;

import java.math.BigInteger;

/**
 * y is {@code floor((x * times + plus) / by)}, up to a slack: the form of the kernel's conversions. For x beyond
 * +-2^{@code bits} it has the bounds of +-2^{@code bits}, so that it stays monotone where a product would overflow.
 */
record Floor(long times, long plus, long by, long slack, int bits) implements MonotoneRelation {
    Floor {
        checkArgument(times >= 0 && by > 0 && slack >= 0 && bits <= 61);
    }

    static Floor exact(long times, long plus, long by) {
        return new Floor(times, plus, by, 0, 20);
    }

    private long at(long x) {
        long widest = 1L << bits;
        long within = Math.max(-widest, Math.min(widest, x));
        BigInteger[] quotient = BigInteger.valueOf(within)
                .multiply(BigInteger.valueOf(times))
                .add(BigInteger.valueOf(plus))
                .divideAndRemainder(BigInteger.valueOf(by));
        return quotient[0].longValueExact() - (quotient[1].signum() < 0 ? 1 : 0);
    }

    @Override
    public long least(long x) {
        return at(x) - slack;
    }

    @Override
    public long greatest(long x) {
        return at(x) + slack;
    }
}
