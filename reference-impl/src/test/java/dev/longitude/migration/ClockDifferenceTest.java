package dev.longitude.migration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.x86.TscScaling;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of 2 s a comparison tolerates 1 ms for reading, and 500 ppm, which is another 1 ms. */
class ClockDifferenceTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int KHZ = 3_000_000;
    private static final ClockFix SOURCE = new ClockFix(KHZ, TscScaling.NONE, 50, 7 * SECOND, 100 * SECOND);

    private static List<ClockDifference> between(
            Policy policy, long cycles, long clockNs, long realtimeNs, boolean sameHost) {
        ClockFix destination =
                new ClockFix(KHZ, TscScaling.NONE, 50 + cycles, 7 * SECOND + clockNs, 100 * SECOND + realtimeNs);
        return ClockDifference.between(policy, SOURCE, destination, sameHost);
    }

    private static ClockDifference difference(ClockDifference.Kind kind, long one, long other, long tolerance) {
        return new ClockDifference(
                kind, BigInteger.valueOf(one), BigInteger.valueOf(other), BigInteger.valueOf(tolerance));
    }

    @Test
    void kvmclockMayDifferByTheTolerance() {
        assertThat(between(Policy.ADVANCE, 0, 2 * SECOND + 2_000_000, 2 * SECOND, false))
                .isEmpty();
        assertThat(between(Policy.ADVANCE, 0, 2 * SECOND - 2_000_001, 2 * SECOND, false))
                .containsExactly(difference(
                        ClockDifference.Kind.KVMCLOCK_AND_REALTIME, 2 * SECOND - 2_000_001, 2 * SECOND, 2_000_000));
    }

    @Test
    void theKvmclockOfAFrozenGuestMayStandStill() {
        assertThat(between(Policy.FREEZE, 0, 0, 2 * SECOND, false)).isEmpty();
        assertThat(between(Policy.ADVANCE, 0, 0, 2 * SECOND, false)).hasSize(1);
    }

    @Test
    void realTimeDoesNotGoBack() {
        assertThat(between(Policy.FREEZE, 0, 0, -1, false))
                .containsExactly(
                        difference(ClockDifference.Kind.REALTIME_GOES_BACK, 100 * SECOND - 1, 100 * SECOND, 0));
    }

    /** 2 s of 3 GHz are 6 * 10^9 cycles, and 2 ms are 6 * 10^6. */
    @Test
    void theTscOfOneHostGoesByItsRate() {
        assertThat(between(Policy.FREEZE, 6 * SECOND + 6_000_000, 0, 2 * SECOND, true))
                .isEmpty();
        assertThat(between(Policy.FREEZE, 6 * SECOND + 6_000_003, 0, 2 * SECOND, true))
                .containsExactly(difference(
                        ClockDifference.Kind.TSC_AND_REALTIME, 2 * SECOND + 2_000_001, 2 * SECOND, 2_000_000));
        assertThat(between(Policy.FREEZE, 0, 0, 2 * SECOND, false)).isEmpty();
    }

    /** A restart resets the TSC: it is then behind. */
    @Test
    void aTscThatWasResetContradicts() {
        assertThat(between(Policy.FREEZE, -50, 0, 2 * SECOND, true)).hasSize(1);
    }

    @Test
    void realTimeThatStandsStillDoesNotGoBack() {
        assertThat(ClockDifference.realtime(5, 5)).isEmpty();
        assertThat(ClockDifference.realtime(5, 4)).isPresent();
        assertThat(ClockDifference.realtime(5, -1)).as("unsigned").isEmpty();
    }
}
