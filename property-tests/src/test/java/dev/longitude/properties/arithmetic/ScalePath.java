package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.converted;

import com.google.common.collect.ImmutableList;
import java.math.BigInteger;
import java.util.Map;

/**
 * One way through the loops of {@link dev.longitude.x86.TimeScale#of}, for the rates from {@code least} to {@code most}.
 *
 * @param when what the loops' conditions say of a rate that takes this way
 * @param mult the multiplier
 * @param shift how much the delta is shifted
 */
record ScalePath(Term rate, BigInteger least, BigInteger most, Fact when, Term mult, int shift) {
    private static final int HALF = 31;

    /** The ways of all rates from 1 on that the variable can have, below 2 to the power of {@code bits}. */
    static ImmutableList<ScalePath> all(Term.Variable rate, int bits, Term scaledHz, Term baseHz) {
        ImmutableList.Builder<ScalePath> all = ImmutableList.builder();
        BigInteger end = BigInteger.ONE.shiftLeft(bits);
        for (BigInteger least = BigInteger.ONE; least.compareTo(end) < 0; ) {
            ScalePath path = through(rate, least, scaledHz, baseHz);
            BigInteger most = least;
            for (int bit = bits - 1; bit >= 0; bit--) {
                BigInteger further = most.add(BigInteger.ONE.shiftLeft(bit));
                if (further.compareTo(end) < 0 && at(rate, further).holds(path.when)) {
                    most = further;
                }
            }
            all.add(new ScalePath(rate, least, most, path.when, path.mult, path.shift));
            least = most.add(BigInteger.ONE);
        }
        return all.build();
    }

    private static Computation at(Term.Variable rate, BigInteger value) {
        return new Computation(Map.of(rate.name(), value));
    }

    private static ScalePath through(Term.Variable rate, BigInteger value, Term scaledHz, Term baseHz) {
        Computation at = at(rate, value);
        Term scaled = scaledHz;
        Term base = baseHz;
        Fact when = Fact.all();
        int shift = 0;
        while (true) {
            Fact goesOn = base.isAtMost(scaled.times(2)).not().or(isLarge(base, Integer.SIZE));
            boolean taken = at.holds(goesOn);
            when = when.and(taken ? goesOn : goesOn.not());
            if (!taken) {
                break;
            }
            base = base.shiftedRight(1);
            shift--;
        }
        while (true) {
            Fact goesOn = base.isAtMost(scaled).or(isLarge(scaled, Integer.SIZE));
            boolean taken = at.holds(goesOn);
            when = when.and(taken ? goesOn : goesOn.not());
            if (!taken) {
                Term mult = scaled.shiftedLeft(Integer.SIZE).dividedBy(base);
                return new ScalePath(rate, value, value, when, mult, shift);
            }
            Fact halves = isLarge(scaled, Integer.SIZE).or(isLarge(base, HALF));
            boolean halved = at.holds(halves);
            when = when.and(halved ? halves : halves.not());
            if (halved) {
                scaled = scaled.shiftedRight(1);
            } else {
                base = base.shiftedLeft(1);
            }
            shift++;
        }
    }

    private static Fact isLarge(Term word, int bits) {
        return word.powerOfTwo(bits).isAtMost(word);
    }

    /** The rate is one of those. */
    Fact inRange() {
        return new Term.Constant(least, rate.width())
                .isAtMost(rate)
                .and(rate.isAtMost(new Term.Constant(most, rate.width())));
    }

    /** The shift drops no bit of this delta at the top. */
    Fact keeps(Term delta) {
        return shift <= 0 ? Fact.all() : delta.isLess(delta.powerOfTwo(Long.SIZE - shift));
    }

    /** The delta converted. */
    Term apply(Term delta) {
        return converted(delta, mult, shift).resized(WIDE);
    }
}
