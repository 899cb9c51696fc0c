package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Operation;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import dev.longitude.verdict.Verdict;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Behaviours with each kind of step of some models, with real words: {@code longitude lockstep MODEL --behaviours DIR}.
 * The validator accepts each, and Java does the same again.
 */
class BehavioursTest {
    /** The models, with how many behaviours the command wrote for each. */
    @ParameterizedTest
    @CsvSource({
        "any-vmm-v6.12, 370",
        "arm64-any-vmm-corrected, 34",
        "arm64-ioctl-nvhe-v6.12, 13",
        "arm64-late-vcpu-series-v2, 5",
        "arm64-late-vcpu-v6.1, 5",
        "arm64-timer-in-host-v6.12, 9",
        "arm64-timer-while-running-corrected, 6",
        "deadline-last-v7.3, 32",
        "kvmclock-any-corrected, 30",
        "rate-jump-corrected, 73",
        "suspend-corrected, 26",
        "window-edge-v7.3, 61"
    })
    void theValidatorAcceptsThemAndJavaRepeatsThem(String model, int behaviours) throws Exception {
        int count = 0;
        try (ZipInputStream zip = new ZipInputStream(
                Resources.getResource("lockstep/" + model + ".zip").openStream())) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Trace trace = read(zip.readAllBytes());
                assertThat(Verdict.of(entry.getName(), trace).text()).contains(": conforms to ");
                assertThat(repeated(trace)).as(entry.getName()).isEqualTo(withoutLines(trace));
                count++;
            }
        }
        assertThat(count).isEqualTo(behaviours);
    }

    private static Trace read(byte[] bytes) throws IOException, TraceFormatException {
        try (TraceReader reader = new TraceReader(new LineSource("trace", new ByteArrayInputStream(bytes)))) {
            ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
            for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                events.add(event);
            }
            return new Trace(reader.header(), events.build());
        }
    }

    private static List<TraceEvent> withoutLines(Trace trace) {
        return trace.events().stream().map(BehavioursTest::withoutLine).toList();
    }

    private static TraceEvent withoutLine(TraceEvent event) {
        return new TraceEvent(
                0, event.vm(), event.when(), event.operation(), event.args(), event.results(), event.state());
    }

    /** The events of Java that does what a trace shows, at the same instants. */
    private static List<TraceEvent> repeated(Trace trace) {
        return trace.header().host() instanceof TraceHeader.X86 x86
                ? onX86(trace, x86)
                : onArm64(trace, (TraceHeader.Arm64) trace.header().host());
    }

    private static List<TraceEvent> onX86(Trace trace, TraceHeader.X86 header) {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(
                header.tscKhz(),
                new TscScaling(header.tscFracBits()),
                header.tscClocksource(),
                trace.events().get(0).counter().lo(),
                events::add);
        X86Vm vm = new X86Vm(host, trace.header().kernel(), 0);
        assertThat(host.vms()).containsExactly(vm);
        Machine machine = new X86Machine(host, 1, events);
        return repeated(
                trace, machine, 1, events, event -> host.advance(event.counter().lo() - host.rdtsc()));
    }

    private static List<TraceEvent> onArm64(Trace trace, TraceHeader.Arm64 header) {
        List<TraceEvent> events = new ArrayList<>();
        Arm64Host host = new Arm64Host(
                trace.header().kernel(),
                header.vhe(),
                header.ecv(),
                header.pcpus(),
                trace.events().get(0).counter().lo(),
                events::add);
        host.setStepwise();
        int vms = (int) trace.events().stream()
                .filter(event -> event.operation() == Operation.CREATE_VM)
                .count();
        for (int i = 0; i < vms; i++) {
            Arm64Vm vm = host.createVm(i);
            assertThat(host.vm(i)).isSameAs(vm);
        }
        Machine machine = new Arm64Machine(host, vms, 1, events);
        return repeated(
                trace,
                machine,
                vms,
                events,
                event -> host.advance(event.counter().lo() - host.cntpct()));
    }

    /** Lets time pass until an event. */
    private interface Until {
        void passes(TraceEvent event);
    }

    private static List<TraceEvent> repeated(
            Trace trace, Machine machine, int vms, List<TraceEvent> events, Until until) {
        List<TraceEvent> all = new ArrayList<>(events);
        Deque<TraceEvent> pending = new ArrayDeque<>();
        for (TraceEvent event : trace.events().subList(vms, trace.events().size())) {
            if (pending.isEmpty()) {
                until.passes(event);
                pending.addAll(
                        requireNonNull(machine.perform(event.operation(), Math.max(0, event.vm()), event.args())));
            }
            all.add(pending.remove());
        }
        assertThat(pending).isEmpty();
        return all;
    }
}
