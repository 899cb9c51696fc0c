package dev.longitude.x86;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A guest at 2 GHz on a host at 1 GHz that cannot scale: KVM raises its TSC at each entry. */
class CatchUpTest {
    private static final long SECOND = 1_000_000_000L;

    private final X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 77 * SECOND, event -> {});

    private X86Vcpu twiceAsFast(String kernel) {
        X86Vm vm = new X86Vm(host, KernelProfile.of(kernel), 0);
        vm.setVmTscKhz(2_000_000);
        return vm.createVcpu(0);
    }

    private static long enters(X86Vcpu vcpu) {
        vcpu.enterGuest();
        long tsc = vcpu.guestReadTsc();
        vcpu.exitGuest();
        return tsc;
    }

    /** 3 s after a write of 100 s (in cycles of 2 GHz) the guest reads 103 s, though the host has counted half of that. */
    @ParameterizedTest
    @CsvSource({"v6.1", "v6.12", "v7.3"})
    void anEntryRaisesTheTscToWhereItShouldBe(String kernel) {
        X86Vcpu vcpu = twiceAsFast(kernel);
        host.setTscClocksource(false); // without a masterclock the entry's own instant counts
        host.advance(10 * SECOND);
        vcpu.setTscOffset(200 * SECOND - host.rdtsc());
        host.advance(3 * SECOND);
        assertThat(enters(vcpu)).isEqualTo(206 * SECOND);
        assertThat(vcpu.readTsc()).isEqualTo(206 * SECOND);
    }

    /**
     * Two vCPUs are set to 100 s (in the host's cycles). Only the first one's entry would take a new instant for the
     * masterclock, so the second enters with the one of 10 s before the write. At that instant the guest, at twice the host's
     * rate, should have read 100 - 20 s. The second vCPU's guest has set itself back to 50 s, which was 40 at that
     * instant: KVM raises it by 40, to 90.
     */
    @Test
    void whatWasDueBeforeTheWriteIsLessThanWhatWasWritten() {
        X86Vm vm = new X86Vm(host, KernelProfile.of("corrected"), 0);
        vm.setVmTscKhz(2_000_000);
        X86Vcpu first = vm.createVcpu(0);
        X86Vcpu second = vm.createVcpu(1);
        host.advance(10 * SECOND);
        first.setTscOffset(100 * SECOND - host.rdtsc());
        second.setTscOffset(100 * SECOND - host.rdtsc());
        second.enterGuest();
        second.guestWriteTsc(50 * SECOND);
        second.exitGuest();
        assertThat(enters(second)).isEqualTo(90 * SECOND);
    }

    /** Already at the value that is due: an entry without time in between changes nothing. */
    @Test
    void aTscThatIsWhereItShouldBeStays() {
        X86Vcpu vcpu = twiceAsFast("v6.12");
        host.setTscClocksource(false);
        host.advance(SECOND);
        long first = enters(vcpu);
        long offset = vcpu.tscOffset();
        assertThat(enters(vcpu)).isEqualTo(first);
        assertThat(vcpu.tscOffset()).isEqualTo(offset);
    }
}
