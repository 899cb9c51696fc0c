package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A vCPU that KVM kicks out of the guest, and what can be read of a VM without an operation. */
class X86KickTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<TraceEvent> events = new ArrayList<>();
    private final X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 77 * SECOND, events::add);
    private final X86Vm vm = new X86Vm(host, KernelProfile.of("v7.3"), 0);

    /** In the guest, with a page that says that it was stopped; KVM then asks it for a clock update. */
    private X86Vcpu kicked() {
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.writeSystemTime(true);
        vcpu.kvmclockCtrl();
        vcpu.enterGuest();
        assertThat(vcpu.kicked()).isFalse();
        vcpu.askForClockUpdate();
        assertThat(vcpu.kicked()).isTrue();
        events.clear();
        return vcpu;
    }

    /** It goes through KVM, which writes its page anew, before it reads it. */
    @Test
    void aKickedVcpuGoesThroughKvmBeforeItReadsTheClock() {
        X86Vcpu vcpu = kicked();
        host.advance(SECOND);
        assertThat(vcpu.guestReadClock()).isEqualTo(SECOND);
        assertThat(events)
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.REENTER_GUEST, Operation.GUEST_READ_CLOCK);
        assertThat(vcpu.kicked()).isFalse();
        assertThat(vcpu.pvclockPage().version()).isEqualTo(4);
    }

    @Test
    void aKickedVcpuGoesThroughKvmBeforeItClearsTheFlag() {
        X86Vcpu vcpu = kicked();
        vcpu.guestClearsStopped();
        assertThat(events)
                .extracting(TraceEvent::operation)
                .containsExactly(Operation.REENTER_GUEST, Operation.GUEST_CLEARS_STOPPED);
        assertThat(vcpu.kicked()).isFalse();
    }

    /** Outside of the guest there is nobody to kick. */
    @Test
    void aVcpuOutsideOfTheGuestIsNotKicked() {
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.askForClockUpdate();
        vcpu.askForMasterclockUpdate();
        assertThat(vcpu.kicked()).isFalse();
        vcpu.enterGuest();
        vcpu.askForMasterclockUpdate();
        assertThat(vcpu.kicked()).isTrue();
    }

    /** An update of the masterclock kicks all that are in the guest, but not the one that performs it. */
    @Test
    void anUpdateOfTheMasterclockKicksTheOthers() {
        X86Vcpu first = vm.createVcpu(0);
        X86Vcpu second = vm.createVcpu(1);
        X86Vcpu outside = vm.createVcpu(2);
        first.enterGuest();
        second.enterGuest();
        second.askForMasterclockUpdate();
        second.reenterGuest();
        assertThat(List.of(first.kicked(), second.kicked(), outside.kicked())).containsExactly(true, false, false);
    }

    /** By number, of each vCPU. */
    @Test
    void anEventShowsTheStateOfEachVcpu() {
        vm.createVcpu(0);
        X86Vcpu second = vm.createVcpu(1);
        second.setTscOffset(5);
        assertThat(second.getTscOffset()).isEqualTo(5);
        assertThat(events.get(events.size() - 1).state())
                .containsEntry(StateVariable.TSC_OFFSET, Map.of(0, -77 * SECOND, 1, 5L))
                .containsEntry(StateVariable.VIRTUAL_TSC_KHZ, Map.of(0, 1_000_000, 1, 1_000_000))
                .containsEntry(StateVariable.PVCLOCK_VERSION, Map.of(0, 0, 1, 0));
    }

    /** Until 5.11 the caller of KVM_GET_CLOCK may be preempted after the clock is taken. */
    @Test
    void betweenTheStepsOfAReadOfTheClockTimeMayPass() {
        X86Vm old = new X86Vm(host, KernelProfile.of("v5.10"), 1);
        old.setBetween(() -> host.advance(SECOND));
        assertThat(old.getClock().clock()).isZero();
        assertThat(host.baseNs()).isEqualTo(SECOND);
    }

    @Test
    void whatIsReadWithoutAnOperationIsWhatAnEventShows() {
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.enterGuest();
        vcpu.exitGuest();
        host.advance(SECOND);
        vcpu.writeTsc(50 * SECOND);
        vm.setClock(9 * SECOND, 0, 0);
        int before = events.size();
        TraceEvent last = events.get(before - 1);
        assertThat(last.state())
                .containsEntry(StateVariable.CUR_TSC_GENERATION, vm.curTscGeneration())
                .containsEntry(StateVariable.CUR_TSC_OFFSET, vm.curTscOffset())
                .containsEntry(StateVariable.KVMCLOCK_OFFSET, vm.kvmclockOffset())
                .containsEntry(StateVariable.USE_MASTER_CLOCK, vm.useMasterClock())
                .isEqualTo(vm.observed());
        assertThat(List.of(vm.curTscOffset(), vm.kvmclockOffset())).containsExactly(-28 * SECOND, 8 * SECOND);
        assertThat(vm.curTscGeneration()).isPositive();
        assertThat(vm.useMasterClock()).isTrue();
        assertThat(vm.vcpu(0)).isSameAs(vcpu);
        assertThat(vm.vcpu(1)).isNull();
        assertThat(events).hasSize(before);
    }
}
