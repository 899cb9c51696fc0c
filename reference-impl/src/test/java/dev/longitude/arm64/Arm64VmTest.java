package dev.longitude.arm64;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The behaviour of arm64's counters for a VMM and a guest. */
class Arm64VmTest {
    private final List<TraceEvent> events = new ArrayList<>();

    private Arm64Host host(KernelProfile kernel, boolean vhe, boolean ecv, long cntpct) {
        Arm64Host host = new Arm64Host(kernel, vhe, ecv, 2, cntpct, events::add);
        host.setWaiting(() -> {
            throw new IllegalStateException("a wait in the only thread");
        });
        return host;
    }

    private static void enter(Arm64Vcpu vcpu, int pcpu) {
        vcpu.load(pcpu);
        vcpu.enterGuest();
    }

    private static void leave(Arm64Vcpu vcpu) {
        vcpu.exitGuest();
        vcpu.put(true);
    }

    private int cnthctl(int pcpu) {
        Map<?, ?> all = (Map<?, ?>) events.get(events.size() - 1).state().get(StateVariable.CNTHCTL_EL2);
        return (int) requireNonNull(requireNonNull(all).get(pcpu));
    }

    /** The last writer wins, for all vCPUs, also those set before. */
    @ParameterizedTest
    @ValueSource(strings = {"v6.1", "v6.3", "v6.12", "v7.3", "corrected"})
    void aValueIsSetForAllVcpus(KernelProfile kernel) {
        Arm64Host host = host(kernel, true, false, 1_000);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu first = vm.createVcpu(0);
        Arm64Vcpu second = vm.createVcpu(1);
        first.setTimerCnt(1L << 32);
        host.advance(50);
        assertThat(second.getTimerCnt()).isEqualTo((1L << 32) + 50);
        second.setTimerCnt(1L << 32);
        assertThat(first.getTimerCnt()).isEqualTo(1L << 32);
    }

    /** As recorded on 6.1 and 6.12; the corrected kernel's vCPU joins. */
    @ParameterizedTest
    @CsvSource({"v6.1, 0", "v6.3, 0", "v6.12, 0", "v7.3, 0", "corrected, 4294967396"})
    void aLateVcpuRewindsTheOthers(KernelProfile kernel, long expected) {
        Arm64Host host = host(kernel, true, false, 1_000);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu first = vm.createVcpu(0);
        first.setTimerCnt(1L << 32);
        host.advance(100);
        vm.createVcpu(1);
        assertThat(first.getTimerCnt()).isEqualTo(expected);
    }

    @Test
    void theOffsetOfTheVmOutlastsEverything() {
        Arm64Host host = host(KernelProfile.of("v6.12"), true, false, 1_000);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu first = vm.createVcpu(0);
        assertThat(vm.setCounterOffset(600, 1)).isEqualTo(22);
        assertThat(vm.setCounterOffset(600, 0)).isZero();
        assertThat(first.setTimerCnt(7)).isZero();
        assertThat(first.setPtimerCnt(7)).isZero();
        assertThat(first.getTimerCnt()).isEqualTo(400);
        assertThat(vm.createVcpu(1).getPtimerCnt()).isEqualTo(400);
        first.load(0);
        assertThat(vm.setCounterOffset(0, 0)).isEqualTo(16);
        first.put(true);
        assertThat(vm.setCounterOffset(0, 0)).isZero();
    }

    /** EL1PCTEN and EL1PCEN: bits 0 and 1, under VHE bits 10 and 11; bit 12 is ECV's enable. A 0 traps. */
    @ParameterizedTest
    @CsvSource({
        "false, false, 0, 1", // the counter allowed, the timer never
        "false, false, 5, 0",
        "true, false, 0, 3072", // 2^10 + 2^11
        "true, false, 5, 0",
        "true, true, 0, 7168", // 2^10 + 2^11 + 2^12
        "true, true, 5, 7168" // CNTPOFF_EL2 does it
    })
    void theTrapsAreThoseOfTheMode(boolean vhe, boolean ecv, long offset, int expected) {
        Arm64Host host = host(KernelProfile.of("v6.12"), vhe, ecv, 1_000);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        vm.setCounterOffset(offset, 0);
        enter(vcpu, 1);
        assertThat(vcpu.guestReadCntpct()).isEqualTo(1_000 - offset);
        assertThat(cnthctl(1)).isEqualTo(expected);
    }

    /** ECV (2^12) beside EL1PCTEN (2^10) and EL1PCEN (2^11): only a kernel that uses CNTPOFF_EL2 sets it, so since 6.4. */
    @ParameterizedTest
    @CsvSource({"series-v1, 3072", "series-v2, 3072", "v6.1, 3072", "v6.3, 3072", "v6.4, 7168", "v7.3.4, 7168"})
    void cntpoffCountsOnlyForAKernelThatUsesIt(KernelProfile kernel, int expected) {
        Arm64Vcpu vcpu = host(kernel, true, true, 1_000).createVm(0).createVcpu(0);
        enter(vcpu, 1);
        assertThat(cnthctl(0)).isEqualTo(expected);
        assertThat(cnthctl(1)).isEqualTo(expected);
    }

    /** A broadcast takes a step for each vCPU until 6.2 (BeginCreateVcpu, BroadcastTo); since 6.3 it is one step. */
    @ParameterizedTest
    @CsvSource({"v6.1, true", "v6.3, false", "v6.4, false"})
    void aSetIsALoopUntilTheOffsetIsTheVms(KernelProfile kernel, boolean loops) {
        Arm64Vm vm = host(kernel, true, false, 1_000).createVm(0);
        vm.createVcpu(0);
        vm.createVcpu(1).setTimerCnt(7);
        assertThat(events.stream().anyMatch(e -> e.operation() == Operation.BROADCAST_TO))
                .isEqualTo(loops);
        assertThat(events.get(events.size() - 1).state().get(StateVariable.VOFFSET))
                .isEqualTo(loops ? 0L : 993L);
    }

    /** Before 6.4 the physical counter is the host's: a VMM can neither read it nor set it by value or by offset. */
    @ParameterizedTest
    @CsvSource({"v6.1, 2, 22", "v6.3, 2, 22", "v6.4, 0, 0"})
    void thePhysicalCounterCanBeSetSince64(KernelProfile kernel, int byValue, int byOffset) {
        Arm64Vm vm = host(kernel, true, false, 1_000).createVm(0);
        assertThat(vm.createVcpu(0).setPtimerCnt(7)).isEqualTo(byValue);
        assertThat(vm.setCounterOffset(5, 0)).isEqualTo(byOffset);
    }

    /** The series v1: only the CPU of the ioctl traps, and it still traps when the offset is gone. */
    @Test
    void theFirstVersionTrapsOnOneCpuForGood() {
        Arm64Host host = host(KernelProfile.of("series-v1"), true, false, 1_000);
        Arm64Vcpu vcpu = host.createVm(0).createVcpu(0);
        vcpu.setSystemCounterState(
                0, new Arm64Vcpu.SystemCounterState(KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET, 0, 600));
        enter(vcpu, 0);
        assertThat(vcpu.guestReadCntpct()).isEqualTo(400);
        leave(vcpu);
        enter(vcpu, 1);
        assertThat(vcpu.guestReadCntpct()).isEqualTo(1_000);
        leave(vcpu);
        vcpu.setSystemCounterState(0, new Arm64Vcpu.SystemCounterState(KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET, 0, 0));
        enter(vcpu, 0);
        vcpu.guestReadCntpct();
        assertThat(cnthctl(0)).isZero();
    }

    @Test
    void theSecondVersionReadsTheWrongOffset() {
        Arm64Vcpu vcpu = host(KernelProfile.of("series-v2"), true, false, 1_000)
                .createVm(0)
                .createVcpu(0);
        vcpu.setVtimerOffset(5);
        vcpu.setPtimerOffset(9);
        assertThat(vcpu.getVtimerOffset()).isEqualTo(9);
        assertThat(vcpu.getPtimerOffset()).isEqualTo(9);
    }

    /** A guest at 5000 - 1000 = 4000 waits for 4500: the host, at 5000, must not consider it due. */
    @ParameterizedTest
    @CsvSource({"v6.4, true", "v6.6, false", "v7.3, false"})
    void theHostComparesWithTheGuestsCounter(KernelProfile kernel, boolean due) {
        Arm64Host host = host(kernel, true, true, 5_000);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        vm.setCounterOffset(1_000, 0);
        enter(vcpu, 0);
        vcpu.timers().guestSetPtimer(4_500);
        assertThat(vcpu.timers().lookAtPtimer()).isFalse();
        vcpu.exitGuest();
        assertThat(vcpu.timers().lookAtPtimer()).isEqualTo(due);
    }

    /** A guest at 10 + 100 = 110 has waited for 50: the sum 50 - 100 wraps to 2^64 - 50. */
    @ParameterizedTest
    @CsvSource({"v6.12, false", "v7.3, false", "v7.3.4, true", "corrected, true"})
    void aCompareValueThatWrapsIsDueAllTheSame(KernelProfile kernel, boolean due) {
        Arm64Host host = host(kernel, true, true, 10);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        vm.setCounterOffset(-100, 0);
        enter(vcpu, 0);
        assertThat(vcpu.guestReadCntpct()).isEqualTo(110);
        vcpu.timers().guestSetPtimer(50);
        vcpu.exitGuest();
        assertThat(vcpu.timers().lookAtPtimer()).isEqualTo(due);
    }

    /** Before 6.6 the host, at 5000, compares with 4500 or 5001 as they are: in the guest's terms both are to come. */
    @ParameterizedTest
    @CsvSource({"4500, true", "5001, false"})
    void theHostUsedToCompareWithItsOwnCounter(long cval, boolean due) {
        Arm64Vm vm = host(KernelProfile.of("v6.4"), true, true, 5_000).createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        vm.setCounterOffset(1_000, 0);
        vcpu.timers().setPtimerCval(cval);
        vcpu.timers().setPtimerCtl(true);
        vcpu.load(0);
        assertThat(vcpu.timers().lookAtPtimer()).isEqualTo(due);
    }

    /** A guest at -10 + 10 = 0 waits for 20: the sum 20 - 10 is less than the host's counter, and yet it is not due. */
    @Test
    void aSumThatWrapsWithAGuestThatDoesNotIsNotDue() {
        Arm64Host host = host(KernelProfile.of("v7.3.4"), true, false, -10);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        vm.setCounterOffset(-10, 0);
        vcpu.timers().setPtimerCval(20);
        vcpu.timers().setPtimerCtl(true);
        vcpu.load(0);
        assertThat(vcpu.timers().lookAtPtimer()).isFalse();
        host.advance(19);
        assertThat(vcpu.timers().lookAtPtimer()).isFalse();
        host.advance(1);
        assertThat(vcpu.timers().lookAtPtimer()).isTrue();
    }

    @Test
    void aTrapSkipsTheInstructionAndKeepsTheOtherRegisters() {
        CounterTrap trap = new CounterTrap();
        Arm64Host host = host(KernelProfile.of("v6.12"), true, false, 1_000);
        long at = trap.elr();
        assertThat(trap.read(7, host, 600)).isEqualTo(400);
        assertThat(trap.elr()).isEqualTo(at + 4);
        host.advance(5);
        assertThat(trap.read(0, host, -1)).isEqualTo(1_006);
    }

    @Test
    void aCpuHasOneVcpu() {
        Arm64Vm vm = host(KernelProfile.of("v6.12"), true, false, 0).createVm(0);
        Arm64Vcpu first = vm.createVcpu(0);
        Arm64Vcpu second = vm.createVcpu(1);
        first.load(0);
        assertThatThrownBy(() -> second.load(0)).isInstanceOf(IllegalStateException.class);
        second.load(1);
        assertThat(second.isLoaded()).isTrue();
    }
}
