package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import org.junit.jupiter.api.Test;

/** MSR_IA32_TSC_DEADLINE for a VMM that restores it, and for the guest. The host runs at 1 GHz. */
class TscDeadlineTimerTest {
    private static final long SECOND = 1_000_000_000L;

    private final X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 77 * SECOND, event -> {});
    private final X86Vcpu vcpu = new X86Vm(host, KernelProfile.of("v7.3"), 0).createVcpu(0);

    /** As Dragonball did: the write reports success, and nothing is armed. */
    @Test
    void aDeadlineBeforeTheLocalApicIsDropped() {
        vcpu.writeTscDeadline(5 * SECOND);
        assertThat(vcpu.readTscDeadline()).isZero();
        vcpu.setLapic(true);
        assertThat(vcpu.readTscDeadline()).isZero();
        host.advance(6 * SECOND);
        assertThat(vcpu.timerFires()).isFalse();
    }

    @Test
    void aDeadlineAfterTheLocalApicFiresOnceWhenTheTscIsThere() {
        vcpu.setLapic(true);
        vcpu.writeTscDeadline(5 * SECOND);
        assertThat(vcpu.readTscDeadline()).isEqualTo(5 * SECOND);
        host.advance(5 * SECOND - 5_001); // KVM may let it expire 5 us early
        assertThat(vcpu.timerFires()).isFalse();
        host.advance(1);
        assertThat(vcpu.timerFires()).isTrue();
        assertThat(vcpu.readTscDeadline()).isZero();
        assertThat(vcpu.timerFires()).isFalse();
    }

    @Test
    void aChangeOfTheModeForgetsTheDeadlineAndTheSameModeKeepsIt() {
        vcpu.setLapic(true);
        vcpu.writeTscDeadline(5 * SECOND);
        vcpu.setLapic(true);
        assertThat(vcpu.readTscDeadline()).isEqualTo(5 * SECOND);
        vcpu.setLapic(false);
        vcpu.setLapic(true);
        assertThat(vcpu.readTscDeadline()).isZero();
    }

    /** The TSC goes from 1 s to 101 s after the deadline 103 s was written: the timer fires 100 s too late. */
    @Test
    void aTscThatMovesAfterwardsLeavesTheTimerBehind() {
        vcpu.setLapic(true);
        vcpu.writeTsc(SECOND);
        vcpu.writeTscDeadline(103 * SECOND);
        vcpu.setTscOffset(vcpu.tscOffset() + 100 * SECOND);
        host.advance(3 * SECOND);
        assertThat(vcpu.readTsc()).isEqualTo(104 * SECOND);
        assertThat(vcpu.timerFires()).isFalse();
        vcpu.setLapic(true); // KVM starts the timer again, by the TSC of now
        assertThat(vcpu.timerFires()).isTrue();
    }

    @Test
    void aGuestHasNoDeadlineOutsideTheMode() {
        vcpu.enterGuest();
        vcpu.guestSetsTimer(false, 5 * SECOND);
        vcpu.exitGuest();
        assertThat(vcpu.readTscDeadline()).isZero();
        vcpu.enterGuest();
        vcpu.guestSetsTimer(true, 5 * SECOND);
        vcpu.exitGuest();
        assertThat(vcpu.readTscDeadline()).isEqualTo(5 * SECOND);
        vcpu.writeTscDeadline(0);
        assertThat(vcpu.readTscDeadline()).isZero();
    }

    /** The guest's TSC goes on from where it was before the suspend, and so does its timer. */
    @Test
    void aSuspendOfTheHostMovesNoDeadlineForTheGuest() {
        vcpu.setLapic(true);
        vcpu.writeTscDeadline(5 * SECOND);
        host.advance(SECOND);
        host.resume(70 * SECOND, 0);
        host.advance(4 * SECOND);
        assertThat(vcpu.readTsc()).isEqualTo(5 * SECOND);
        assertThat(vcpu.timerFires()).isTrue();
    }

    /** The line on which it was armed moves with the TSC: a cycle before the 5 us it is not due yet. */
    @Test
    void aSuspendOfTheHostDoesNotMakeATimerFireEarly() {
        vcpu.setLapic(true);
        vcpu.writeTscDeadline(5 * SECOND);
        host.advance(SECOND);
        host.resume(SECOND / 2, 0);
        host.advance(4 * SECOND - 5_001);
        assertThat(vcpu.timerFires()).isFalse();
        host.advance(1);
        assertThat(vcpu.timerFires()).isTrue();
    }

    /**
     * Armed at 1 GHz: the line on which it was armed keeps that rate when the vCPU gets 0.5 GHz, also over a suspend. (5 us are
     * then 2500 cycles.)
     */
    @Test
    void aSuspendMovesTheLineOfATimerAtTheRateOfThatLine() {
        X86Host scaling = new X86Host(1_000_000, TscScaling.INTEL, true, 77 * SECOND, event -> {});
        X86Vcpu slowed = new X86Vm(scaling, KernelProfile.of("v7.3"), 0).createVcpu(0);
        slowed.setLapic(true);
        slowed.writeTscDeadline(5 * SECOND);
        scaling.advance(SECOND);
        assertThat(slowed.setTscKhz(500_000)).isZero();
        scaling.resume(10 * SECOND, 0);
        scaling.advance(4 * SECOND - 2_501);
        assertThat(slowed.timerFires()).isFalse();
        scaling.advance(1);
        assertThat(slowed.timerFires()).isTrue();
    }
}
