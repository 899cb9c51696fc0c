package dev.longitude.arm64;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is the same for every operation on a vCPU: its event, when it is refused, and whom it keeps waiting. */
class Arm64OperationsTest {
    private static final long WAIT = 20;

    /** From userspace, while the vCPU is not in KVM_RUN. */
    private static final ImmutableMap<Operation, Consumer<Arm64Vcpu>> IOCTLS =
            ImmutableMap.<Operation, Consumer<Arm64Vcpu>>builder()
                    .put(Operation.INIT_VCPU, Arm64Vcpu::init)
                    .put(Operation.SET_TIMER_CNT, v -> v.setTimerCnt(5))
                    .put(Operation.GET_TIMER_CNT, Arm64Vcpu::getTimerCnt)
                    .put(Operation.SET_PTIMER_CNT, v -> v.setPtimerCnt(5))
                    .put(Operation.GET_PTIMER_CNT, Arm64Vcpu::getPtimerCnt)
                    .put(Operation.SET_VTIMER_CVAL, v -> v.timers().setVtimerCval(5))
                    .put(Operation.GET_VTIMER_CVAL, v -> v.timers().getVtimerCval())
                    .put(Operation.SET_VTIMER_CTL, v -> v.timers().setVtimerCtl(true))
                    .put(Operation.GET_VTIMER_CTL, v -> v.timers().getVtimerCtl())
                    .put(Operation.SET_PTIMER_CVAL, v -> v.timers().setPtimerCval(5))
                    .put(Operation.GET_PTIMER_CVAL, v -> v.timers().getPtimerCval())
                    .put(Operation.SET_PTIMER_CTL, v -> v.timers().setPtimerCtl(true))
                    .put(Operation.GET_PTIMER_CTL, v -> v.timers().getPtimerCtl())
                    .put(Operation.SET_VTIMER_OFFSET, v -> v.setVtimerOffset(5))
                    .put(Operation.GET_VTIMER_OFFSET, Arm64Vcpu::getVtimerOffset)
                    .put(Operation.SET_PTIMER_OFFSET, v -> v.setPtimerOffset(5))
                    .put(Operation.GET_PTIMER_OFFSET, Arm64Vcpu::getPtimerOffset)
                    .put(
                            Operation.SET_SYSTEM_COUNTER_STATE,
                            v -> v.setSystemCounterState(1, new Arm64Vcpu.SystemCounterState(1, 5, 6)))
                    .put(Operation.GET_SYSTEM_COUNTER_STATE, Arm64Vcpu::getSystemCounterState)
                    .buildOrThrow();

    /** By the guest. */
    private static final ImmutableMap<Operation, Consumer<Arm64Vcpu>> BY_THE_GUEST = ImmutableMap.of(
            Operation.GUEST_READ_CNTVCT,
            Arm64Vcpu::guestReadCntvct,
            Operation.GUEST_READ_CNTPCT,
            Arm64Vcpu::guestReadCntpct,
            Operation.GUEST_SET_VTIMER,
            v -> v.timers().guestSetVtimer(5),
            Operation.GUEST_SET_PTIMER,
            v -> v.timers().guestSetPtimer(5));

    /** Those with a test of their own below, and those that are no method of a vCPU. */
    private static final ImmutableSet<Operation> OTHERS = ImmutableSet.of(
            Operation.CREATE_VM,
            Operation.BEGIN_CREATE_VCPU,
            Operation.CREATE_VCPU,
            Operation.BROADCAST_TO,
            Operation.SET_COUNTER_OFFSET,
            Operation.ARM64_VCPU_LOAD,
            Operation.VCPU_PUT,
            Operation.ENTER_GUEST,
            Operation.EXIT_GUEST,
            Operation.LOOK_AT_VTIMER,
            Operation.LOOK_AT_PTIMER);

    private final List<TraceEvent> events = Collections.synchronizedList(new ArrayList<>());

    static Set<Operation> ioctls() {
        return IOCTLS.keySet();
    }

    static Set<Operation> byTheGuest() {
        return BY_THE_GUEST.keySet();
    }

    private static void perform(Operation operation, Arm64Vcpu vcpu) {
        Stream.of(IOCTLS, BY_THE_GUEST)
                .flatMap(each -> each.entrySet().stream())
                .filter(each -> each.getKey() == operation)
                .forEach(each -> each.getValue().accept(vcpu));
    }

    private Arm64Host host(String kernel) {
        Arm64Host host = new Arm64Host(KernelProfile.of(kernel), true, false, 2, 1_000, events::add);
        host.setWaiting(() -> {
            throw new IllegalStateException("a wait that no test expects");
        });
        return host;
    }

    /** A host with a kernel that has the operation. */
    private Arm64Host hostWith(Operation operation) {
        return host(
                switch (operation) {
                    case SET_VTIMER_OFFSET, GET_VTIMER_OFFSET, SET_PTIMER_OFFSET, GET_PTIMER_OFFSET -> "series-v2";
                    case SET_SYSTEM_COUNTER_STATE, GET_SYSTEM_COUNTER_STATE -> "series-v1";
                    default -> "v6.12";
                });
    }

    private Arm64Vcpu vcpuFor(Operation operation) {
        return hostWith(operation).createVm(0).createVcpu(0);
    }

    /** The events of what is done. */
    private List<TraceEvent> of(Runnable done) {
        int before = events.size();
        done.run();
        return List.copyOf(events.subList(before, events.size()));
    }

    private List<Operation> operations(Runnable done) {
        return of(done).stream().map(TraceEvent::operation).toList();
    }

    private static CompletableFuture<Void> aside(Runnable work) {
        return CompletableFuture.runAsync(work);
    }

    private void assertEvent(Operation operation, Arm64Vcpu vcpu) {
        TraceEvent event = of(() -> perform(operation, vcpu)).get(0);
        assertThat(event.operation()).isEqualTo(operation);
        assertThat(event.args()).containsEntry(Field.VCPU, vcpu.index());
        assertThat(event.args().keySet()).containsAll(operation.args());
        assertThat(event.results().keySet()).containsAll(operation.results());
        assertThat(event.state()).isNotEmpty();
    }

    @Test
    void everyOperationIsInOneOfTheLists() {
        assertThat(Sets.union(Sets.union(ioctls(), byTheGuest()), OTHERS))
                .containsExactlyInAnyOrderElementsOf(Operation.of(Arch.ARM64));
    }

    /** Of all that it locks nothing stays locked: other threads' ioctls on vCPU and VM go through, and so does KVM_RUN. */
    @ParameterizedTest
    @MethodSource("ioctls")
    void anIoctlEmitsAnEventAndKeepsNobodyWaiting(Operation operation) throws Exception {
        Arm64Host host = hostWith(operation);
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        assertEvent(operation, vcpu);
        assertThat(vcpu.isTaken()).isFalse();
        aside(() -> perform(operation, vcpu)).get(WAIT, TimeUnit.SECONDS);
        aside(() -> vm.createVcpu(1)).get(WAIT, TimeUnit.SECONDS);
        vcpu.load(0);
        assertThat(vcpu.isTaken()).as("one permit, not two").isTrue();
    }

    /** Also while it is preempted: KVM_RUN holds the vCPU's mutex until it returns. */
    @ParameterizedTest
    @MethodSource("ioctls")
    void anIoctlWaitsUntilKvmRunReturns(Operation operation) throws Exception {
        Arm64Host host = hostWith(operation);
        CountDownLatch waits = new CountDownLatch(1);
        host.setWaiting(waits::countDown);
        Arm64Vcpu vcpu = host.createVm(0).createVcpu(0);
        vcpu.load(0);
        vcpu.put(false);
        CompletableFuture<Void> ioctl = aside(() -> perform(operation, vcpu));
        assertThat(waits.await(WAIT, TimeUnit.SECONDS)).isTrue();
        int before = events.size();
        vcpu.load(0);
        vcpu.put(true);
        ioctl.get(WAIT, TimeUnit.SECONDS);
        assertThat(events.subList(before, events.size()))
                .extracting(TraceEvent::operation)
                .startsWith(Operation.ARM64_VCPU_LOAD, Operation.VCPU_PUT, operation);
    }

    /** Until 6.2 a set takes several steps: a KVM_RUN that comes in between waits until the ioctl has ended. */
    @Test
    void kvmRunWaitsUntilAnIoctlHasEnded() throws Exception {
        Arm64Host host = host("v6.1");
        CountDownLatch waits = new CountDownLatch(1);
        host.setWaiting(waits::countDown);
        Arm64Vcpu vcpu = host.createVm(0).createVcpu(0);
        List<CompletableFuture<Void>> runs = new ArrayList<>();
        host.setBetween(() -> {
            assertThat(vcpu.isTaken()).isTrue();
            runs.add(aside(() -> {
                vcpu.load(0);
                vcpu.put(true);
            }));
            try {
                assertThat(waits.await(WAIT, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        int before = events.size();
        vcpu.setTimerCnt(7);
        runs.get(0).get(WAIT, TimeUnit.SECONDS);
        assertThat(events.subList(before, events.size()))
                .extracting(TraceEvent::operation)
                .containsExactly(
                        Operation.SET_TIMER_CNT, Operation.BROADCAST_TO, Operation.ARM64_VCPU_LOAD, Operation.VCPU_PUT);
        assertThat(vcpu.isTaken()).isFalse();
        vcpu.load(0);
        assertThat(vcpu.isTaken()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("byTheGuest")
    void whatTheGuestDoesEmitsOneEventAndIsRefusedOutsideOfIt(Operation operation) throws Exception {
        Arm64Vcpu vcpu = vcpuFor(operation);
        vcpu.load(0);
        assertThat(of(() -> assertThatThrownBy(() -> perform(operation, vcpu))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("vCPU 0 is not in the guest")))
                .isEmpty();
        vcpu.enterGuest();
        assertEvent(operation, vcpu);
        aside(() -> perform(operation, vcpu)).get(WAIT, TimeUnit.SECONDS);
    }

    @Test
    void kvmRunEmitsItsSteps() {
        Arm64Vcpu vcpu = host("v6.12").createVm(0).createVcpu(0);
        assertThat(operations(() -> vcpu.load(1))).containsExactly(Operation.ARM64_VCPU_LOAD);
        assertThat(List.of(vcpu.isLoaded(), vcpu.inRun(), vcpu.inGuest(), vcpu.isTaken()))
                .containsExactly(true, true, false, true);
        assertThat(operations(vcpu::enterGuest)).containsExactly(Operation.ENTER_GUEST);
        assertThat(vcpu.inGuest()).isTrue();
        assertThat(operations(vcpu::exitGuest)).containsExactly(Operation.EXIT_GUEST);
        assertThat(vcpu.inGuest()).isFalse();
        assertThat(operations(() -> vcpu.put(false))).containsExactly(Operation.VCPU_PUT);
        assertThat(List.of(vcpu.isLoaded(), vcpu.inRun(), vcpu.isTaken())).containsExactly(false, true, true);
        vcpu.load(0);
        vcpu.put(true);
        assertThat(List.of(vcpu.isLoaded(), vcpu.inRun(), vcpu.isTaken())).containsExactly(false, false, false);
    }

    @Test
    void theStepsOfKvmRunHaveAnOrder() {
        Arm64Host host = host("v6.12");
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        Arm64Vcpu other = vm.createVcpu(1);
        assertRefused(() -> vcpu.put(true));
        assertRefused(vcpu::enterGuest);
        assertRefused(vcpu::exitGuest);
        vcpu.load(0);
        assertRefused(() -> vcpu.load(1));
        assertRefused(() -> other.load(0));
        assertThat(host.isIdle(0)).isFalse();
        assertThat(host.isIdle(1)).isTrue();
        vcpu.enterGuest();
        assertRefused(vcpu::enterGuest);
        assertRefused(() -> vcpu.put(true));
        vcpu.exitGuest();
        assertRefused(vcpu::exitGuest);
        vcpu.put(true);
        assertThat(host.isIdle(0)).isTrue();
        other.load(0);
    }

    private void assertRefused(Runnable step) {
        assertThat(of(() -> assertThatThrownBy(step::run).isInstanceOf(IllegalStateException.class)))
                .isEmpty();
    }

    @Test
    void aLookAtATimerEmitsItsEvent() {
        Arm64Vcpu vcpu = host("v6.12").createVm(0).createVcpu(0);
        vcpu.timers().setVtimerCtl(true);
        vcpu.timers().setPtimerCtl(true);
        assertRefused(() -> vcpu.timers().lookAtPtimer());
        vcpu.load(0);
        assertThat(operations(() -> vcpu.timers().lookAtVtimer())).containsExactly(Operation.LOOK_AT_VTIMER);
        assertThat(operations(() -> vcpu.timers().lookAtPtimer())).containsExactly(Operation.LOOK_AT_PTIMER);
    }

    @Test
    void whatAKernelDoesNotHaveIsRefused() {
        Arm64Vm vm = host("v6.12").createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        assertThat(List.of(vm.hasCounterOffset(), vcpu.hasOffsetAttributes(), vcpu.hasSystemCounterState()))
                .containsExactly(true, false, false);
        assertRefused(() -> vcpu.setVtimerOffset(1));
        assertRefused(() -> vcpu.setPtimerOffset(1));
        assertRefused(vcpu::getVtimerOffset);
        assertRefused(vcpu::getPtimerOffset);
        assertRefused(vcpu::getSystemCounterState);
        assertRefused(() -> vcpu.setSystemCounterState(0, new Arm64Vcpu.SystemCounterState(0, 1, 1)));
        Arm64Vm second = host("series-v2").createVm(0);
        assertThat(second.hasCounterOffset()).isFalse();
        assertThat(second.createVcpu(0).hasOffsetAttributes()).isTrue();
        assertThat(host("series-v1").createVm(0).createVcpu(0).hasSystemCounterState())
                .isTrue();
    }

    /** Its ioctl runs on a CPU that no vCPU is loaded on, and knows one flag. */
    @Test
    void theCounterStateOfTheFirstVersionIsSetOnAnIdleCpu() {
        Arm64Vm vm = host("series-v1").createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        Arm64Vcpu other = vm.createVcpu(1);
        other.load(1);
        Arm64Vcpu.SystemCounterState state = new Arm64Vcpu.SystemCounterState(1, 5, 6);
        assertRefused(() -> vcpu.setSystemCounterState(1, state));
        assertThat(vcpu.setSystemCounterState(0, state)).isZero();
        assertThat(vcpu.getSystemCounterState()).isEqualTo(state);
        assertThat(vcpu.setSystemCounterState(0, new Arm64Vcpu.SystemCounterState(2, 7, 8)))
                .isEqualTo(22);
        assertThat(vcpu.getSystemCounterState()).isEqualTo(state);
        assertThat(vcpu.setSystemCounterState(0, new Arm64Vcpu.SystemCounterState(0, 7, 8)))
                .isZero();
        assertThat(vcpu.getSystemCounterState()).isEqualTo(new Arm64Vcpu.SystemCounterState(1, 7, 6));
    }

    /** Both vCPUs' mutexes are free again, whether it succeeds or finds one taken. */
    @Test
    void theOffsetOfTheVmTakesAllMutexesOrNone() {
        Arm64Vm vm = host("v6.12").createVm(0);
        Arm64Vcpu first = vm.createVcpu(0);
        Arm64Vcpu second = vm.createVcpu(1);
        assertThat(operations(() -> vm.setCounterOffset(5, 0))).containsExactly(Operation.SET_COUNTER_OFFSET);
        assertThat(List.of(first.isTaken(), second.isTaken())).containsExactly(false, false);
        second.load(0);
        assertThat(vm.setCounterOffset(6, 0)).isEqualTo(16);
        assertThat(List.of(first.isTaken(), second.isTaken())).containsExactly(false, true);
        assertThat(first.virtualOffset()).isEqualTo(5);
    }

    @Test
    void ioctlsOfTheVmKeepNobodyWaiting() throws Exception {
        Arm64Vm vm = host("v6.1").createVm(0);
        vm.createVcpu(1);
        vm.setCounterOffset(5, 0);
        aside(() -> vm.createVcpu(0).setTimerCnt(5)).get(WAIT, TimeUnit.SECONDS);
        assertThat(requireNonNull(vm.vcpu(0)).index()).isZero();
        assertThat(requireNonNull(vm.vcpu(1)).index()).isEqualTo(1);
        assertThat(vm.vcpu(2)).isNull();
    }

    /** In the order of the vCPUs' numbers, and of those there are. */
    @Test
    void aBroadcastGoesFromVcpuToVcpu() {
        Arm64Vm vm = host("v6.1").createVm(0);
        vm.createVcpu(2);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        assertThat(of(() -> vm.createVcpu(1)))
                .filteredOn(e -> e.operation() == Operation.BROADCAST_TO)
                .extracting(e -> e.args().get(Field.VCPU))
                .containsExactly(0, 2, 1);
        assertThat(of(() -> vcpu.setTimerCnt(7)))
                .filteredOn(e -> e.operation() == Operation.BROADCAST_TO)
                .extracting(e -> e.args().get(Field.VCPU))
                .containsExactly(0, 1, 2);
    }

    @Test
    void aNumberIsUsedOnce() {
        for (String kernel : List.of("v6.1", "v6.12")) {
            Arm64Host host = host(kernel);
            Arm64Vm vm = host.createVm(3);
            vm.createVcpu(1);
            assertThatThrownBy(() -> vm.createVcpu(1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> host.createVm(3)).isInstanceOf(IllegalArgumentException.class);
            assertThat(vm.id()).isEqualTo(3);
            assertThat(host.vm(3)).isSameAs(vm);
            assertThat(host.vm(0)).isNull();
            assertThat(vm.createVcpu(0).index()).isZero();
        }
    }

    @Test
    void aHostHasCpusAndItsTimeDoesNotGoBack() {
        assertThatThrownBy(() -> new Arm64Host(KernelProfile.of("v6.12"), true, false, 0, 0, null))
                .isInstanceOf(IllegalArgumentException.class);
        Arm64Host host = new Arm64Host(KernelProfile.of("v6.12"), true, false, 1, 7, null);
        assertThat(host.pcpus()).isEqualTo(1);
        assertThatThrownBy(() -> host.advance(-1)).hasMessage("time does not go back by 1 ticks");
        host.advance(0);
        assertThat(host.cntpct()).isEqualTo(7);
        Arm64Vcpu vcpu = host.createVm(0).createVcpu(0); // and records nothing
        assertThat(vcpu.virtualOffset()).isEqualTo(7);
    }

    /** By number, of each vCPU; of the physical timers those that are on. */
    @Test
    void anEventShowsTheStateOfEachVcpu() {
        Arm64Vm vm = host("series-v1").createVm(0);
        vm.createVcpu(0).setSystemCounterState(0, new Arm64Vcpu.SystemCounterState(1, 5, 6));
        Arm64Vcpu second = vm.createVcpu(1);
        assertThat(of(second::getTimerCnt).get(0).state())
                .containsEntry(StateVariable.SHADOW_CNTVOFF, Map.of(0, 1_000L, 1, 1_000L))
                .containsEntry(StateVariable.SHADOW_CNTPOFF, Map.of(0, 6L, 1, 0L));
        Arm64Vcpu other = vcpuFor(Operation.SET_PTIMER_CVAL);
        other.timers().setPtimerCval(7);
        assertThat(of(() -> other.timers().setPtimerCtl(true)).get(0).state())
                .containsEntry(StateVariable.PTIMER_CVAL, Map.of(0, 7L));
        assertThat(of(() -> other.timers().setPtimerCtl(false)).get(0).state())
                .containsEntry(StateVariable.PTIMER_CVAL, Map.of());
    }

    /** Once the offset of the VM is set, the corrected kernel says that a value has no effect. */
    @Test
    void aValueThatHasNoEffectIsRefusedByTheCorrectedKernel() {
        Arm64Vm vm = host("corrected").createVm(0);
        Arm64Vcpu vcpu = vm.createVcpu(0);
        assertThat(vcpu.setTimerCnt(7)).isZero();
        assertThat(vm.setCounterOffset(5, 0)).isZero();
        assertThat(vcpu.setTimerCnt(7)).isEqualTo(16);
        assertThat(vcpu.setPtimerCnt(7)).isEqualTo(16);
    }
}
