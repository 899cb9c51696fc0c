package dev.longitude.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.kernel.KernelProfile;
import org.junit.jupiter.api.Test;

class CounterOffsetPlanTest {
    private static final long HZ = 62_500_000;
    private static final long SECOND = 1_000_000_000;

    /**
     * 10 s of guest, 2 s of blackout, on a host whose counter is at 7: the guest reads 12 s there, from both counters.
     */
    @Test
    void theGuestAdvancesByTheBlackout() {
        CounterOffsetPlan plan = CounterOffsetPlan.of(
                HZ,
                Policy.ADVANCE,
                new CounterOffsetPlan.Reading(10 * HZ, 100 * SECOND, 0),
                new CounterOffsetPlan.Reading(7, 102 * SECOND, 0),
                0L);
        Arm64Host host = new Arm64Host(KernelProfile.of("v6.12"), true, false, 1, 7, null);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        assertThat(vm.setCounterOffset(plan.offset(), 0)).isZero();
        assertThat(vcpu.getTimerCnt()).isEqualTo(12 * HZ);
        assertThat(vcpu.getPtimerCnt()).isEqualTo(12 * HZ);
    }

    @Test
    void aFrozenGuestGoesOnWhereItWas() {
        CounterOffsetPlan plan = CounterOffsetPlan.of(
                HZ,
                Policy.FREEZE,
                new CounterOffsetPlan.Reading(-3, 100 * SECOND, 9),
                new CounterOffsetPlan.Reading(7, 102 * SECOND, 9),
                9L);
        assertThat(plan.offset()).isEqualTo(10);
        assertThat(plan.bound().known()).isZero();
    }

    /** 62.5 ticks a us: 100 us and 60 us apart and 2 whole ns are 10000.125 ticks, 1 ms between the hosts is 62500. */
    @Test
    void theBoundIsOfWhatWasReadAndHow() {
        CounterOffsetPlan plan = CounterOffsetPlan.of(
                HZ,
                Policy.ADVANCE,
                new CounterOffsetPlan.Reading(0, 0, 100_000),
                new CounterOffsetPlan.Reading(0, SECOND, 60_000),
                1_000_000L);
        assertThat(plan.bound()).isEqualTo(new Bound(1, 10_001, 62_500L, 0));
    }

    /** A destination that is 17 ns behind: -1.0625 ticks are truncated, towards 0. */
    @Test
    void elapsedTimeThatIsNegativeIsTruncatedToo() {
        CounterOffsetPlan plan = CounterOffsetPlan.of(
                HZ,
                Policy.ADVANCE,
                new CounterOffsetPlan.Reading(0, 17, 0),
                new CounterOffsetPlan.Reading(0, 0, 0),
                0L);
        assertThat(plan.offset()).isEqualTo(1);
    }

    @Test
    void whatCannotBeIsRefused() {
        CounterOffsetPlan.Reading reading = new CounterOffsetPlan.Reading(0, 0, 0);
        assertThatThrownBy(() -> CounterOffsetPlan.of(0, Policy.ADVANCE, reading, reading, 0L))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new CounterOffsetPlan.Reading(0, 0, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsNoRateAndNoErrorIsRefused() {
        CounterOffsetPlan.Reading reading = new CounterOffsetPlan.Reading(0, 0, 0);
        assertThatThrownBy(() -> CounterOffsetPlan.of(0, Policy.FREEZE, reading, reading, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CounterOffsetPlan.of(1, Policy.FREEZE, reading, reading, -1L))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new CounterOffsetPlan.Reading(0, 0, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    /** 2^63 ns as a signed number would be negative, and so would the bound. */
    @Test
    void aBoundNeverWraps() {
        CounterOffsetPlan.Reading now = new CounterOffsetPlan.Reading(0, 0, 0);
        for (long far : new long[] {Long.MIN_VALUE, Long.MIN_VALUE + 1, -1}) {
            CounterOffsetPlan.Reading then = new CounterOffsetPlan.Reading(0, far, 0);
            assertThatThrownBy(() -> CounterOffsetPlan.of(HZ, Policy.ADVANCE, now, then, 0L))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("too far apart");
            assertThatThrownBy(() -> CounterOffsetPlan.of(HZ, Policy.ADVANCE, then, now, 0L))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("too far apart");
        }
        CounterOffsetPlan.Reading vague = new CounterOffsetPlan.Reading(0, 0, Long.MAX_VALUE);
        assertThatThrownBy(() -> CounterOffsetPlan.of(HZ, Policy.ADVANCE, vague, vague, 0L))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is too large");
        assertThatThrownBy(() -> new Bound(1, Long.MAX_VALUE, 0L, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is too large");
        assertThat(new Bound(1, Long.MAX_VALUE - 1, 0L, 0).known()).isEqualTo(Long.MAX_VALUE);
        assertThat(Bound.elapsed(Long.MIN_VALUE, Long.MIN_VALUE + 5)).isEqualTo(5);
        assertThat(Bound.elapsed(0, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        assertThat(Bound.elapsed(Long.MAX_VALUE, 0)).isEqualTo(-Long.MAX_VALUE);
    }

    @Test
    void aBoundIsTheSumOfWhatIsKnown() {
        assertThat(new Bound(1, 2, 4L, 8).known()).isEqualTo(15);
        assertThat(new Bound(1, 2, null, 8).known()).isEqualTo(11);
    }
}
