package dev.longitude.arm64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The timers for a VMM that restores them. */
class Arm64TimersTest {
    private static Arm64Host host(String kernel) {
        Arm64Host host = new Arm64Host(KernelProfile.of(kernel), true, false, 2, 1_000, event -> {});
        host.setWaiting(() -> {
            throw new IllegalStateException("a wait in the only thread");
        });
        return host;
    }

    /** The compare value is the guest's number: the guest, at 5000, waits 500 ticks, in whichever order it is restored. */
    @ParameterizedTest
    @CsvSource({"v6.1, true", "v6.1, false", "v7.3, true", "v7.3, false"})
    void aCompareValueMayComeBeforeTheCounter(String kernel, boolean before) {
        Arm64Host host = host(kernel);
        Arm64Vcpu vcpu = host.createVm(0).createVcpu(0);
        if (before) {
            vcpu.timers().setVtimerCval(5_500);
        }
        vcpu.setTimerCnt(5_000);
        if (!before) {
            vcpu.timers().setVtimerCval(5_500);
        }
        vcpu.timers().setVtimerCtl(true);
        vcpu.load(0);
        host.advance(499);
        assertThat(vcpu.timers().lookAtVtimer()).isFalse();
        host.advance(1);
        assertThat(vcpu.timers().lookAtVtimer()).isTrue();
    }

    /** Another vCPU moves the VM's counter: the loaded one's hardware still subtracts the offset of its load. */
    @Test
    void aLoadedVcpuKeepsTheOffsetOfItsLoad() {
        Arm64Host host = host("v7.3");
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu loaded = vm.createVcpu(0);
        Arm64Vcpu other = vm.createVcpu(1);
        loaded.timers().setVtimerCval(5_000);
        loaded.timers().setVtimerCtl(true);
        loaded.load(0);
        other.setTimerCnt(5_000);
        assertThat(loaded.timers().lookAtVtimer()).isFalse();
        loaded.put(true);
        loaded.load(0);
        assertThat(loaded.timers().lookAtVtimer()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"v6.1, 2", "v6.3, 2", "v6.4, 0", "v7.3, 0"})
    void thePhysicalTimerCanBeRestoredSince64(String kernel, int errno) {
        Arm64Timers timers = host(kernel).createVm(0).createVcpu(0).timers();
        assertThat(timers.setPtimerCval(7)).isEqualTo(errno);
        assertThat(timers.setPtimerCtl(true)).isEqualTo(errno);
        assertThat(timers.getPtimerCval()).isEqualTo(errno == 0 ? 7 : 0);
        assertThat(timers.getPtimerCtl()).isEqualTo(errno == 0);
        assertThat(timers.hasPtimer()).isEqualTo(errno == 0);
    }

    @Test
    void anotherInitTurnsTheTimersOffAndKeepsTheirCompareValues() {
        Arm64Vcpu vcpu = host("v7.3").createVm(0).createVcpu(0);
        vcpu.timers().setVtimerCval(7);
        vcpu.timers().setVtimerCtl(true);
        vcpu.timers().setPtimerCtl(true);
        assertThat(vcpu.timers().getVtimerCtl()).isTrue();
        assertThat(vcpu.timers().getPtimerCtl()).isTrue();
        vcpu.init();
        assertThat(vcpu.timers().getVtimerCtl()).isFalse();
        assertThat(vcpu.timers().getPtimerCtl()).isFalse();
        assertThat(vcpu.timers().getVtimerCval()).isEqualTo(7);
        vcpu.load(0);
        assertThatThrownBy(() -> vcpu.timers().lookAtVtimer()).isInstanceOf(IllegalStateException.class);
    }

    /** As the architecture has it: due at equality, by the guest's counter of the instant. */
    @ParameterizedTest
    @CsvSource({"v6.4", "v6.12", "v7.3", "corrected"})
    void thePhysicalTimerIsDueAtEquality(String kernel) {
        Arm64Host host = host(kernel);
        Arm64Vcpu vcpu = host.createVm(0).createVcpu(0);
        vcpu.timers().setPtimerCval(2_000);
        vcpu.timers().setPtimerCtl(true);
        vcpu.load(0);
        host.advance(2_000 - host.cntpct() - 1);
        assertThat(vcpu.timers().lookAtPtimer()).isFalse();
        host.advance(1);
        assertThat(vcpu.timers().lookAtPtimer()).isTrue();
        assertThat(vcpu.timers().hasPtimer()).isTrue();
        assertThat(vcpu.timers().hasVtimer()).isFalse();
    }

    @Test
    void aTimerThatIsOffOrNotLoadedHasNotFired() {
        Arm64Vcpu vcpu = host("v6.12").createVm(0).createVcpu(0);
        vcpu.timers().setVtimerCtl(true);
        assertThatThrownBy(() -> vcpu.timers().lookAtVtimer()).isInstanceOf(IllegalStateException.class);
        vcpu.load(0);
        vcpu.timers().lookAtVtimer();
        assertThatThrownBy(() -> vcpu.timers().lookAtPtimer()).isInstanceOf(IllegalStateException.class);
    }
}
