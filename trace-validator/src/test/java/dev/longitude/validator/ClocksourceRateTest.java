package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import dev.longitude.trace.TraceWriter;
import dev.longitude.verdict.Verdict;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** KVM was loaded before the kernel had refined the TSC's rate. */
class ClocksourceRateTest {
    private static final int KVM_KHZ = 2_596_153;
    private static final int CLOCKSOURCE_KHZ = 2_596_139;
    private static final KernelProfile KERNEL = KernelProfile.of("v6.12");

    private static Trace trace(int clocksourceKhz) {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(KVM_KHZ, TscScaling.NONE, true, 1L << 40, events::add);
        host.refine(CLOCKSOURCE_KHZ);
        X86Vm vm = new X86Vm(host, KERNEL, 0);
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.enterGuest();
        host.advance(host.millis(10_000));
        vcpu.exitGuest();
        vm.setClock(vm.getClock().clock(), 0, 0);
        vcpu.enterGuest();
        return new Trace(
                new TraceHeader(KERNEL, new TraceHeader.X86(KVM_KHZ, clocksourceKhz, 0, true, false), 1, "a test"),
                ImmutableList.copyOf(events));
    }

    @Test
    void theHostsClocksRunAtTheRefinedRate() throws Exception {
        assertThat(Verdict.of("refined", trace(CLOCKSOURCE_KHZ)).text()).contains("conforms to");
    }

    /** In 10 s the two rates differ by 54 us; the rounding of the kernel's conversion allows for 2.4. */
    @Test
    void withOneRateTheSameTraceIsRefused() throws Exception {
        assertThat(Verdict.of("one rate", trace(KVM_KHZ)).text()).contains("refused");
    }

    @Test
    void aTraceKeepsTheRate() throws Exception {
        Trace trace = trace(CLOCKSOURCE_KHZ);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TraceWriter writer = new TraceWriter(out, trace.header())) {
            for (TraceEvent event : trace.events()) {
                writer.write(event);
            }
        }
        try (TraceReader reader =
                new TraceReader(new LineSource("refined", new ByteArrayInputStream(out.toByteArray())))) {
            assertThat(reader.header()).isEqualTo(trace.header());
        }
    }
}
