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

    @Test
    void aBoundIsTheSumOfWhatIsKnown() {
        assertThat(new Bound(1, 2, 4L, 8).known()).isEqualTo(15);
        assertThat(new Bound(1, 2, null, 8).known()).isEqualTo(11);
    }
}
