package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static dev.longitude.properties.arithmetic.Encodings.WIDE;
import static dev.longitude.properties.arithmetic.Encodings.cyclesToNsWide;
import static dev.longitude.properties.arithmetic.Encodings.guestTsc;
import static dev.longitude.properties.arithmetic.Encodings.scaled;

import dev.longitude.x86.TscScaling;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * kvmclock by the masterclock: what KVM_GET_CLOCK computes from the host's TSC, what a guest computes from its page, and the
 * base clock that both began with. (That both are monotone is in {@link TimeScaleLemmasTest}.)
 */
class KvmclockLemmasTest {
    private static final long MILLION = 1_000_000;
    private static final long BILLION = 1_000_000_000;
    private static final long GHZ = 1_000_000;

    /** Up to this rate in kHz, 16 GHz, the loops drop no bits of it. */
    private static final long MOST_EXACT = 16_000_000;

    private static final Term.Variable HOST_KHZ = new Term.Variable("khz", 31);
    private static final Term H = HOST_KHZ.resized(WIDE);
    private static final Term HOST = Term.word("host");
    private static final Term STAMP = Term.word("stamp");
    private static final Term OFFSET = Term.word("offset");
    private static final Term RATIO = Term.word("ratio");
    private static final Term CYCLES = Term.word("cycles");
    private static final Term C = CYCLES.resized(WIDE);
    private static final Term BEFORE = Term.word("before");

    /**
     * The guest's cycles since its page's time stamp are the host's, scaled at both ends, whatever the vCPU's offset. So a guest
     * at its host's rate reads what KVM_GET_CLOCK returns, and so does every other, where KVM_GET_CLOCK uses the guest's rate.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 32, 48})
    void thePageCountsTheCyclesThatTheClockCounts(int fracBits) {
        Term byPage = guestTsc(HOST, RATIO, OFFSET, fracBits).minus(guestTsc(STAMP, RATIO, OFFSET, fracBits));
        Term byClock = scaled(HOST, RATIO, fracBits).minus(scaled(STAMP, RATIO, fracBits));
        Proof.holds(byPage.equalTo(byClock));
        Term one = RATIO.powerOfTwo(fracBits);
        Proof.holds(
                scaled(HOST, one, fracBits).minus(scaled(STAMP, one, fracBits)).equalTo(HOST.minus(STAMP)));

        // Not by a page that was written before the guest wrote its TSC.
        Term moved = guestTsc(HOST, RATIO, OFFSET.plus(1), fracBits);
        Proof.fails(
                moved.minus(guestTsc(STAMP, RATIO, OFFSET, fracBits)).equalTo(byClock),
                Map.of(HOST, BigInteger.ONE, STAMP, BigInteger.ZERO, OFFSET, BigInteger.ZERO, RATIO, BigInteger.ONE));
    }

    /**
     * The cycles become at most 2 ns and 2^-31 of their ns too few, and at most a billionth (10^-9) of them too many: from 1 GHz
     * on, whatever the rate in Hz. Up to 16 GHz, and in whole kHz, none too many.
     */
    @Test
    void aPagesNsAreNearlyThoseOfItsCycles() {
        Term.Variable hz = new Term.Variable("hz", 41);
        Term rate = hz.resized(WIDE);
        for (ScalePath page : from(BILLION, Encodings.pageScale(hz))) {
            Term ns = page.apply(CYCLES);
            Fact given = page.inRange().and(page.keeps(CYCLES));
            Proof.holdsAsNumbers(given.implies(ns.times(rate).isAtMost(C.times(BILLION + 1))));
            Proof.holdsAsNumbers(
                    given.implies(atMostAfter(C.times(BILLION), ns.plus(2).times(rate))));
        }
        for (ScalePath page : from(GHZ, Encodings.pageScaleOfKhz(HOST_KHZ))) {
            if (page.most().compareTo(BigInteger.valueOf(MOST_EXACT)) > 0) {
                break;
            }
            Fact given = page.inRange().and(page.keeps(CYCLES));
            Proof.holdsAsNumbers(given.implies(isNearly(page.apply(CYCLES), C, H)));
        }

        // 3 GHz and one Hz: the page takes it for 3 GHz, and of 2^63 cycles, 97 years, makes a second too many.
        Term oneHzMore = of(Encodings.pageScale(hz), 3_000_000_001L).apply(CYCLES);
        Proof.fails(
                oneHzMore.times(rate).isAtMost(C.times(BILLION)),
                Map.of(hz, BigInteger.valueOf(3_000_000_001L), CYCLES, unsigned(1L << 63)));
    }

    private static Fact atMostAfter(Term exact, Term some) {
        return exact.isAtMost(some.plus(exact.shiftedRight(31)));
    }

    /** The guest's cycles since the masterclock's instant are the host's times the ratio, or one more: until they wrap. */
    @ParameterizedTest
    @ValueSource(ints = {32, 48})
    void theGuestsCyclesAreTheHostsTimesTheRatio(int fracBits) {
        // Scaling in two parts loses at most one cycle, and what differs by one differs so in the low bits.
        new TscScalingLemmasTest().scalingInTwoPartsLosesAtMostOneCycle(fracBits);
        Term first = Term.word("first", 90).resized(WIDE);
        Term since = Term.word("since").resized(WIDE);
        Term whole = Term.word("whole", 90).resized(WIDE);
        Fact near = first.plus(since)
                .isAtMost(whole)
                .and(whole.isAtMost(first.plus(since).plus(1)));
        Term counted = whole.resized(Long.SIZE).minus(first.resized(Long.SIZE)).resized(WIDE);
        Fact noWrap = since.plus(1).isLess(since.powerOfTwo(Long.SIZE));
        Fact same = since.isAtMost(counted).and(counted.isAtMost(since.plus(1)));
        Proof.holdsAsNumbers(near.and(noWrap).implies(same));
    }

    /**
     * A scaled guest's page has its rate in whole kHz, truncated. So it is ahead of KVM_GET_CLOCK, which counts at the host's
     * rate, by at most one part in those kHz (400 ppb at 2.5 GHz), 2^-30, and 3 ns; and behind by at most 2^-30 and 3 ns. Of rates
     * from 1 to 16 GHz.
     */
    @Test
    void aScaledGuestsPageIsAheadByPartOfAKhz() {
        Term guest = Term.word("guest").resized(WIDE);
        Term rate = Term.word("rate", 31).resized(WIDE);
        // As many guest's cycles as the ratio gives, or one more; and the host's rate times the ratio, truncated.
        Fact atMost = guest.times(H).isAtMost(C.times(rate.plus(1)).plus(H));
        Fact atLeast = C.times(rate).isAtMost(guest.plus(1).times(H));
        for (int fracBits : new int[] {32, 48}) {
            Term truncated = H.times(RATIO.resized(WIDE)).shiftedRight(fracBits);
            Term ideal = C.times(RATIO.resized(WIDE)).shiftedRight(fracBits);
            Fact scaled =
                    ideal.isAtMost(guest).and(guest.isAtMost(ideal.plus(1))).and(rate.equalTo(truncated));
            Proof.holdsAsNumbers(scaled.implies(atMost.and(atLeast)));
        }
        // Both convert as aPagesNsAreNearlyThoseOfItsCycles says.
        Term page = Term.word("page").resized(WIDE);
        Term clock = Term.word("clock").resized(WIDE);
        Fact given = atMost.and(atLeast)
                .and(H.isAtLeast(GHZ))
                .and(rate.isAtLeast(GHZ))
                .and(isNearly(page, guest, rate))
                .and(isNearly(clock, C, H));
        Proof.holdsAsNumbers(given.implies(page.times(rate).isAtMost(atMostAhead(clock.plus(3), clock, rate))));
        Term least = clock.minus(clock.shiftedRight(30));
        Proof.holdsAsNumbers(given.implies(least.isAtMost(page.plus(3))));

        // A second at 2.5 of 3 GHz: the page has 2 499 999 kHz, and is 400 ns ahead.
        ScaledGuest aSecond = new ScaledGuest(3_000_000, 2_500_000, 2_499_999, 0, 3 * BILLION);
        Proof.fails(aSecond.page().isAtMost(aSecond.clock().plus(399)), aSecond.values());
        // 3 ns are needed at 1.2 of 4.9 GHz; and behind, one was the most that was found, at 1 of 5.5 GHz.
        ScaledGuest ahead = new ScaledGuest(4_936_559, 1_181_230, 1_181_229, 768_359_134_568L, 27_467_555);
        Term khz = ScaledGuest.KHZ.resized(WIDE);
        Term bound = atMostAhead(ahead.clock().plus(2), ahead.clock(), khz);
        Proof.fails(ahead.page().times(khz).isAtMost(bound), ahead.values());
        ScaledGuest behind = new ScaledGuest(5_495_304, 1_000_075, 1_000_074, 470_330_855_157L, 8);
        Proof.fails(behind.clock().isAtMost(behind.page()), behind.values());
    }

    /** A guest's page and the host's clock some cycles after the masterclock's instant, and the values that they have there. */
    private record ScaledGuest(int hostKhz, int wantedKhz, int pageKhz, long stamp, long cycles) {
        static final Term.Variable KHZ = new Term.Variable("pageKhz", 31);

        Term page() {
            Term since = scaled(STAMP.plus(CYCLES), RATIO, 48).minus(scaled(STAMP, RATIO, 48));
            return of(Encodings.pageScaleOfKhz(KHZ), pageKhz).apply(since);
        }

        Term clock() {
            return of(Encodings.pageScaleOfKhz(HOST_KHZ), hostKhz).apply(CYCLES);
        }

        Map<Term, BigInteger> values() {
            return Map.of(
                    HOST_KHZ, BigInteger.valueOf(hostKhz),
                    RATIO, unsigned(TscScaling.INTEL.ratio(wantedKhz, hostKhz)),
                    KHZ, BigInteger.valueOf(pageKhz),
                    STAMP, unsigned(stamp),
                    CYCLES, unsigned(cycles));
        }
    }

    /** Some ns times the guest's rate, and one part in that of a clock, and 2^-30. */
    private static Term atMostAhead(Term ns, Term clock, Term khz) {
        return ns.times(khz).plus(clock).plus(clock.times(khz).shiftedRight(30));
    }

    /** The ns of the cycles at a rate in kHz, or at most 2 and 2^-31 of them fewer. */
    private static Fact isNearly(Term ns, Term cycles, Term khz) {
        return ns.times(khz)
                .isAtMost(cycles.times(MILLION))
                .and(atMostAfter(cycles.times(MILLION), ns.plus(2).times(khz)));
    }

    /**
     * A masterclock update yanks kvmclock to the base clock, and never back, where that is computed at the rate that KVM has: by
     * at most 3 ns and 2^-30 of the time since the update before. Of rates from 1 to 16 GHz.
     */
    @Test
    void anUpdateDoesNotSetKvmclockBack() {
        Term passed = BEFORE.resized(WIDE).plus(C).times(MILLION).dividedBy(H);
        Term atUpdate = cyclesToNsWide(HOST_KHZ, BEFORE);
        Term ns = Term.word("ns").resized(WIDE);
        Fact given = H.isAtLeast(GHZ).and(isNearly(ns, C, H));
        Term byMasterclock = atUpdate.plus(ns);
        Proof.holdsAsNumbers(given.implies(byMasterclock.isAtMost(passed)));
        Proof.holdsAsNumbers(given.implies(passed.isAtMost(byMasterclock.plus(3).plus(ns.shiftedRight(30)))));

        // By 2 ns in 3 cycles of 2.000 001 GHz: the most that was found.
        Term page = of(Encodings.pageScaleOfKhz(HOST_KHZ), 2_000_001).apply(CYCLES);
        Proof.fails(
                passed.isAtMost(atUpdate.plus(page).plus(1)),
                Map.of(
                        HOST_KHZ, BigInteger.valueOf(2_000_001),
                        BEFORE, BigInteger.valueOf(159_121_178_576L),
                        CYCLES, BigInteger.valueOf(3)));
        // If the kernel has refined the rate by a kHz since KVM took it, the base clock is slower: kvmclock goes back.
        Term slower = BEFORE.resized(WIDE).plus(C).times(MILLION).dividedBy(H.plus(1));
        Term slowerAtUpdate = BEFORE.resized(WIDE).times(MILLION).dividedBy(H.plus(1));
        Proof.fails(
                given.implies(slowerAtUpdate.plus(ns).isAtMost(slower)),
                Map.of(
                        HOST_KHZ,
                        BigInteger.valueOf(1_000_000),
                        BEFORE,
                        BigInteger.ZERO,
                        CYCLES,
                        BigInteger.valueOf(BILLION),
                        Term.word("ns"),
                        BigInteger.valueOf(BILLION)));
    }

    /** The ways that some rate takes from this one on. */
    private static List<ScalePath> from(long rate, List<ScalePath> paths) {
        return paths.stream()
                .filter(path -> path.most().compareTo(BigInteger.valueOf(rate)) >= 0)
                .toList();
    }

    private static ScalePath of(List<ScalePath> paths, long rate) {
        BigInteger value = BigInteger.valueOf(rate);
        return paths.stream()
                .filter(path -> path.most().compareTo(value) >= 0)
                .findFirst()
                .orElseThrow();
    }
}
