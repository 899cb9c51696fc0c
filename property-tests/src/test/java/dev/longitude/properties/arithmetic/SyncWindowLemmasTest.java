package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.closerThan;
import static dev.longitude.properties.arithmetic.Encodings.inWindow;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The one-second window, for all written values, all expected ones and all rates. */
class SyncWindowLemmasTest {
    private static final Term VALUE = Term.word("value");
    private static final Term EXPECTED = Term.word("expected");
    private static final Term HZ = Term.word("hz");

    /** A VMM that writes a value a second away or more gets it, however the sums wrap. */
    @Test
    void aValueASecondAwayIsNeverInTheWindow() {
        Fact inWindow = inWindow(VALUE, EXPECTED, HZ);
        Proof.holdsForBoth(inWindow.implies(closerThan(HZ, VALUE, EXPECTED)));

        // A cycle nearer than a second is in it.
        Term almost = HZ.minus(HZ.number(1));
        Proof.fails(
                inWindow.implies(closerThan(almost, VALUE, EXPECTED)),
                Map.of(
                        VALUE,
                        BigInteger.valueOf(1_999),
                        EXPECTED,
                        BigInteger.valueOf(1_000),
                        HZ,
                        BigInteger.valueOf(1_000)));
    }

    /** Where neither sum wraps, the window is what it is meant to be. */
    @Test
    void awayFromTheEndTheWindowIsTheDistance() {
        Fact exact = inWindow(VALUE, EXPECTED, HZ).sameAs(closerThan(HZ, VALUE, EXPECTED));
        Fact noWrap = VALUE.isAtMost(VALUE.plus(HZ)).and(EXPECTED.isAtMost(EXPECTED.plus(HZ)));
        Proof.holdsForBoth(noWrap.implies(exact));

        // Less than a second below 2^64 KVM takes even the expected value for another one.
        Proof.fails(exact, Map.of(VALUE, unsigned(-1), EXPECTED, unsigned(-1), HZ, BigInteger.valueOf(2_000_000_000)));
    }
}
