package dev.longitude.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.x86.TscScaling;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

class TscOffsetPlanTest {
    private static final long SECOND = 1_000_000_000L;

    private static TscOffsetPlan plan(int khz, Policy policy, ClockFix source, ClockFix destination) {
        return TscOffsetPlan.of(khz, policy, source, destination, List.of(-5L), 0L);
    }

    /** 3 GHz on both sides and 2 s of blackout: the guest's TSC goes on by 6 * 10^9, wherever the hosts' TSCs are. */
    @Test
    void bothRecipesAdvanceByTheBlackout() {
        ClockFix source = new ClockFix(3_000_000, TscScaling.NONE, 10_000 * SECOND, 7 * SECOND, 100 * SECOND);
        ClockFix destination = new ClockFix(3_000_000, TscScaling.NONE, 700 * SECOND, 9 * SECOND, 102 * SECOND);
        TscOffsetPlan plan = plan(3_000_000, Policy.ADVANCE, source, destination);
        long before = source.hostTsc() - 5;
        TscOffsetPlan.Offsets offsets = plan.offsets().get(0);
        assertThat(destination.hostTsc() + offsets.documented()).isEqualTo(before + 6 * SECOND);
        assertThat(destination.hostTsc() + offsets.corrected()).isEqualTo(before + 6 * SECOND);
        assertThat(plan.byClock()).isZero();
        assertThat(plan.byScaling()).isZero();
    }

    /**
     * A 2.5 GHz guest on 3 GHz hosts, 10^13 and 7 * 10^11, 2 s: the documented recipe counts the difference of the
     * hosts' TSCs in full and not 2.5/3 of it, which is a sixth of 9.3 * 10^12 too much: 1.55 * 10^12 cycles, 620 s of
     * the guest.
     */
    @Test
    void theDocumentedRecipeDoesNotScale() {
        ClockFix source = new ClockFix(3_000_000, TscScaling.INTEL, 10_000 * SECOND, 7 * SECOND, 100 * SECOND);
        ClockFix destination = new ClockFix(3_000_000, TscScaling.INTEL, 700 * SECOND, 9 * SECOND, 102 * SECOND);
        TscOffsetPlan plan = plan(2_500_000, Policy.ADVANCE, source, destination);
        assertThat(plan.byScaling().doubleValue() / 2.5e9).isBetween(619.999, 620.001);
        TscOffsetPlan.Offsets offsets = plan.offsets().get(0);
        assertThat(BigInteger.valueOf(offsets.documented() - offsets.corrected()))
                .isEqualTo(plan.byScaling().add(plan.byClock()));
        long ratio = TscScaling.INTEL.ratio(2_500_000, 3_000_000);
        assertThat(TscScaling.INTEL.scale(destination.hostTsc(), ratio) + offsets.corrected())
                .isEqualTo(TscScaling.INTEL.scale(source.hostTsc(), ratio) - 5 + 5 * SECOND);
        assertThat(plan.bound().rounding()).isEqualTo(3);
    }

    /**
     * As recorded on Linux 6.12 (S5), within one host: the right offset is the old one. The documented recipe is off by
     * 64321 cycles of 2.596124 GHz, 25 us, because kvmclock was set 24817 ns ahead. By real time the error is 107:
     * 755550766 ns are 1961503476.8 cycles, truncated, and the host counted 1961503583.
     */
    @Test
    void aRecordedRestoreIsOffByWhatKvmclockWasSetAhead() {
        ClockFix source = new ClockFix(2_596_124, TscScaling.NONE, 46239717159L, 17634798, 1795347983135827208L);
        ClockFix destination = new ClockFix(2_596_124, TscScaling.NONE, 48201220742L, 773210381, 1795347983891377974L);
        TscOffsetPlan plan =
                TscOffsetPlan.of(2_596_124, Policy.ADVANCE, source, destination, List.of(-46208809191L), 0L);
        assertThat(plan.offsets().get(0).documented()).isEqualTo(-46208744870L);
        assertThat(plan.offsets().get(0).corrected()).isEqualTo(-46208809191L - 107);
        assertThat(plan.clockElapsedNs() - plan.elapsedNs()).isEqualTo(24817);
        // 1 for truncation, 6 for two whole ns, 378 for half a kHz over 0.756 s.
        assertThat(plan.bound()).isEqualTo(new Bound(1, 6, 0L, 378));
        assertThat(plan.bound().known()).isGreaterThan(107);
    }

    @Test
    void aFrozenGuestGoesOnWhereItWas() {
        ClockFix source = new ClockFix(3_000_000, TscScaling.AMD, -7, 7 * SECOND, 100 * SECOND);
        ClockFix destination = new ClockFix(2_000_000, TscScaling.AMD, 700, 9 * SECOND, 102 * SECOND);
        TscOffsetPlan plan = plan(3_000_000, Policy.FREEZE, source, destination);
        assertThat(1050 + plan.offsets().get(0).corrected()).isEqualTo(-7 - 5);
        assertThat(plan.bound().known()).isEqualTo(1);
    }

    /** A destination that is a ns behind: -1.5 cycles of 1.5 GHz are truncated, towards 0. */
    @Test
    void elapsedTimeThatIsNegativeIsTruncatedToo() {
        ClockFix source = new ClockFix(1_500_000, TscScaling.NONE, 0, 1, 1);
        ClockFix destination = new ClockFix(1_500_000, TscScaling.NONE, 0, 0, 0);
        TscOffsetPlan plan = plan(1_500_000, Policy.ADVANCE, source, destination);
        assertThat(plan.offsets()).containsExactly(new TscOffsetPlan.Offsets(-5, -6, -6));
    }

    @Test
    void theClocksErrorIsInTheBound() {
        ClockFix fix = new ClockFix(2_000_000, TscScaling.NONE, 0, 0, 0);
        TscOffsetPlan plan = TscOffsetPlan.of(2_000_000, Policy.ADVANCE, fix, fix, List.of(0L), 1_000_000L);
        assertThat(plan.bound().hostClocks()).isEqualTo(2_000_000);
    }

    @Test
    void withoutTheClocksErrorTheBoundDoesNotContainIt() {
        ClockFix fix = new ClockFix(2_000_000, TscScaling.NONE, 0, 0, 0);
        TscOffsetPlan plan = TscOffsetPlan.of(2_000_000, Policy.ADVANCE, fix, fix, List.of(0L), null);
        assertThat(plan.bound().hostClocks()).isNull();
        TscOffsetPlan frozen = TscOffsetPlan.of(2_000_000, Policy.FREEZE, fix, fix, List.of(0L), null);
        assertThat(frozen.bound().hostClocks()).isZero();
    }

    @Test
    void aHostThatCannotScaleRefusesASlowerGuest() {
        ClockFix source = new ClockFix(2_000_000, TscScaling.NONE, 0, 0, 0);
        ClockFix destination = new ClockFix(3_000_000, TscScaling.NONE, 0, 0, 0);
        assertThat(destination.rateOf(2_000_000)).isEqualTo(GuestRate.REFUSED);
        assertThatThrownBy(() -> plan(2_000_000, Policy.ADVANCE, source, destination))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a host at 3000000 kHz cannot have a guest at 2000000 kHz");
    }

    /** KVM catches up on the TSC as it is: 10 s of a 3 GHz guest, 2 s of blackout, and a host whose TSC is at 700. */
    @Test
    void aFasterGuestIsPlannedUnscaledWhereTheHostCannotScale() {
        ClockFix source = new ClockFix(3_000_000, TscScaling.NONE, 30 * SECOND, 7 * SECOND, 100 * SECOND);
        ClockFix destination = new ClockFix(2_000_000, TscScaling.NONE, 700, 9 * SECOND, 102 * SECOND);
        assertThat(destination.rateOf(3_000_000)).isEqualTo(GuestRate.CATCHES_UP);
        TscOffsetPlan plan = plan(3_000_000, Policy.ADVANCE, source, destination);
        assertThat(700 + plan.offsets().get(0).corrected()).isEqualTo(36 * SECOND - 5);
    }

    @Test
    void whetherTheHostScalesMattersOnlyBeyondTheTolerance() {
        ClockFix host = new ClockFix(2_000_000, null, 0, 0, 0);
        assertThat(host.rateOf(2_000_500)).isEqualTo(GuestRate.UNSCALED);
        assertThat(host.rateOf(2_000_501)).isEqualTo(GuestRate.NOT_KNOWN);
        assertThatThrownBy(() -> host.scaledTsc(1_000_000)).isInstanceOf(IllegalArgumentException.class);
    }

    /** AMD has 8 bits before the point: a ratio of 256 is none. */
    @Test
    void aRateThatNoRatioExpressesIsRefused() {
        ClockFix host = new ClockFix(1_000, TscScaling.AMD, 0, 0, 0);
        assertThat(host.rateOf(255_000)).isEqualTo(GuestRate.SCALED);
        assertThat(host.rateOf(256_000)).isEqualTo(GuestRate.REFUSED);
    }

    @Test
    void whatIsNoRateAndNoErrorIsRefused() {
        ClockFix fix = new ClockFix(1_000_000, TscScaling.INTEL, 0, 0, 0);
        assertThatThrownBy(() -> TscOffsetPlan.of(0, Policy.FREEZE, fix, fix, List.of(), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a guest's rate of 0 kHz");
        assertThatThrownBy(() -> TscOffsetPlan.of(1_000_000, Policy.FREEZE, fix, fix, List.of(), -1L))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ClockFix(0, null, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    /** 2147418111 kHz is the first rate that Intel's hardware refuses on a host at 32767 kHz. */
    @Test
    void aHostScalesUpToItsLimit() {
        ClockFix intel = new ClockFix(32_767, TscScaling.INTEL, 0, 0, 0);
        assertThat(intel.rateOf(2_147_418_110)).isEqualTo(GuestRate.SCALED);
        assertThat(intel.rateOf(2_147_418_111)).isEqualTo(GuestRate.REFUSED);
        assertThat(intel.scales()).isTrue();
        assertThat(new ClockFix(32_767, TscScaling.NONE, 0, 0, 0).scales()).isFalse();
        assertThat(new ClockFix(32_767, null, 0, 0, 0).scales()).isFalse();
    }
}
