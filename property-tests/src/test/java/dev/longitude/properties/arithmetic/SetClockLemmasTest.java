package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.converted;
import static dev.longitude.properties.arithmetic.Encodings.setWithRealtime;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** KVM_SET_CLOCK's sums, for all words, and however they wrap. */
class SetClockLemmasTest {
    private static final Term CLOCK = Term.word("clock");
    private static final Term KERNEL_NS = Term.word("kernelNs");
    private static final Term OFFSET = Term.word("offset");
    private static final Term SINCE = Term.word("since");
    private static final Term HOST = Term.word("host");
    private static final Term ADVANCE = Term.word("advance");
    private static final Term MULT = Term.word("mult", 32);
    private static final Term REALTIME = Term.word("realtime");
    private static final Term NOW = Term.word("now");

    /**
     * From then on kvmclock is what was set, and the ns since, whatever the host's cycles become: by the base clock, by the
     * masterclock, which counts from that instant, and until 5.12, where KVM corrects the offset by what kvmclock lacks.
     */
    @Test
    void kvmclockGoesOnFromWhatWasSet() {
        Term offset = CLOCK.minus(KERNEL_NS);
        Proof.holdsForBoth(KERNEL_NS.plus(ADVANCE).plus(offset).equalTo(CLOCK.plus(ADVANCE)));
        Proof.holdsForBoth(HOST.plus(ADVANCE).minus(HOST).equalTo(ADVANCE));
        for (int shift = -32; shift <= 32; shift++) {
            Proof.holdsAsNumbers(converted(ADVANCE.number(0), MULT, shift).equalTo(0));
        }
        Term before = KERNEL_NS.plus(OFFSET).plus(SINCE);
        Term corrected = OFFSET.plus(CLOCK.minus(before));
        Proof.holdsForBoth(KERNEL_NS.plus(corrected).plus(SINCE).equalTo(CLOCK));

        // Not if the offset were corrected by what kvmclock lacked at the masterclock's instant.
        Term early = OFFSET.plus(CLOCK.minus(KERNEL_NS.plus(OFFSET)));
        Proof.fails(
                KERNEL_NS.plus(early).plus(SINCE).equalTo(CLOCK),
                Map.of(
                        KERNEL_NS, BigInteger.ZERO,
                        OFFSET, BigInteger.ZERO,
                        CLOCK, BigInteger.ZERO,
                        SINCE, BigInteger.ONE));
    }

    /** Real time that has passed is added, all of it; real time that is to come is not taken away. */
    @Test
    void realTimeThatHasPassedIsAddedAndNoOther() {
        Term set = setWithRealtime(CLOCK, REALTIME, NOW);
        Fact hasPassed = REALTIME.isLess(NOW);
        Proof.holdsForBoth(hasPassed.implies(set.minus(CLOCK).equalTo(NOW.minus(REALTIME))));
        Proof.holdsForBoth(hasPassed.implies(REALTIME.isAtMost(REALTIME.plus(set.minus(CLOCK)))));
        Proof.holdsForBoth(hasPassed.not().implies(set.equalTo(CLOCK)));
        Fact noWrap = CLOCK.isAtMost(CLOCK.plus(NOW.minus(REALTIME)));
        Proof.holdsForBoth(noWrap.implies(CLOCK.isAtMost(set)));

        // A difference of any sign would set kvmclock back where the source's real time is a ns ahead.
        Map<Term, BigInteger> ahead = Map.of(CLOCK, BigInteger.TEN, REALTIME, BigInteger.TWO, NOW, BigInteger.ONE);
        Proof.fails(set.equalTo(CLOCK.plus(NOW.minus(REALTIME))), ahead);
        // Words are compared unsigned: by their sign, the year 2262 (2^63 ns) would come before 1970.
        Term half = NOW.powerOfTwo(63);
        Fact signed = REALTIME.plus(half).isLess(NOW.plus(half));
        Proof.fails(
                signed.sameAs(hasPassed), Map.of(REALTIME, unsigned(Long.MAX_VALUE), NOW, unsigned(Long.MIN_VALUE)));
    }

    /** A VMM that sets the same clock of the same real time again, later, changes nothing: kvmclock has got there. */
    @Test
    void settingItAgainChangesNothing() {
        Term again = setWithRealtime(CLOCK, REALTIME, NOW.plus(ADVANCE));
        Fact inOrder = REALTIME.isAtMost(NOW).and(NOW.isAtMost(NOW.plus(ADVANCE)));
        Fact same = again.equalTo(setWithRealtime(CLOCK, REALTIME, NOW).plus(ADVANCE));
        Proof.holdsForBoth(inOrder.implies(same));

        // Where the source's real time is to come, it sets kvmclock back to the same clock again.
        Proof.fails(
                same,
                Map.of(
                        CLOCK, BigInteger.ZERO,
                        REALTIME, BigInteger.TEN,
                        NOW, BigInteger.ZERO,
                        ADVANCE, BigInteger.ONE));
    }
}
