package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.verdict.Verdict;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClocksourceLossTest {
    private static final int KHZ = 1_000_000;

    /**
     * The clocksource is lost twice before the VM has updated its masterclock: kvm_guest_has_master_clock is 0 then, and
     * KVM requests nothing of a vCPU that was created in between, although the VM still uses the masterclock.
     */
    @ParameterizedTest
    @ValueSource(strings = {"v6.12", "v7.3", "corrected"})
    void aSecondLossBeforeTheUpdateRequestsNothing(String name) throws Exception {
        KernelProfile kernel = KernelProfile.of(name);
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(KHZ, TscScaling.NONE, true, 1L << 40, events::add);
        X86Vm vm = new X86Vm(host, kernel, 0);
        X86Vcpu first = vm.createVcpu(0);
        first.enterGuest();
        first.exitGuest();
        assertThat(vm.useMasterClock()).isTrue();
        host.setTscClocksource(false);
        host.setTscClocksource(true);
        X86Vcpu second = vm.createVcpu(1);
        host.setTscClocksource(false);
        second.enterGuest();
        first.enterGuest();
        TraceHeader header =
                new TraceHeader(kernel, new TraceHeader.X86(KHZ, TscScaling.NONE.fracBits(), true, false), 2, "a test");
        assertThat(Verdict.of("losses", new Trace(header, ImmutableList.copyOf(events)))
                        .text())
                .contains("conforms to");
    }
}
