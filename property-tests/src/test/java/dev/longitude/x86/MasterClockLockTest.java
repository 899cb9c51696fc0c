package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.properties.Schedules;
import dev.longitude.properties.Schedules.Step;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.LongGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/**
 * KVM_GET_CLOCK reads the masterclock as of one instant, while a vCPU on its way into the guest updates it, and
 * KVM_SET_CLOCK sets it: the kernel repeats its read if its seqcount has changed (pvclock_sc, since 5.16). Here the
 * host's lock is what holds the parts together; without it the clock is computed from an instant's ns and another's
 * cycles.
 */
class MasterClockLockTest {
    private static final int KHZ = 1_000_000;

    /** A VM whose masterclock is on, and has not been updated for some time. */
    public abstract static class Vm {
        private final X86Vm vm;
        private final X86Vcpu vcpu;

        Vm(Lock step) {
            X86Host host = new X86Host(step, new SlowRates(), KHZ, TscScaling.NONE, true, KHZ, event -> {});
            host.omitState();
            vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
            vcpu = vm.createVcpu(0);
            updateMasterClock();
            host.advance(KHZ);
        }

        /** KVM_GET_CLOCK: the clock, and whether it is the masterclock's. */
        @Operation
        public String getClock() {
            X86Vm.ClockData data = vm.getClock();
            return data.clock() + " " + data.flags();
        }

        /** KVM_SET_CLOCK. */
        @Operation
        public int setClock(@Param(gen = LongGen.class) long clock) {
            return vm.setClock(clock, 0, 0);
        }

        /** kvm_update_masterclock(), by the vCPU that finds the request. */
        @Operation
        public void updateMasterClock() {
            vcpu.askForMasterclockUpdate();
            vcpu.enterGuest();
            vcpu.exitGuest();
        }
    }

    /** KVM as it is. */
    public static final class Kvm extends Vm {
        /** For Lincheck. */
        public Kvm() {
            super(new ReentrantLock());
        }
    }

    /** KVM without what holds the parts of the masterclock together. */
    public static final class KvmWithoutLock extends Vm {
        /** For Lincheck. */
        public KvmWithoutLock() {
            super(new Schedules.NoLock());
        }
    }

    /** Pauses between the two parts of the masterclock that KVM_GET_CLOCK reads. */
    private static final class SlowRates implements Rates {
        private final Rates rates = new KernelRates();

        @Override
        public long second(long khz) {
            return rates.second(khz);
        }

        @Override
        public long nsToCycles(int khz, long ns) {
            return rates.nsToCycles(khz, ns);
        }

        @Override
        public long cyclesToNs(int khz, long cycles) {
            return rates.cyclesToNs(khz, cycles);
        }

        @Override
        public TimeScale pageScale(long cyclesPerSecond) {
            Schedules.pause();
            return rates.pageScale(cyclesPerSecond);
        }

        @Override
        public long pageNs(TimeScale scale, long cycles) {
            return rates.pageNs(scale, cycles);
        }

        @Override
        public long mostAdvanceNs() {
            return rates.mostAdvanceNs();
        }
    }

    private static void reads(Class<? extends Vm> tested) {
        Schedules.check(
                tested,
                List.of(List.of(Step.of("getClock"), Step.of("getClock")), List.of(Step.of("updateMasterClock"))));
    }

    private static void readsAndWrites(Class<? extends Vm> tested) {
        Schedules.check(
                tested,
                List.of(
                        List.of(Step.of("getClock"), Step.of("getClock")),
                        List.of(Step.of("updateMasterClock")),
                        List.of(Step.of("setClock", 5_000L))));
    }

    @Test
    void theClockIsThatOfOneInstant() {
        reads(Kvm.class);
        readsAndWrites(Kvm.class);
    }

    @Test
    void withoutTheLockItIsNot() {
        assertThatThrownBy(() -> reads(KvmWithoutLock.class))
                .isInstanceOf(LincheckAssertionError.class)
                .hasMessageContaining("Invalid execution results");
        assertThatThrownBy(() -> readsAndWrites(KvmWithoutLock.class)).isInstanceOf(LincheckAssertionError.class);
    }
}
