package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.deadlineFires;
import static dev.longitude.properties.arithmetic.Encodings.guestTsc;
import static dev.longitude.properties.arithmetic.Encodings.programmed;
import static dev.longitude.properties.arithmetic.Encodings.reached;
import static dev.longitude.properties.arithmetic.Encodings.scaled;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Offsets, deadlines and compare values of both architectures, for all words and however they wrap. */
class CounterLemmasTest {
    private static final Term HOST = Term.word("host");
    private static final Term OFFSET = Term.word("offset");
    private static final Term VALUE = Term.word("value");
    private static final Term RATIO = Term.word("ratio");
    private static final Term MISSING = Term.word("missing");
    private static final Term ADVANCE = Term.word("advance");

    /** A TSC that is written by value reads as that value, with any ratio: the offset takes what is left. */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void whatIsWrittenIsRead(int fracBits) {
        Term offset = VALUE.minus(scaled(HOST, RATIO, fracBits));
        Proof.holds(guestTsc(HOST, RATIO, offset, fracBits).equalTo(VALUE));

        // Not by an offset that was computed without scaling.
        Proof.fails(
                guestTsc(HOST, RATIO, VALUE.minus(HOST), fracBits).equalTo(VALUE),
                Map.of(HOST, BigInteger.ONE, RATIO, BigInteger.TWO.shiftLeft(fracBits), VALUE, BigInteger.ZERO));
    }

    /** arm64: a counter that is set reads as that value, and goes on with the host's, also across the end of either. */
    @Test
    void aCounterThatIsSetGoesOnFromThere() {
        Term offset = HOST.minus(VALUE);
        Proof.holdsForBoth(HOST.minus(offset).equalTo(VALUE));
        Proof.holdsForBoth(HOST.plus(ADVANCE).minus(offset).equalTo(VALUE.plus(ADVANCE)));
        Proof.fails(HOST.minus(VALUE.minus(HOST)).equalTo(VALUE), Map.of(HOST, BigInteger.ONE, VALUE, BigInteger.ZERO));
    }

    /**
     * A host that resumes with a TSC that is behind gives the guest what is missing, scaled: its TSC does not go back by more
     * than one cycle, and not forward.
     */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void aResumeMovesTheGuestByAtMostOneCycle(int fracBits) {
        Term before = guestTsc(HOST, RATIO, OFFSET, fracBits);
        Term corrected = OFFSET.plus(scaled(MISSING, RATIO, fracBits));
        Term after = guestTsc(HOST.minus(MISSING), RATIO, corrected, fracBits);
        Fact isBehind = MISSING.isAtMost(HOST);
        // The host's TSC is the sum of both; scaling in two parts loses at most one cycle (TscScalingLemmasTest); and
        // what
        // differs by at most one differs so in the low bits, with the offset too.
        Term now = HOST.minus(MISSING).resized(WIDE);
        Proof.holdsAsNumbers(isBehind.implies(now.plus(MISSING.resized(WIDE)).equalTo(HOST.resized(WIDE))));
        new TscScalingLemmasTest().scalingInTwoPartsLosesAtMostOneCycle(fracBits);
        Term first = Term.word("first", 80).resized(WIDE);
        Term second = Term.word("second", 80).resized(WIDE);
        Term whole = Term.word("whole", 90).resized(WIDE);
        Fact near = first.plus(second)
                .isAtMost(whole)
                .and(whole.isAtMost(first.plus(second).plus(1)));
        Term wholeLow = whole.resized(Long.SIZE).plus(OFFSET);
        Term partsLow = first.resized(Long.SIZE).plus(OFFSET.plus(second.resized(Long.SIZE)));
        Proof.holdsAsNumbers(near.implies(wholeLow.minus(partsLow).isAtMost(1)));

        // Half a cycle and half a cycle.
        Map<Term, BigInteger> halves = Map.of(
                HOST, BigInteger.TWO,
                MISSING, BigInteger.ONE,
                OFFSET, BigInteger.ZERO,
                RATIO, BigInteger.ONE.shiftLeft(fracBits - 1));
        Proof.fails(isBehind.implies(before.equalTo(after)), halves);
        // If the host's TSC wraps, what is missing is not what the guest's TSC lacks.
        Proof.fails(
                before.minus(after).isAtMost(1),
                Map.of(
                        HOST, BigInteger.ZERO,
                        MISSING, BigInteger.ONE,
                        OFFSET, BigInteger.ZERO,
                        RATIO, BigInteger.ONE.shiftLeft(fracBits - 1)));
    }

    /** A deadline fires once the TSC has reached it, or will within the advance, and never earlier. */
    @Test
    void aDeadlineFiresAtMostTheAdvanceEarly() {
        Fact fires = deadlineFires(HOST, VALUE, ADVANCE);
        Term earliest = ADVANCE.isLess(VALUE).choose(VALUE.minus(ADVANCE), VALUE.number(0));
        Proof.holdsAsNumbers(fires.sameAs(earliest.isAtMost(HOST)));

        // A cycle earlier it does not.
        Map<Term, BigInteger> early =
                Map.of(HOST, BigInteger.valueOf(99), VALUE, BigInteger.valueOf(110), ADVANCE, BigInteger.TEN);
        Proof.fails(VALUE.isAtMost(HOST.plus(ADVANCE).plus(1)).implies(fires), early);
        // A deadline beyond the end of the TSC is not seen: the TSC has wrapped when it would be due.
        Proof.fails(
                fires.implies(deadlineFires(HOST.plus(1), VALUE, ADVANCE)),
                Map.of(HOST, unsigned(-1), VALUE, unsigned(-1), ADVANCE, BigInteger.ZERO));
    }

    /**
     * arm64: where KVM programs the host's timer with the sum, and knows when that wraps, the timer fires as one that is
     * compared for the guest. Where it does not know, a counter below 0 or a compare value at the end fires at a wrong time.
     */
    @Test
    void aComparedSumThatCannotWrapIsTheGuestsOwnComparison() {
        Fact right = reached(HOST, OFFSET, VALUE);
        Proof.holdsAsNumbers(programmed(HOST, OFFSET, VALUE, true).sameAs(right));

        // A compare value of 2^64 - 1 stands for "never": with an offset of 1 it fires at once.
        Map<Term, BigInteger> never = Map.of(HOST, BigInteger.TEN, OFFSET, BigInteger.ONE, VALUE, unsigned(-1));
        Proof.fails(programmed(HOST, OFFSET, VALUE, false).implies(right), never);
        // A guest that is ahead of its host: its counter has wrapped, its compare value lies before, and it never
        // fires.
        Map<Term, BigInteger> ahead = Map.of(HOST, BigInteger.ZERO, OFFSET, BigInteger.ONE, VALUE, BigInteger.ONE);
        Proof.fails(right.implies(programmed(HOST, OFFSET, VALUE, false)), ahead);
    }
}
