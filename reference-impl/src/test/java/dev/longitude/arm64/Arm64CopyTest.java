package dev.longitude.arm64;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A copy of a host has the state of its original, and goes on by itself. */
class Arm64CopyTest {
    private final List<TraceEvent> events = new ArrayList<>();
    private final Arm64Host host = new Arm64Host(KernelProfile.of("v6.12"), true, true, 2, 1_000, events::add);

    private static Arm64Vm vm(Arm64Host host) {
        return requireNonNull(host.vm(0));
    }

    private static Arm64Vcpu vcpu(Arm64Host host, int index) {
        return requireNonNull(vm(host).vcpu(index));
    }

    /** A host with a VM, of whose vCPUs the first is in the guest on CPU 1. */
    private Arm64Host used() {
        host.setWaiting(() -> {
            throw new IllegalStateException("waits");
        });
        Arm64Vm vm = host.createVm(0);
        Arm64Vcpu first = vm.createVcpu(0);
        vm.createVcpu(1);
        vm.setCounterOffset(600, 0);
        first.timers().setPtimerCval(450);
        first.timers().setVtimerCval(451);
        first.timers().setVtimerCtl(true);
        first.timers().setPtimerCtl(true);
        first.load(1);
        first.enterGuest();
        return host;
    }

    @Test
    void aCopyHasTheSameState() {
        Arm64Host copy = used().copy();
        assertThat(copy.observed(vm(copy))).isEqualTo(host.observed(vm(host)));
        assertThat(copy.cntpct()).isEqualTo(1_000);
        assertThat(copy.described()).isEqualTo(new TraceHeader.Arm64(true, true, 2));
        assertThat(copy.isIdle(1)).isFalse();
        assertThat(copy.isIdle(0)).isTrue();
        Arm64Vcpu first = vcpu(copy, 0);
        assertThat(List.of(first.isTaken(), first.inRun(), first.isLoaded(), first.inGuest()))
                .containsOnly(true);
        Arm64Vcpu second = vcpu(copy, 1);
        assertThat(List.of(second.isTaken(), second.inRun(), second.isLoaded(), second.inGuest()))
                .containsOnly(false);
        assertThat(first.timers().vtimerCval()).isEqualTo(451);
        assertThat(first.timers().ptimerCval()).isEqualTo(450);
        assertThat(List.of(first.timers().hasVtimer(), first.timers().hasPtimer()))
                .containsOnly(true);
        assertThat(first.guestReadCntpct()).isEqualTo(400);
        assertThat(vm(copy).setCounterOffset(0, 0)).as("a vCPU is in KVM_RUN").isEqualTo(16);
    }

    @Test
    void bothGoOnFromThere() {
        Arm64Host copy = used().copy();
        Consumer<Arm64Host> steps = h -> {
            h.advance(50);
            vcpu(h, 0).exitGuest();
            vcpu(h, 0).put(true);
            vm(h).setCounterOffset(5, 0);
            vcpu(h, 1).load(1);
            vcpu(h, 1).enterGuest();
        };
        int before = events.size();
        steps.accept(copy);
        assertThat(events).as("its events go to the same place").hasSize(before + 5);
        assertThat(copy.observed(vm(copy))).isNotEqualTo(host.observed(vm(host)));
        assertThat(vcpu(host, 0).inGuest()).isTrue();
        steps.accept(host);
        assertThat(copy.observed(vm(copy))).isEqualTo(host.observed(vm(host)));
    }

    /** A wait in the only thread would never end: what the test sets to happen instead happens in the copy too. */
    @Test
    void whatHappensBeforeAWaitIsCopied() {
        Arm64Host copy = used().copy();
        assertThatThrownBy(() -> vcpu(copy, 0).getTimerCnt()).hasMessage("waits");
    }

    @Test
    void aHostThatOmitsTheStateDoesSoInItsCopy() {
        used();
        assertThat(events.get(events.size() - 1).state()).isEqualTo(host.observed(vm(host)));
        host.omitState();
        vcpu(host.copy(), 1).getTimerCnt();
        assertThat(events.get(events.size() - 1).state()).isEmpty();
    }

    /** A loop over the vCPUs that is taken step by step goes on in a copy, and by itself in the original. */
    @Test
    void aLoopInProgressIsCopied() {
        Arm64Host old = new Arm64Host(KernelProfile.of("v6.1"), true, false, 1, 1_000, events::add);
        old.setWaiting(() -> {
            throw new IllegalStateException("waits");
        });
        old.setStepwise();
        Arm64Vm vm = old.createVm(0);
        for (int index = 0; index < 2; index++) {
            assertThatThrownBy(() -> vm.createVcpu(7)).hasMessageContaining("has not begun");
            vm.beginCreateVcpu(index);
            assertThat(vm.vcpu(index)).as("its creation has not returned").isNull();
            while (vm.broadcast() != null) {
                assertThatThrownBy(() -> vm.createVcpu(1)).hasMessage("waits");
                vm.broadcastToNext();
            }
            vm.createVcpu(index);
        }
        vcpu(old, 1).setTimerCnt(300);
        vm.broadcastToNext();
        Arm64Host copy = old.copy();
        Broadcast loop = requireNonNull(vm(copy).broadcast());
        assertThat(List.of(loop.next(), loop.size(), loop.callerIndex())).containsExactly(1, 1, 1);
        assertThat(loop.offset()).isEqualTo(700);
        assertThatThrownBy(() -> vcpu(copy, 1).getTimerCnt()).hasMessage("waits");
        vm(copy).broadcastToNext();
        assertThat(vm(copy).broadcast()).isNull();
        assertThat(vcpu(copy, 1).getTimerCnt()).isEqualTo(300);
        assertThat(vcpu(copy, 0).getTimerCnt()).isEqualTo(300);
        assertThat(vm.broadcast()).as("the original's").isNotNull();
        assertThat(vcpu(old, 1).isTaken()).isTrue();
        assertThatThrownBy(() -> vm(copy).broadcastToNext()).hasMessageContaining("no loop");
    }
}
