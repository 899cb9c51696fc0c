package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.caughtUp;
import static dev.longitude.properties.arithmetic.Encodings.due;
import static dev.longitude.properties.arithmetic.Encodings.dueBefore;

import java.math.BigInteger;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A vCPU that catches up: KVM raises its TSC to where it should be. For all words, however they wrap, and whatever the host's
 * TSC is scaled to.
 */
class CatchUpLemmasTest {
    private static final Term SCALED = Term.word("scaled");
    private static final Term SCALED_NOW = Term.word("scaledNow");
    private static final Term OFFSET = Term.word("offset");
    private static final Term DUE = Term.word("due");
    private static final Term WRITE = Term.word("write");
    private static final Term FEWER = Term.word("fewer");
    private static final Term MORE = Term.word("more");

    private static final Term STAMP = SCALED.plus(OFFSET);
    private static final Term RAISED = caughtUp(OFFSET, STAMP, DUE);

    /** At the instant of the update it reads what is due, or what it read before if that is more: it is never lowered. */
    @Test
    void theTscEndsAtWhatIsDueAndIsNeverLowered() {
        Term after = SCALED.plus(RAISED);
        Proof.holdsForBoth(STAMP.isAtMost(DUE).implies(after.equalTo(DUE)));
        Proof.holdsForBoth(DUE.isAtMost(STAMP).implies(RAISED.equalTo(OFFSET)));
        Proof.holdsForBoth(STAMP.isAtMost(after).and(DUE.isAtMost(after)));
        Proof.holdsForBoth(caughtUp(RAISED, after, DUE).equalTo(RAISED));

        // What is ahead is not set back.
        Map<Term, BigInteger> ahead = Map.of(SCALED, BigInteger.TWO, OFFSET, BigInteger.ZERO, DUE, BigInteger.ONE);
        Proof.fails(after.equalTo(DUE), ahead);
    }

    /**
     * With a masterclock the update is of an earlier instant. By what the TSC is raised then, it is raised now, too: so it is
     * not lowered, unless it passes 2^64.
     */
    @Test
    void theRaiseIsTheSameAtEveryInstant() {
        Term raise = STAMP.isLess(DUE).choose(DUE.minus(STAMP), DUE.number(0));
        Term before = SCALED_NOW.plus(OFFSET);
        Term after = SCALED_NOW.plus(RAISED);
        Proof.holdsForBoth(after.equalTo(before.plus(raise)));
        Fact noWrap = before.isAtMost(before.plus(raise));
        Proof.holdsForBoth(noWrap.implies(before.isAtMost(after)));

        // A guest at the end of its TSC lacked a cycle at the masterclock's instant.
        Map<Term, BigInteger> atTheEnd =
                Map.of(SCALED, BigInteger.ZERO, SCALED_NOW, unsigned(-1), OFFSET, BigInteger.ZERO, DUE, BigInteger.ONE);
        Proof.fails(before.isAtMost(after), atTheEnd);
    }

    /**
     * Later, more is due, before the write and after it, if a later instant gives no fewer cycles ({@link TimeScaleLemmasTest}).
     * What is due before the write is not more than was written: where the kernel knows the sign of the difference.
     */
    @Test
    void whatIsDueGrows() {
        Fact inOrder = FEWER.isAtMost(MORE);
        Fact ends = WRITE.isAtMost(due(WRITE, MORE));
        Fact began = MORE.isAtMost(WRITE);
        Proof.holdsForBoth(inOrder.and(ends).implies(due(WRITE, FEWER).isAtMost(due(WRITE, MORE))));
        Proof.holdsForBoth(inOrder.and(began).implies(dueBefore(WRITE, MORE).isAtMost(dueBefore(WRITE, FEWER))));
        Proof.holdsForBoth(began.implies(dueBefore(WRITE, MORE).isAtMost(WRITE)));
        Proof.holdsForBoth(due(dueBefore(WRITE, MORE), MORE).equalTo(WRITE));

        // A TSC that wraps is due little.
        Proof.fails(
                inOrder.implies(due(WRITE, FEWER).isAtMost(due(WRITE, MORE))),
                Map.of(WRITE, unsigned(-1), FEWER, BigInteger.ZERO, MORE, BigInteger.ONE));
        // Without its sign, a ns before the write is 584 years after it: at 1.5 GHz 2^63 and 2^62 cycles are due.
        Term.Variable khz = new Term.Variable("khz", 31);
        ScalePath path = Encodings.nsToCycles(khz).stream()
                .filter(each -> each.least().equals(BigInteger.valueOf(1_000_000)))
                .findFirst()
                .orElseThrow();
        Term ns = Term.word("ns");
        Term since = path.apply(ns.number(0).minus(ns)).resized(Long.SIZE);
        Proof.fails(
                due(WRITE, since).isAtMost(WRITE),
                Map.of(khz, BigInteger.valueOf(1_500_000), WRITE, BigInteger.ZERO, ns, BigInteger.ONE));
    }
}
