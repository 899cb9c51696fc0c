package dev.longitude.verdict;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.Maps;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.ImportedTrace;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A recording without the kernel's messages, of a host whose kernel had refined the TSC's rate after KVM was loaded: that
 * its clocks run at KVM's rate is then assumed, and false.
 */
class AssumedClockRateTest {
    private static final int KVM_KHZ = 2_596_153;
    private static final int CLOCKSOURCE_KHZ = 2_596_139;
    private static final KernelProfile KERNEL = KernelProfile.of("v6.12");

    private static List<TraceEvent> events() {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(KVM_KHZ, TscScaling.NONE, true, 1L << 40, events::add);
        host.refine(CLOCKSOURCE_KHZ);
        X86Vm vm = new X86Vm(host, KERNEL, 0);
        X86Vcpu vcpu = vm.createVcpu(0);
        vcpu.writeSystemTime(true);
        vcpu.enterGuest();
        host.advance(host.millis(10_000));
        vcpu.exitGuest();
        vm.setClock(5, 0, 0);
        vcpu.enterGuest();
        vcpu.exitGuest();
        vcpu.readTsc();
        events.replaceAll(AssumedClockRateTest::recorded);
        return events;
    }

    /** No recording shows the base clock, or which TSC KVM saw last. */
    private static TraceEvent recorded(TraceEvent event) {
        return new TraceEvent(
                event.line(),
                event.vm(),
                new HostTime(event.counter(), null, event.when().realtime(), null),
                event.operation(),
                event.args(),
                event.results(),
                ImmutableMap.copyOf(Maps.filterKeys(event.state(), v -> v != StateVariable.LAST_GUEST_TSC)));
    }

    private static Verdict verdict(List<TraceEvent> events, boolean clockRateIsAssumed) throws Exception {
        TraceHeader header =
                new TraceHeader(KERNEL, new TraceHeader.X86(KVM_KHZ, KVM_KHZ, 0, true, false), 1, "a test");
        ImportedTrace imported = new ImportedTrace(
                new Trace(header, ImmutableList.copyOf(events)),
                0,
                events.size(),
                ImmutableMultiset.of(),
                ImmutableMultiset.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                clockRateIsAssumed,
                null);
        return Verdict.of("run", imported);
    }

    @Test
    void aRefusalThatRestsOnTheAssumedRateDoesNotCount() throws Exception {
        assertThat(verdict(events(), false).name()).isEqualTo("refused");
        Verdict verdict = verdict(events(), true);
        assertThat(verdict.name()).isEqualTo("undecided");
        assertThat(verdict.text()).contains("computes its clocks from the TSC at KVM's rate, 2596153 kHz");
    }

    /** At no rate of the clocks does a vCPU read a TSC that is not its own. */
    @Test
    void anyOtherRefusalCounts() throws Exception {
        List<TraceEvent> events = new ArrayList<>(events());
        int last = events.size() - 1;
        TraceEvent read = events.get(last);
        events.set(
                last,
                new TraceEvent(
                        read.line(),
                        read.vm(),
                        read.when(),
                        read.operation(),
                        read.args(),
                        ImmutableMap.of(
                                Field.VALUE,
                                (long) requireNonNull(read.results().get(Field.VALUE)) + 1),
                        ImmutableMap.of()));
        assertThat(verdict(events, true).name()).isEqualTo("refused");
    }
}
