package dev.longitude.x86;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A copy of a host has the state of its original, and goes on by itself. The host runs at 1 GHz. */
class X86CopyTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<TraceEvent> events = new ArrayList<>();
    private final X86Host host = new X86Host(1_000_000, TscScaling.INTEL, true, 77 * SECOND, events::add);

    private static X86Vcpu vcpu(X86Host host, int index) {
        return requireNonNull(host.vms().get(0).vcpu(index));
    }

    private X86Vm used(String kernel) {
        X86Vm vm = new X86Vm(host, KernelProfile.of(kernel), 0);
        X86Vcpu first = vm.createVcpu(0);
        X86Vcpu second = vm.createVcpu(1);
        host.advance(SECOND);
        host.setRealtime(5 * SECOND);
        first.setTscKhz(2_000_000);
        first.writeTsc(50 * SECOND);
        first.writeSystemTime(true);
        first.setLapic(true);
        first.writeTscDeadline(60 * SECOND);
        second.writeTscAdjust(3);
        host.advance(SECOND);
        first.enterGuest();
        return vm;
    }

    @Test
    void aCopyHasTheSameState() {
        X86Vm vm = used("v6.12");
        X86Host copy = host.copy();
        assertThat(copy.vms()).hasSize(1);
        X86Vm twin = copy.vms().get(0);
        assertThat(twin.observed()).isEqualTo(vm.observed());
        assertThat(twin.vcpu(2)).isNull();
        assertThat(copy.rdtsc()).isEqualTo(host.rdtsc());
        assertThat(copy.baseNs()).isEqualTo(host.baseNs()).isEqualTo(2 * SECOND);
        assertThat(copy.realtime()).isEqualTo(host.realtime()).isEqualTo(6 * SECOND);
        X86Vcpu first = vcpu(copy, 0);
        assertThat(first.pvclockPage().contents())
                .isEqualTo(vcpu(host, 0).pvclockPage().contents());
        assertThat(first.timer().deadlineMode()).isTrue();
        assertThat(first.timer().deadline()).isEqualTo(60 * SECOND);
        assertThat(first.timer().armedOffset())
                .isEqualTo(vcpu(host, 0).timer().armedOffset())
                .isNotZero();
        assertThat(first.timer().armedRatio()).isEqualTo(2L << 48);
        assertThat(first.inGuest()).isTrue();
        assertThat(first.showsClock()).isTrue();
    }

    /** A vCPU in the guest is there in the copy too, on this thread; the other one is not. */
    @Test
    void theThreadInTheGuestIsInTheGuestOfTheCopy() {
        used("v6.12");
        X86Host copy = host.copy();
        assertThat(vcpu(copy, 0).isMine()).isTrue();
        assertThat(vcpu(copy, 1).isMine()).isFalse();
        assertThat(vcpu(copy, 0).guestReadTsc()).isEqualTo(vcpu(host, 0).guestReadTsc());
        vcpu(copy, 0).exitGuest();
        assertThat(vcpu(copy, 0).isMine()).isFalse();
        assertThat(vcpu(host, 0).isMine()).isTrue();
        assertThatThrownBy(() -> vcpu(copy, 1).exitGuest()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void bothGoOnFromThere() {
        X86Vm vm = used("v6.12");
        X86Host copy = host.copy();
        X86Vm twin = copy.vms().get(0);
        Consumer<X86Host> more = h -> {
            h.advance(SECOND);
            vcpu(h, 0).exitGuest();
            vcpu(h, 0).setTscOffset(7);
            vcpu(h, 1).writeTsc(9 * SECOND);
            vcpu(h, 1).enterGuest();
            vcpu(h, 1).guestWriteSystemTime(true, false);
            vcpu(h, 1).reenterGuest();
        };
        int before = events.size();
        more.accept(copy);
        assertThat(events).as("its events go to the same place").hasSize(before + 6);
        assertThat(twin.observed()).isNotEqualTo(vm.observed());
        more.accept(host);
        assertThat(twin.observed()).isEqualTo(vm.observed());
    }

    /** What no event shows: a KVM_GET_CLOCK or KVM_SET_CLOCK between its two steps, and the guest's last reading. */
    @Test
    void whatNoEventShowsIsCopiedToo() {
        X86Vm vm = used("v5.10");
        vm.beginGetClock();
        assertThatThrownBy(vm::beginGetClock).isInstanceOf(IllegalStateException.class);
        vm.beginSetClock();
        assertThatThrownBy(vm::beginSetClock).isInstanceOf(IllegalStateException.class);
        X86Vm twin = host.copy().vms().get(0);
        assertThat(twin.unshown()).isEqualTo(vm.unshown());
        assertThat(vm.unshown()).isEqualTo(new X86Vm.Unshown(2 * SECOND, true, null));
        host.advance(SECOND);
        assertThat(vm.getClock().clock()).as("of the first step").isEqualTo(2 * SECOND);
        assertThat(vm.setClock(0, 0, 0)).isZero();
        assertThat(vm.unshown()).isEqualTo(new X86Vm.Unshown(null, false, null));
        assertThat(vm.getClock().clock()).isZero();
    }

    /** Neither begins where KVM does it in one step. */
    @Test
    void anIoctlOfOneStepDoesNotBegin() {
        X86Vm vm = used("v6.12");
        assertThatThrownBy(vm::beginGetClock).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(vm::beginSetClock).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aHostThatOmitsTheStateDoesSoInItsCopy() {
        X86Vm vm = used("v6.12");
        assertThat(events.get(events.size() - 1).state()).isEqualTo(vm.observed());
        host.omitState();
        host.copy().vms().get(0).getClock();
        assertThat(events.get(events.size() - 1).state()).isEmpty();
    }

    /** How far the base clock is ahead of the TSC is no sum, is copied, and never lets the clock go back. */
    @Test
    void theBaseClockMayBeAheadOfTheTsc() {
        host.advance(10, 3);
        assertThat(host.baseNs()).isEqualTo(13);
        X86Host copy = host.copy();
        copy.advance(2, 1);
        assertThat(copy.baseNs()).isEqualTo(13);
        assertThatThrownBy(() -> host.advance(1, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(host.baseNs()).isEqualTo(13);
        host.refine(500_000);
        host.advance(10);
        assertThat(host.baseNs()).isEqualTo(33);
    }
}
