package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is the same for every operation on a vCPU: its event, when it is refused, and whom it keeps waiting. */
class X86OperationsTest {
    private static final long SECOND = 1_000_000_000L;

    private static final PvclockPage.Contents PAGE = new PvclockPage.Contents(1, 2, new TimeScale(3, 4), 0);

    /** From userspace, while the vCPU is not in KVM_RUN. */
    private static final ImmutableMap<Operation, Consumer<X86Vcpu>> IOCTLS =
            ImmutableMap.<Operation, Consumer<X86Vcpu>>builder()
                    .put(Operation.WRITE_TSC, v -> v.writeTsc(5))
                    .put(Operation.READ_TSC, X86Vcpu::readTsc)
                    .put(Operation.SET_TSC_OFFSET, v -> v.setTscOffset(5))
                    .put(Operation.GET_TSC_OFFSET, X86Vcpu::getTscOffset)
                    .put(Operation.SET_TSC_KHZ, v -> v.setTscKhz(0))
                    .put(Operation.GET_TSC_KHZ, X86Vcpu::getTscKhz)
                    .put(Operation.WRITE_TSC_ADJUST, v -> v.writeTscAdjust(5))
                    .put(Operation.READ_TSC_ADJUST, X86Vcpu::readTscAdjust)
                    .put(Operation.SET_LAPIC, v -> v.setLapic(true))
                    .put(Operation.WRITE_TSC_DEADLINE, v -> v.writeTscDeadline(5))
                    .put(Operation.READ_TSC_DEADLINE, X86Vcpu::readTscDeadline)
                    .put(Operation.WRITE_SYSTEM_TIME, v -> v.writeSystemTime(true))
                    .put(Operation.KVMCLOCK_CTRL, X86Vcpu::kvmclockCtrl)
                    .put(Operation.X86_VCPU_LOAD, X86Vcpu::load)
                    .put(Operation.CANCEL_ENTRY, X86Vcpu::cancelEntry)
                    .buildOrThrow();

    /** By the guest. */
    private static final ImmutableMap<Operation, Consumer<X86Vcpu>> BY_THE_GUEST =
            ImmutableMap.<Operation, Consumer<X86Vcpu>>builder()
                    .put(Operation.REENTER_GUEST, X86Vcpu::reenterGuest)
                    .put(Operation.GUEST_READ_TSC, X86Vcpu::guestReadTsc)
                    .put(Operation.GUEST_WRITE_TSC, v -> v.guestWriteTsc(5))
                    .put(Operation.GUEST_WRITE_TSC_ADJUST, v -> v.guestWriteTscAdjust(5))
                    .put(Operation.GUEST_READ_TSC_ADJUST, X86Vcpu::guestReadTscAdjust)
                    .put(Operation.GUEST_SETS_TIMER, v -> v.guestSetsTimer(true, 5))
                    .put(Operation.GUEST_READ_CLOCK, X86Vcpu::guestReadClock)
                    .put(Operation.GUEST_CLEARS_STOPPED, X86Vcpu::guestClearsStopped)
                    .put(Operation.GUEST_WRITE_SYSTEM_TIME, v -> v.guestWriteSystemTime(true, false))
                    .buildOrThrow();

    /** At any time. */
    private static final ImmutableMap<Operation, Consumer<X86Vcpu>> AT_ANY_TIME = ImmutableMap.of(
            Operation.READ_PVCLOCK_PAGE, X86Vcpu::readPvclockPage,
            Operation.ASK_FOR_CLOCK_UPDATE, X86Vcpu::askForClockUpdate,
            Operation.ASK_FOR_MASTERCLOCK_UPDATE, X86Vcpu::askForMasterclockUpdate);

    /** Those with a test of their own below, and those that are no method of a vCPU. */
    private static final ImmutableSet<Operation> OTHERS = ImmutableSet.of(
            Operation.CREATE_VM,
            Operation.CREATE_VCPU,
            Operation.GET_VM_TSC_KHZ,
            Operation.SET_VM_TSC_KHZ,
            Operation.BEGIN_SET_CLOCK,
            Operation.SET_CLOCK,
            Operation.BEGIN_GET_CLOCK,
            Operation.GET_CLOCK,
            Operation.WRITE_PVCLOCK_PAGE,
            Operation.TAKE_HOST_TSC,
            Operation.PERFORM_MASTERCLOCK_UPDATE,
            Operation.ENTER_GUEST,
            Operation.EXIT_GUEST,
            Operation.TIMER_FIRES,
            Operation.HOST_CLOCKSOURCE,
            Operation.HOST_TSC_UNSTABLE,
            Operation.HOST_RESUMES);

    private final List<TraceEvent> events = new ArrayList<>();
    private final X86Host host = new X86Host(1_000_000, TscScaling.INTEL, true, 77 * SECOND, events::add);
    private final X86Vm vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
    private final X86Vcpu vcpu = vm.createVcpu(0);

    static Set<Operation> ioctls() {
        return IOCTLS.keySet();
    }

    static Set<Operation> byTheGuest() {
        return BY_THE_GUEST.keySet();
    }

    static Set<Operation> atAnyTime() {
        return AT_ANY_TIME.keySet();
    }

    private static void perform(Operation operation, X86Vcpu vcpu) {
        Stream.of(IOCTLS, BY_THE_GUEST, AT_ANY_TIME)
                .flatMap(each -> each.entrySet().stream())
                .filter(each -> each.getKey() == operation)
                .forEach(each -> each.getValue().accept(vcpu));
    }

    /** The events of what is done. */
    private List<TraceEvent> of(Runnable done) {
        int before = events.size();
        done.run();
        return events.subList(before, events.size());
    }

    private void assertOneEvent(Operation operation) {
        List<TraceEvent> emitted = of(() -> perform(operation, vcpu));
        assertThat(emitted).extracting(TraceEvent::operation).containsExactly(operation);
        TraceEvent event = emitted.get(0);
        assertThat(event.args()).containsEntry(Field.VCPU, 0);
        assertThat(event.args().keySet()).containsAll(operation.args());
        assertThat(event.results().keySet()).containsAll(operation.results());
    }

    /** Somebody else's thread. */
    private static CompletableFuture<Void> aside(Runnable work) {
        return CompletableFuture.runAsync(work);
    }

    @Test
    void everyOperationIsInOneOfTheLists() {
        assertThat(Sets.union(Sets.union(ioctls(), byTheGuest()), Sets.union(atAnyTime(), OTHERS)))
                .containsExactlyInAnyOrderElementsOf(Operation.of(Arch.X86));
    }

    @ParameterizedTest
    @MethodSource("ioctls")
    void anIoctlEmitsOneEventAndIsRefusedInTheGuest(Operation operation) {
        assertOneEvent(operation);
        vcpu.enterGuest();
        assertThat(of(() -> assertThatThrownBy(() -> perform(operation, vcpu))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("vCPU 0 is in the guest")))
                .isEmpty();
    }

    /** It returns with the vCPU's mutex free: another thread's ioctl goes through. */
    @ParameterizedTest
    @MethodSource("ioctls")
    void anIoctlKeepsNobodyWaiting(Operation operation) throws Exception {
        perform(operation, vcpu);
        aside(vcpu::readTsc).get(20, TimeUnit.SECONDS);
    }

    /** Between the vCPU's entry and its exit, an ioctl of another thread waits. */
    @ParameterizedTest
    @MethodSource("ioctls")
    void anIoctlWaitsUntilTheVcpuIsOutOfTheGuest(Operation operation) throws Exception {
        vcpu.enterGuest();
        CompletableFuture<Void> waiting = aside(() -> perform(operation, vcpu));
        assertThat(events).extracting(TraceEvent::operation).endsWith(Operation.ENTER_GUEST);
        vcpu.exitGuest();
        waiting.get(20, TimeUnit.SECONDS);
        assertThat(events).extracting(TraceEvent::operation).endsWith(Operation.EXIT_GUEST, operation);
    }

    @ParameterizedTest
    @MethodSource("byTheGuest")
    void whatTheGuestDoesEmitsOneEventAndIsRefusedOutsideOfIt(Operation operation) {
        vcpu.writeSystemTime(true);
        assertThat(of(() -> assertThatThrownBy(() -> perform(operation, vcpu))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("vCPU 0 is not in the guest")))
                .isEmpty();
        vcpu.enterGuest();
        vcpu.exitGuest();
        vcpu.kvmclockCtrl(); // so that there is a flag to clear
        vcpu.enterGuest();
        assertOneEvent(operation);
    }

    @ParameterizedTest
    @MethodSource("atAnyTime")
    void theRestEmitsOneEventInTheGuestAndOutside(Operation operation) {
        assertOneEvent(operation);
        vcpu.enterGuest();
        assertOneEvent(operation);
    }

    @Test
    void kvmRunEmitsItsEntryAndItsExit() {
        assertThat(of(vcpu::enterGuest)).extracting(TraceEvent::operation).containsExactly(Operation.ENTER_GUEST);
        assertThat(vcpu.inGuest()).isTrue();
        assertThatThrownBy(vcpu::enterGuest).isInstanceOf(IllegalStateException.class);
        assertThat(of(vcpu::exitGuest)).extracting(TraceEvent::operation).containsExactly(Operation.EXIT_GUEST);
        assertThat(vcpu.inGuest()).isFalse();
        assertThatThrownBy(vcpu::exitGuest).isInstanceOf(IllegalStateException.class);
    }

    /** Between the update and the page that follows it, the vCPU is neither idle nor in the guest. */
    @Test
    void anEntryCanPerformItsMasterclockUpdateFirst() throws Exception {
        vcpu.cancelEntry(); // (it was asked for an update when it was created)
        assertThatThrownBy(vcpu::performMasterclockUpdate)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no masterclock update");
        aside(vcpu::askForMasterclockUpdate).get(20, TimeUnit.SECONDS); // (the refused one holds no mutex)
        aside(vcpu::readTsc).get(20, TimeUnit.SECONDS);
        vcpu.writeSystemTime(true);
        assertThat(of(vcpu::performMasterclockUpdate))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.PERFORM_MASTERCLOCK_UPDATE);
        assertThat(vcpu.entering()).isTrue();
        assertThat(vcpu.inGuest()).isFalse();
        assertThatThrownBy(vcpu::performMasterclockUpdate).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(vcpu::readTsc).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(vcpu::guestReadTsc).isInstanceOf(IllegalStateException.class);
        CompletableFuture<Void> waiting = aside(vcpu::readTsc);
        List<TraceEvent> entry = of(vcpu::enterGuest);
        assertThat(entry).extracting(TraceEvent::operation).containsExactly(Operation.ENTER_GUEST);
        assertThat(entry.get(0).results()).containsEntry(Field.UPDATED, false);
        assertThat(vcpu.pvclockPage().version()).isEqualTo(2);
        vcpu.exitGuest();
        waiting.get(20, TimeUnit.SECONDS);
    }

    @Test
    void anEntryThatIsCancelledAfterItsMasterclockUpdateKeepsNobodyWaiting() throws Exception {
        vcpu.askForMasterclockUpdate();
        vcpu.performMasterclockUpdate();
        vcpu.cancelEntry();
        assertThat(vcpu.entering()).isFalse();
        aside(vcpu::readTsc).get(20, TimeUnit.SECONDS);
    }

    @Test
    void ioctlsOfTheVmEmitOneEvent() {
        assertThat(of(vm::getVmTscKhz)).extracting(TraceEvent::operation).containsExactly(Operation.GET_VM_TSC_KHZ);
        assertThat(of(() -> vm.setVmTscKhz(0)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.SET_VM_TSC_KHZ);
        assertThat(of(vm::getClock)).extracting(TraceEvent::operation).containsExactly(Operation.GET_CLOCK);
        assertThat(of(() -> vm.setClock(5, 0, 0)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.SET_CLOCK);
        assertThat(of(() -> vm.createVcpu(1))).extracting(TraceEvent::operation).containsExactly(Operation.CREATE_VCPU);
        assertThat(of(() -> new X86Vm(host, KernelProfile.of("v6.12"), 1)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.CREATE_VM);
    }

    /** Until 5.11 and 5.15 they take two steps, and nobody else's come between. */
    @Test
    void clockIoctlsOfTwoStepsEmitBothAndKeepNobodyWaiting() throws Exception {
        X86Vm old = new X86Vm(host, KernelProfile.of("v5.10"), 1);
        assertThat(of(old::getClock))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.BEGIN_GET_CLOCK, Operation.GET_CLOCK);
        assertThat(of(() -> old.setClock(5, 0, 0)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.BEGIN_SET_CLOCK, Operation.SET_CLOCK);
        aside(old::getClock).get(20, TimeUnit.SECONDS);
        aside(() -> old.setClock(5, 0, 0)).get(20, TimeUnit.SECONDS);
    }

    @Test
    void theHostEmitsOneEventForEachChange() {
        assertThat(of(() -> host.setTscClocksource(true))).isEmpty();
        assertThat(of(() -> host.setTscClocksource(false)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.HOST_CLOCKSOURCE);
        assertThat(of(() -> host.resume(1, 0)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.HOST_RESUMES);
        assertThat(of(host::markTscUnstable))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.HOST_TSC_UNSTABLE);
        assertThat(of(host::markTscUnstable)).isEmpty();
    }

    @Test
    void whatIsNoInputIsRefusedAndLeavesNoEvent() {
        X86Vm old = new X86Vm(host, KernelProfile.of("v5.14"), 1);
        X86Vcpu without = old.createVcpu(0);
        assertThat(old.hasTscOffsetAttribute()).isFalse();
        assertThat(vm.hasTscOffsetAttribute()).isTrue();
        assertThat(of(() -> {
                    assertThatThrownBy(() -> without.setTscOffset(1)).isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(without::getTscOffset).isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(() -> vm.createVcpu(0)).isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> vcpu.setTscKhz(-1)).isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> vcpu.writePvclockPage(-2, PAGE))
                            .isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> vcpu.writePvclockPage(3, PAGE))
                            .isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> host.advance(-1)).isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> host.resume(0, 0)).isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> host.resume(1, -1)).isInstanceOf(IllegalArgumentException.class);
                }))
                .isEmpty();
    }

    /** A page is replaced under a guest only after KVM has kicked its vCPU out. */
    @Test
    void thePageOfAVcpuInTheGuestStaysUntilItIsKicked() {
        assertThat(of(() -> vcpu.writePvclockPage(0, PAGE)))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.WRITE_PVCLOCK_PAGE);
        vcpu.enterGuest();
        assertThatThrownBy(() -> vcpu.writePvclockPage(2, PAGE)).isInstanceOf(IllegalStateException.class);
        vcpu.guestWriteSystemTime(true, false);
        vcpu.writePvclockPage(2, PAGE);
        assertThat(vcpu.pvclockPage().contents()).isEqualTo(PAGE);
    }

    @Test
    void aHostDoesNotSuspendWithAVcpuInTheGuest() {
        vcpu.enterGuest();
        assertThat(of(() -> assertThatThrownBy(() -> host.resume(1, 0)).isInstanceOf(IllegalStateException.class)))
                .isEmpty();
        vcpu.exitGuest();
        host.resume(1, 0);
    }

    @Test
    void anUnstableTscIsNoClocksource() {
        host.markTscUnstable();
        assertThat(host.tscClocksource()).isFalse();
        assertThat(host.tscUnstable()).isTrue();
        assertThatThrownBy(() -> host.setTscClocksource(true)).isInstanceOf(IllegalStateException.class);
    }

    /** A guest reads kvmclock from a page that KVM keeps, and from another vCPU's only if that says that it is stable. */
    @Test
    void aClockNeedsAPage() {
        X86Vcpu other = vm.createVcpu(1);
        other.enterGuest();
        other.exitGuest();
        vcpu.enterGuest();
        assertThat(of(() -> assertThatThrownBy(vcpu::guestReadClock).isInstanceOf(IllegalStateException.class)))
                .isEmpty();
        vcpu.exitGuest();
        host.setTscClocksource(false); // no page is stable then
        vcpu.writeSystemTime(true);
        other.writeSystemTime(true);
        other.enterGuest();
        other.exitGuest();
        vcpu.enterGuest();
        assertThatThrownBy(() -> vcpu.guestReadClock(other)).isInstanceOf(IllegalStateException.class);
        assertThat(vcpu.guestReadClock()).isZero();
        assertThatThrownBy(vcpu::guestClearsStopped)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("GUEST_STOPPED is not set");
    }

    /** KVM_SET_CLOCK knows the flags 2, 4 and 8, and before 5.16 none. */
    @Test
    void aFlagThatKvmDoesNotKnowIsRefused() {
        assertThat(vm.setClock(5, 16, 0)).isEqualTo(22);
        assertThat(vm.setClock(5, 14, 0)).isZero();
        X86Vm old = new X86Vm(host, KernelProfile.of("v5.14"), 1);
        assertThat(old.setClock(5, 2, 0)).isEqualTo(22);
        assertThat(old.setClock(5, 0, 0)).isZero();
    }

    /** The corrected kernel looks at the vCPUs' lines: equal offsets at different ratios are not one line. */
    @Test
    void equalOffsetsAtDifferentRatesAreNotOneLine() {
        X86Vm corrected = new X86Vm(host, KernelProfile.of("corrected"), 1);
        List<X86Vcpu> both = List.of(corrected.createVcpu(0), corrected.createVcpu(1));
        both.get(1).setTscKhz(2_000_000);
        both.forEach(v -> v.setTscOffset(7));
        both.forEach(X86Vcpu::cancelEntry);
        assertThat(corrected.useMasterClock()).isFalse();
        both.get(1).setTscKhz(0);
        both.forEach(v -> v.setTscOffset(7));
        both.forEach(X86Vcpu::cancelEntry);
        assertThat(corrected.useMasterClock()).isTrue();
    }

    /** One event when it fires, and none before or after. */
    @Test
    void aTimerThatFiresEmitsOneEvent() {
        vcpu.setLapic(true);
        vcpu.writeTscDeadline(vcpu.readTsc() + SECOND);
        assertThat(of(() -> assertThat(vcpu.timerFires()).isFalse())).isEmpty();
        host.advance(SECOND);
        assertThat(of(() -> assertThat(vcpu.timerFires()).isTrue()))
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.TIMER_FIRES);
        assertThat(of(() -> assertThat(vcpu.timerFires()).isFalse())).isEmpty();
    }
}
