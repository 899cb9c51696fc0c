package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The behaviour for a VMM and a guest. The host runs at 1 GHz, so a cycle is a nanosecond. */
class X86VmTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<TraceEvent> events = new ArrayList<>();
    private final X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 77 * SECOND, events::add);

    private List<X86Vcpu> vcpus(X86Vm vm, int count) {
        List<X86Vcpu> vcpus = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            vcpus.add(vm.createVcpu(i));
        }
        return vcpus;
    }

    private X86Vm vm(KernelProfile kernel) {
        return new X86Vm(host, kernel, 0);
    }

    static Stream<KernelProfile> releasesWithTheAttribute() {
        return KernelProfile.known().stream().filter(k -> k.posting() == null && k.has(Switch.TSC_OFFSET_ATTR));
    }

    private static void run(X86Vcpu vcpu) {
        vcpu.enterGuest();
        vcpu.exitGuest();
    }

    /** Two vCPUs, 0.3 s old, get the value 0.7 s: before 6.7 they read 0.3 s, since 6.7 0.7 s. */
    @ParameterizedTest
    @CsvSource({"v6.1, 300000000", "v6.12, 700000000"})
    void aYoungGuestsFirstWrite(KernelProfile kernel, long reads) {
        List<X86Vcpu> vcpus = vcpus(vm(kernel), 2);
        host.advance(300_000_000);
        vcpus.forEach(vcpu -> vcpu.writeTsc(700_000_000));
        assertThat(vcpus).allMatch(vcpu -> vcpu.readTsc() == reads);
    }

    /** 2 s after creation the guest still reads 2 s. */
    @ParameterizedTest
    @MethodSource("releasesWithTheAttribute")
    void writingZeroDoesNotSetZero(KernelProfile kernel) {
        X86Vcpu vcpu = vm(kernel).createVcpu(0);
        host.advance(2 * SECOND);
        vcpu.writeTsc(0);
        assertThat(vcpu.readTsc()).isEqualTo(2 * SECOND);
    }

    @ParameterizedTest
    @MethodSource("releasesWithTheAttribute")
    void writesLessThanASecondApartGiveOneLine(KernelProfile kernel) {
        List<X86Vcpu> vcpus = vcpus(vm(kernel), 2);
        host.advance(5 * SECOND);
        vcpus.get(0).writeTsc(100 * SECOND);
        host.advance(SECOND - 1);
        vcpus.get(1).writeTsc(100 * SECOND);
        assertThat(vcpus.get(1).readTsc()).isEqualTo(101 * SECOND - 1);
    }

    @ParameterizedTest
    @MethodSource("releasesWithTheAttribute")
    void writesASecondApartPartTheVcpus(KernelProfile kernel) {
        X86Vm vm = vm(kernel);
        List<X86Vcpu> vcpus = vcpus(vm, 2);
        vcpus.forEach(X86VmTest::run);
        assertThat(vm.getClock().flags()).isEqualTo(14);
        host.advance(5 * SECOND);
        vcpus.get(0).writeTsc(100 * SECOND);
        host.advance(SECOND);
        vcpus.get(1).writeTsc(100 * SECOND);
        assertThat(vcpus.get(0).readTsc() - vcpus.get(1).readTsc()).isEqualTo(SECOND);
        assertThat(vm.getClock().flags())
                .as("the flag stays until a vCPU enters")
                .isEqualTo(14);
        run(vcpus.get(0));
        assertThat(vm.getClock().flags()).isZero();
    }

    /** A late vCPU joins the line, but its creation spoils the window for the next write. */
    @ParameterizedTest
    @MethodSource("releasesWithTheAttribute")
    void creationBetweenTwoWritesDefeatsTheHeuristic(KernelProfile kernel) {
        X86Vm vm = vm(kernel);
        X86Vcpu first = vm.createVcpu(0);
        host.advance(5 * SECOND);
        first.writeTsc(100 * SECOND);
        X86Vcpu second = vm.createVcpu(1);
        assertThat(second.tscOffset()).isEqualTo(first.tscOffset());
        host.advance(1000);
        second.writeTsc(100 * SECOND);
        assertThat(first.readTsc() - second.readTsc()).isEqualTo(1000);
    }

    /** Away and back: the offsets are equal again, but the masterclock stays off until all are written. */
    @ParameterizedTest
    @MethodSource("releasesWithTheAttribute")
    void equalOffsetsAreNotAlwaysMatched(KernelProfile kernel) {
        X86Vm vm = vm(kernel);
        List<X86Vcpu> vcpus = vcpus(vm, 3);
        vcpus.forEach(X86VmTest::run);
        long offset = vcpus.get(1).getTscOffset();
        vcpus.get(1).setTscOffset(offset + 5);
        vcpus.get(1).setTscOffset(offset);
        vcpus.forEach(X86VmTest::run);
        assertThat(vm.getClock().flags()).isZero();
        vcpus.forEach(vcpu -> vcpu.setTscOffset(offset));
        vcpus.forEach(X86VmTest::run);
        assertThat(vm.getClock().flags()).isEqualTo(14);
    }

    /** The series as posted: v0's two writes count as two vCPUs, and the clock is stable while v1 is elsewhere. */
    @ParameterizedTest
    @CsvSource({"series-v2, 14", "v5.16, 0", "v7.3, 0"})
    void oneVcpuAloneIsNotAll(KernelProfile kernel, int flags) {
        X86Vm vm = vm(kernel);
        List<X86Vcpu> vcpus = vcpus(vm, 2);
        vcpus.forEach(X86VmTest::run);
        vcpus.get(0).setTscOffset(7);
        vcpus.get(0).setTscOffset(7);
        run(vcpus.get(0));
        assertThat(vm.getClock().flags()).isEqualTo(flags);
        assertThat(vcpus.get(0).tscOffset()).isNotEqualTo(vcpus.get(1).tscOffset());
    }

    @Test
    void correctedWritesZeroAndKeepsTheWindowAndLooksAtOffsets() {
        X86Vm vm = vm(KernelProfile.of("corrected"));
        X86Vcpu first = vm.createVcpu(0);
        host.advance(5 * SECOND);
        first.writeTsc(0);
        assertThat(first.readTsc()).isZero();
        X86Vcpu second = vm.createVcpu(1);
        host.advance(1000);
        second.writeTsc(0);
        assertThat(second.tscOffset()).isEqualTo(first.tscOffset());
        run(first);
        run(second);
        second.setTscOffset(first.tscOffset() + 5);
        second.setTscOffset(first.tscOffset());
        run(first);
        run(second);
        assertThat(vm.getClock().flags()).isEqualTo(14);
    }

    /** The kernel's selftest tsc_msrs_test, with its values: a unit of 2^30, steps of 4 units, the host adds 64. */
    @Test
    void tscAndTscAdjustMoveTogetherForTheGuestOnly() {
        long unit = 1L << 30;
        X86Host still = new X86Host(1_000_000, TscScaling.NONE, true, 0, event -> {});
        X86Vcpu vcpu = new X86Vm(still, KernelProfile.of("v6.12"), 0).createVcpu(0);
        vcpu.enterGuest();
        vcpu.guestWriteTsc(4 * unit);
        assertThat(vcpu.guestReadTsc()).isEqualTo(4 * unit);
        assertThat(vcpu.guestReadTscAdjust()).isEqualTo(4 * unit);
        vcpu.guestWriteTscAdjust(8 * unit);
        assertThat(vcpu.guestReadTsc()).isEqualTo(8 * unit);
        vcpu.exitGuest();
        vcpu.writeTsc((64 + 8) * unit);
        assertThat(vcpu.readTscAdjust()).isEqualTo(8 * unit);
        vcpu.writeTscAdjust(123456 * unit);
        assertThat(vcpu.readTsc()).isEqualTo((64 + 8) * unit);
        vcpu.writeTscAdjust(8 * unit);
        vcpu.enterGuest();
        vcpu.guestWriteTscAdjust(12 * unit);
        assertThat(vcpu.guestReadTsc()).isEqualTo((64 + 12) * unit);
        vcpu.guestWriteTsc(16 * unit);
        assertThat(vcpu.guestReadTscAdjust()).isEqualTo((16 - 64) * unit);
    }

    /** Host TSC 10^13, ratio 1 to 0.5 with the offset kept: the TSC drops by 5 * 10^12. */
    @ParameterizedTest
    @CsvSource({"v7.3, 5000000000000", "corrected, 0"})
    void settingTheRateMovesTheTsc(KernelProfile kernel, long drop) {
        X86Host scaling = new X86Host(3_000_000, TscScaling.INTEL, true, 10_000_000_000_000L, event -> {});
        X86Vcpu vcpu = new X86Vm(scaling, kernel, 0).createVcpu(0);
        vcpu.setTscOffset(0);
        long before = vcpu.readTsc();
        assertThat(vcpu.setTscKhz(1_500_000)).isZero();
        assertThat(before - vcpu.readTsc()).isEqualTo(drop);
        scaling.advance(3_000_000);
        assertThat(vcpu.readTsc() - before + drop).isEqualTo(1_500_000);
    }

    @ParameterizedTest
    @CsvSource({"v7.3, 900000", "corrected, 1000000"})
    void aRefusedRateIsReturnedAllTheSame(KernelProfile kernel, int returned) {
        X86Vcpu vcpu = vm(kernel).createVcpu(0);
        assertThat(vcpu.setTscKhz(900_000)).isEqualTo(22);
        assertThat(vcpu.getTscKhz()).isEqualTo(returned);
        assertThat(vcpu.setTscKhz(1_000_250)).as("within 250 ppm").isZero();
    }

    @ParameterizedTest
    @CsvSource({"v6.12, 0", "v7.3, 22"})
    void theVmsRateIsForVcpusToCome(KernelProfile kernel, int errno) {
        X86Vm vm = vm(kernel);
        assertThat(vm.setVmTscKhz(999_900)).isZero();
        assertThat(vm.getVmTscKhz()).isEqualTo(999_900);
        assertThat(vm.createVcpu(0).getTscKhz()).isEqualTo(999_900);
        assertThat(vm.setVmTscKhz(1_000_000)).isEqualTo(errno);
    }

    @Test
    void withoutTheTscAsClocksourceThereIsNoMasterclock() {
        X86Vm vm =
                new X86Vm(new X86Host(1_000_000, TscScaling.NONE, false, 0, event -> {}), KernelProfile.of("v6.12"), 0);
        run(vm.createVcpu(0));
        assertThat(vm.getClock().flags()).isZero();
    }

    @Test
    void anIoctlOnAVcpuInTheGuestIsRefused() {
        X86Vcpu vcpu = vm(KernelProfile.of("v6.12")).createVcpu(0);
        vcpu.enterGuest();
        assertThatThrownBy(() -> vcpu.setTscOffset(1)).isInstanceOf(IllegalStateException.class);
    }

    /** kvm_clock_test's cases: what KVM_SET_CLOCK sets, a second later; a real time in the future counts as now. */
    @ParameterizedTest
    @CsvSource({
        "0, 0, 1000000000",
        "180000000000, 0, 181000000000",
        "0, -180000000000, 181000000000",
        "0, 5, 1000000000"
    })
    void theClockGoesOnFromWhereItIsSet(long clock, long shift, long aSecondLater) {
        X86Vm vm = vm(KernelProfile.of("v7.3"));
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.writeSystemTime(true);
        int flags = shift == 0 ? 0 : KvmAbi.CLOCK_REALTIME;
        host.setRealtime(1_000_000_000_000_000_000L);
        assertThat(vm.setClock(clock, flags, host.realtime() + shift)).isZero();
        vcpu.enterGuest();
        host.advance(SECOND);
        assertThat(vcpu.guestReadClock()).isEqualTo(aSecondLater);
        assertThat(vm.getClock().clock()).isEqualTo(aSecondLater);
        vcpu.exitGuest();
    }

    /**
     * A guest of 2.5 GHz on a host of 3 GHz. Its ratio scales 3 000 000 kHz to 2 499 999, so its page says 2 499 999 000
     * Hz; its TSC runs at 2 499 999 999.99. In a second the page makes 10^9 * 2 499 999 999.99 / 2 499 999 000 =
     * 1 000 000 400 ns of that. KVM_GET_CLOCK computes from the host's 3 GHz, whose second is 10^9 or 10^9 - 1 ns; with
     * the corrections both compute from 2 499 999 999 Hz.
     */
    @ParameterizedTest
    @CsvSource({"v7.3, 400", "corrected, 0"})
    void theHostsClockIsTheGuests(KernelProfile kernel, long apart) {
        X86Host scaling = new X86Host(3_000_000, TscScaling.INTEL, true, 10_000_000_000_000L, event -> {});
        X86Vm vm = new X86Vm(scaling, kernel, 0);
        vm.setVmTscKhz(2_500_000);
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.writeSystemTime(true);
        vcpu.enterGuest();
        scaling.advance(3_000_000_000L);
        assertThat(vcpu.guestReadClock() - vm.getClock().clock()).isBetween(apart - 1, apart + 1);
        vcpu.exitGuest();
    }

    /** Flags 2: KVM_CLOCK_TSC_STABLE; the TSC is 77 s at first, and a second later the host loses its clocksource. */
    @ParameterizedTest
    @CsvSource({"v7.3, 2, 78000000000", "corrected, 0, 0"})
    void aClockOfTheMasterclockIsToldAfterTheLossOfTheClocksource(KernelProfile kernel, int flags, long hostTsc) {
        X86Vm vm = vm(kernel);
        run(vm.createVcpu(0));
        assertThat(vm.getClock().flags()).isEqualTo(14);
        host.advance(SECOND);
        host.setTscClocksource(false);
        assertThat(vm.getClock()).isEqualTo(new X86Vm.ClockData(SECOND, flags, 0, hostTsc));
    }

    private @Nullable Object shown(StateVariable variable) {
        return events.get(events.size() - 1).state().get(variable);
    }

    /** The first rate that is too high: 256 * 10^6 - 1 kHz on AMD, 2^31 - 1 on Intel; KVM does not store it either. */
    @ParameterizedTest
    @CsvSource({"32, 255999999, 255999998", "48, 2147483647, 2147483646"})
    void aRateThatIsTooHighForTheHardwareIsRefusedInBothScopes(int fracBits, int refused, int accepted) {
        X86Host scaling = new X86Host(1_000_000, new TscScaling(fracBits), true, 0, event -> {});
        X86Vm vm = new X86Vm(scaling, KernelProfile.of("v7.3"), 0);
        assertThat(vm.setVmTscKhz(refused)).isEqualTo(22);
        assertThat(vm.getVmTscKhz()).isEqualTo(1_000_000);
        assertThat(vm.setVmTscKhz(accepted)).isZero();
        X86Vcpu vcpu = vm.createVcpu(0);
        assertThat(vcpu.setTscKhz(refused)).isEqualTo(22);
        assertThat(vcpu.getTscKhz()).isEqualTo(accepted);
    }

    /** The ioctl on the VM does not check; a vCPU created afterwards is not modelled. */
    @Test
    void aHostThatCannotScaleTakesAnyRateForTheVm() {
        X86Vm vm = vm(KernelProfile.of("v7.3"));
        assertThat(vm.setVmTscKhz(900_000)).isZero();
        assertThat(vm.getVmTscKhz()).isEqualTo(900_000);
        assertThatThrownBy(() -> vm.createVcpu(0)).isInstanceOf(IllegalStateException.class);
        assertThat(vm.setVmTscKhz(2_000_000)).isZero();
        assertThat(vm.createVcpu(0).getTscKhz()).isEqualTo(2_000_000);
    }

    /**
     * The loss of the clocksource requests an update from all vCPUs of all VMs, also of a VM that never had the
     * masterclock.
     */
    @Test
    void theLossOfTheClocksourceAsksAllVms() {
        X86Vm without = new X86Vm(host, KernelProfile.of("v7.3"), 1);
        List<X86Vcpu> idle = vcpus(without, 2);
        idle.get(0).setTscOffset(5);
        idle.forEach(X86VmTest::run);
        assertThat(without.getClock().flags()).isZero();
        X86Vm with = vm(KernelProfile.of("v7.3"));
        run(with.createVcpu(0));
        host.setTscClocksource(false);
        without.getClock();
        assertThat(shown(StateVariable.MASTERCLOCK_UPDATE)).isEqualTo(Set.of(0, 1));
        with.getClock();
        assertThat(shown(StateVariable.MASTERCLOCK_UPDATE)).isEqualTo(Set.of(0));
        assertThat(events.stream().filter(e -> e.operation() == Operation.HOST_CLOCKSOURCE))
                .singleElement()
                .matches(e -> e.vm() == TraceEvent.HOST);
    }

    /** ... but from no vCPU while no VM of the host has had the masterclock since. */
    @Test
    void theLossOfTheClocksourceAsksNobodyWithoutAMasterclock() {
        X86Vm vm = vm(KernelProfile.of("v7.3"));
        X86Vcpu vcpu = vm.createVcpu(0);
        run(vcpu);
        host.setTscClocksource(false);
        run(vcpu);
        host.setTscClocksource(true);
        host.setTscClocksource(false);
        vm.getClock();
        assertThat(shown(StateVariable.MASTERCLOCK_UPDATE)).isEqualTo(Set.of());
    }

    /** As SeaBIOS and the kernel that it boots: the old MSR on vCPU 0, then the kernel's own page by the new one. */
    @Test
    void theOldMsrOnVcpuZeroTurnsTheMasterclockOffUntilTheNewOneIsWritten() {
        X86Vm vm = vm(KernelProfile.of("v7.3"));
        X86Vcpu boot = vm.createVcpu(0);
        run(boot);
        assertThat(vm.getClock().flags()).isEqualTo(14);
        boot.enterGuest();
        boot.guestWriteSystemTime(true, true, true);
        boot.reenterGuest();
        boot.reenterGuest();
        assertThat(vm.getClock().flags()).isZero();
        assertThat(boot.readPvclockPage().stable()).isFalse();
        assertThat(boot.pvclockPage().version()).isEqualTo(2);
        boot.guestWriteSystemTime(true, false, true);
        assertThat(boot.pvclockPage().version()).isZero();
        boot.reenterGuest();
        assertThat(vm.getClock().flags()).isEqualTo(14);
        assertThat(boot.readPvclockPage().stable()).isTrue();
        assertThat(boot.pvclockPage().version()).isEqualTo(2);
        boot.exitGuest();
    }

    /** The host's write of the old MSR does not show which one the guest uses. */
    @Test
    void aPageThatMovesIsWrittenAnewAndOneThatStaysGoesOn() {
        X86Vcpu vcpu = vm(KernelProfile.of("v7.3")).createVcpu(0);
        vcpu.writeSystemTime(true);
        vcpu.kvmclockCtrl();
        run(vcpu);
        vcpu.writeSystemTime(true, false);
        run(vcpu);
        assertThat(vcpu.pvclockPage().version()).isEqualTo(4);
        assertThat(vcpu.readPvclockPage().flags()).isEqualTo(KvmAbi.PVCLOCK_TSC_STABLE | KvmAbi.PVCLOCK_GUEST_STOPPED);
        vcpu.writeSystemTime(true, true);
        run(vcpu);
        assertThat(vcpu.pvclockPage().version()).isEqualTo(2);
        assertThat(vcpu.readPvclockPage().flags()).isEqualTo(KvmAbi.PVCLOCK_TSC_STABLE);
    }

    /** A VMM that loads a guest's memory restores the page's version and GUEST_STOPPED with it. */
    @Test
    void kvmGoesOnFromWhatStandsInTheGuestsMemory() {
        X86Vcpu vcpu = vm(KernelProfile.of("v7.3")).createVcpu(0);
        vcpu.writePvclockPage(40, new PvclockPage.Contents(7, 8, new TimeScale(9, -1), KvmAbi.PVCLOCK_GUEST_STOPPED));
        assertThat(vcpu.readPvclockPage().systemTime()).isEqualTo(8);
        vcpu.writeSystemTime(true);
        run(vcpu);
        assertThat(vcpu.pvclockPage().version()).isEqualTo(42);
        assertThat(vcpu.readPvclockPage().flags()).isEqualTo(KvmAbi.PVCLOCK_TSC_STABLE | KvmAbi.PVCLOCK_GUEST_STOPPED);
    }

    /**
     * A write of HV_X64_MSR_REFERENCE_TSC requests an update from its vCPU; the masterclock then counts from a new
     * instant, for all vCPUs.
     */
    @Test
    void anUpdateThatWasAskedForIsPerformedAtTheNextEntry() {
        X86Vm vm = vm(KernelProfile.of("v7.3"));
        List<X86Vcpu> both = vcpus(vm, 2);
        both.forEach(X86VmTest::run);
        both.forEach(X86VmTest::run);
        Object before = shown(StateVariable.MASTER_CYCLE_NOW);
        host.advance(1_000);
        both.get(1).askForMasterclockUpdate();
        run(both.get(0));
        assertThat(shown(StateVariable.MASTER_CYCLE_NOW)).isEqualTo(before);
        run(both.get(1));
        assertThat(shown(StateVariable.MASTER_CYCLE_NOW)).isEqualTo(host.rdtsc());
        assertThat(shown(StateVariable.CLOCK_UPDATE)).isEqualTo(Set.of(0));
    }

    /** KVM_RUN with immediate_exit loads the vCPU: all requests are still pending when it finally enters. */
    @ParameterizedTest
    @MethodSource("dev.longitude.kernel.KernelProfile#known")
    void aRunThatExitsAtOnceHandlesNoRequest(KernelProfile kernel) {
        X86Vm vm = vm(kernel);
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.writeSystemTime(true);
        vm.getClock();
        Object asked = shown(StateVariable.MASTERCLOCK_UPDATE);
        vcpu.load();
        assertThat(shown(StateVariable.MASTERCLOCK_UPDATE)).isEqualTo(asked);
        assertThat(shown(StateVariable.CLOCK_UPDATE)).isEqualTo(Set.of(0));
        assertThat(shown(StateVariable.IN_GUEST)).isEqualTo(Set.of());
        assertThat(vcpu.pvclockPage().version()).isZero();
        run(vcpu);
        assertThat(vcpu.pvclockPage().version()).isEqualTo(2);
    }

    /** A cancelled entry writes the page, and leaves the vCPU free for other ioctls. */
    @Test
    void aCancelledEntryWorksOffWhatIsPending() {
        X86Vcpu vcpu = vm(KernelProfile.of("v6.12")).createVcpu(0);
        vcpu.writeSystemTime(true);
        vcpu.cancelEntry();
        assertThat(shown(StateVariable.CLOCK_UPDATE)).isEqualTo(Set.of());
        assertThat(shown(StateVariable.IN_GUEST)).isEqualTo(Set.of());
        assertThat(vcpu.pvclockPage().version()).isEqualTo(2);
    }

    /** KVM_KVMCLOCK_CTRL needs a page, and its flag stays until the guest clears it. */
    @Test
    void theGuestIsToldThatItWasStopped() {
        X86Vcpu vcpu = vm(KernelProfile.of("v7.3")).createVcpu(0);
        assertThat(vcpu.kvmclockCtrl()).isEqualTo(22);
        vcpu.writeSystemTime(true);
        assertThat(vcpu.kvmclockCtrl()).isZero();
        run(vcpu);
        run(vcpu);
        assertThat(vcpu.readPvclockPage().flags()).isEqualTo(KvmAbi.PVCLOCK_TSC_STABLE | KvmAbi.PVCLOCK_GUEST_STOPPED);
        vcpu.enterGuest();
        vcpu.guestClearsStopped();
        vcpu.exitGuest();
        assertThat(vcpu.readPvclockPage().flags()).isEqualTo(KvmAbi.PVCLOCK_TSC_STABLE);
    }
}
