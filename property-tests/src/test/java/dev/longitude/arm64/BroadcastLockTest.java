package dev.longitude.arm64;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.properties.Schedules;
import dev.longitude.properties.Schedules.Step;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.LongGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Until 6.2 and in the series, KVM copies an offset from vCPU to vCPU, with kvm->lock held through all of them. Of two
 * that are set at once one is that of all vCPUs at the end, whatever runs in between; without the lock they mix. (The lock
 * does not cover a vCPU's creation as a whole: an offset that is set between its loop and its end misses the new vCPU.)
 */
class BroadcastLockTest {
    private static final long TICKS = 1_000;

    /** Two vCPUs by which a VMM sets the counter, and a third whose guest reads it. */
    public abstract static class Vm {
        private final Arm64Vm vm;

        Vm(String kernel, Lock kvmLock) {
            Arm64Host host = new Arm64Host(KernelProfile.of(kernel), true, true, 1, TICKS, null);
            vm = host.createVm(0, kvmLock);
            for (int i = 0; i < 3; i++) {
                vm.createVcpu(i);
            }
            host.setBetween(Schedules::pause);
        }

        private Arm64Vcpu vcpu(int index) {
            return vm.vcpus().get(index);
        }

        /** By value, through a vCPU's ioctl. */
        @Operation
        public int setTimerCnt(@Param(gen = IntGen.class) int vcpu, @Param(gen = LongGen.class) long value) {
            return vcpu(vcpu).setTimerCnt(value);
        }

        /** By offset, through a vCPU's attribute. */
        @Operation
        public void setVtimerOffset(@Param(gen = IntGen.class) int vcpu, @Param(gen = LongGen.class) long offset) {
            vcpu(vcpu).setVtimerOffset(offset);
        }

        /** A whole KVM_RUN of the third vCPU: the guest reads what the vCPU had when it was loaded. */
        @Operation
        public long run() {
            Arm64Vcpu vcpu = vcpu(2);
            vcpu.load(0);
            vcpu.enterGuest();
            long value = vcpu.guestReadCntvct();
            vcpu.exitGuest();
            vcpu.put(true);
            return value;
        }

        /** What all end with. */
        @Validate
        public void allVcpusHaveOneOffset() {
            for (Arm64Vcpu each : vm.vcpus()) {
                if (each.virtualOffset() != vcpu(0).virtualOffset()) {
                    throw new IllegalStateException("vCPU " + each.index() + " has the offset " + each.virtualOffset()
                            + ", vCPU 0 " + vcpu(0).virtualOffset());
                }
            }
        }
    }

    /** 6.1 as it is. */
    public static final class V61 extends Vm {
        /** For Lincheck. */
        public V61() {
            super("v6.1", new ReentrantLock());
        }
    }

    /** 6.1 without kvm->lock. */
    public static final class V61WithoutLock extends Vm {
        /** For Lincheck. */
        public V61WithoutLock() {
            super("v6.1", new Schedules.NoLock());
        }
    }

    /** The series as it was posted. */
    public static final class SeriesV2 extends Vm {
        /** For Lincheck. */
        public SeriesV2() {
            super("series-v2", new ReentrantLock());
        }
    }

    /** The series without kvm->lock. */
    public static final class SeriesV2WithoutLock extends Vm {
        /** For Lincheck. */
        public SeriesV2WithoutLock() {
            super("series-v2", new Schedules.NoLock());
        }
    }

    private static void byValue(Class<? extends Vm> tested) {
        Schedules.check(
                tested,
                List.of(
                        List.of(Step.of("setTimerCnt", 0, 100L)),
                        List.of(Step.of("setTimerCnt", 1, 300L)),
                        List.of(Step.of("run"), Step.of("run"))));
    }

    private static void byOffset(Class<? extends Vm> tested) {
        Schedules.check(
                tested,
                List.of(
                        List.of(Step.of("setVtimerOffset", 0, 7L)),
                        List.of(Step.of("setVtimerOffset", 1, 9L)),
                        List.of(Step.of("run"), Step.of("run"))));
    }

    @Test
    void twoBroadcastsOfValuesDoNotMix() {
        byValue(V61.class);
    }

    @Test
    void twoBroadcastsOfOffsetsDoNotMix() {
        byOffset(SeriesV2.class);
    }

    @Test
    void withoutTheLockTheyDo() {
        assertThatThrownBy(() -> byValue(V61WithoutLock.class))
                .isInstanceOf(LincheckAssertionError.class)
                .hasMessageContaining("has the offset");
        assertThatThrownBy(() -> byOffset(SeriesV2WithoutLock.class))
                .isInstanceOf(LincheckAssertionError.class)
                .hasMessageContaining("has the offset");
    }
}
