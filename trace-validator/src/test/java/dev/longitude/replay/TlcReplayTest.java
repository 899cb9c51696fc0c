package dev.longitude.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.scenario.Scenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Kind;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both engines agree on every scenario, under its own kernel and under another. */
class TlcReplayTest {
    private static OptionalInt firstEngine(Trace trace) throws Exception {
        TraceValidator validator = new TraceValidator(trace.header());
        int index = 0;
        for (TraceEvent event : trace.events()) {
            if (validator.accept(event).isPresent()) {
                return OptionalInt.of(index);
            }
            index++;
        }
        return OptionalInt.empty();
    }

    @ParameterizedTest
    @EnumSource(Arch.class)
    void bothEnginesSayTheSameOfEveryScenario(Arch arch) throws Exception {
        List<Trace> traces = new ArrayList<>();
        List<OptionalInt> expected = new ArrayList<>();
        for (Scenario scenario : Scenario.all()) {
            if (scenario.arch() == arch) {
                Trace recording = scenario.play(KernelProfile.of("v6.12"), 2, 1);
                for (KernelProfile kernel : List.of(KernelProfile.of("v6.12"), KernelProfile.of("v6.1"))) {
                    Trace trace =
                            new Trace(recording.header().withKernel(kernel), ImmutableList.copyOf(recording.events()));
                    traces.add(trace);
                    expected.add(firstEngine(trace));
                }
            }
        }
        assertThat(TlcReplay.firstRefused(traces)).isEqualTo(expected);
        assertThat(expected).contains(OptionalInt.empty());
        assertThat(expected).anyMatch(OptionalInt::isPresent);
    }

    /** Every way in which an event shows a state or a result: another value is refused at that event. */
    @ParameterizedTest
    @EnumSource(Arch.class)
    void whatAnEventShowsIsCompared(Arch arch) throws Exception {
        Scenario scenario = arch == Arch.X86 ? X86Scenario.BOOT : Arm64Scenario.LATE_VCPU;
        Trace recording = scenario.play(KernelProfile.of("v6.12"), 2, 1);
        List<Trace> changed = new ArrayList<>();
        List<OptionalInt> expected = new ArrayList<>();
        Set<Kind> kinds = EnumSet.noneOf(Kind.class);
        for (int i = 0; i < recording.events().size(); i++) {
            TraceEvent event = recording.events().get(i);
            for (Map.Entry<StateVariable, Object> seen : event.state().entrySet()) {
                if (other(seen.getValue()).equals(seen.getValue())
                        || !kinds.add(seen.getKey().kind())) {
                    continue;
                }
                Map<StateVariable, Object> state = new LinkedHashMap<>(event.state());
                state.put(seen.getKey(), other(seen.getValue()));
                List<TraceEvent> events = new ArrayList<>(recording.events());
                events.set(
                        i,
                        new TraceEvent(
                                event.line(),
                                event.vm(),
                                event.when(),
                                event.operation(),
                                event.args(),
                                event.results(),
                                ImmutableMap.copyOf(state)));
                changed.add(new Trace(recording.header(), ImmutableList.copyOf(events)));
                expected.add(OptionalInt.of(i));
            }
        }
        assertThat(TlcReplay.firstRefused(changed)).isEqualTo(expected);
        assertThat(kinds).hasSizeGreaterThan(4).contains(Kind.VCPU_SET, Kind.UINT64_BY_VCPU);
        if (arch == Arch.ARM64) {
            assertThat(kinds).contains(Kind.UINT64_OF_VM, Kind.FLAG_OF_VM, Kind.UINT64_BY_PCPU);
        }
    }

    /** Another value of the same kind; the same if there is none. */
    private static Object other(Object value) {
        if (value instanceof Long word) {
            return word + 1;
        }
        if (value instanceof Integer number) {
            return number + 1;
        }
        if (value instanceof Boolean flag) {
            return !flag;
        }
        if (value instanceof Map<?, ?> parts) {
            Map<Object, Object> others = new TreeMap<>();
            parts.forEach((index, part) -> others.put(index, other(part)));
            return others;
        }
        return ((Set<?>) value).isEmpty() ? Set.of(0) : Set.of();
    }

    /** TLC would find no fault in it. */
    @Test
    void aTraceInWhichNothingIsComparedIsNotJudged() {
        Trace trace = new Trace(
                X86Scenario.BOOT.play(KernelProfile.of("v6.12"), 2, 1).header(),
                ImmutableList.of(new TraceEvent(
                        2,
                        TraceEvent.HOST,
                        HostTime.exactly(5, 5, 5),
                        Operation.HOST_TSC_UNSTABLE,
                        ImmutableMap.of(),
                        ImmutableMap.of(),
                        ImmutableMap.of())));
        assertThat(TlcReplay.comparesAny(trace)).isFalse();
        assertThatThrownBy(() -> TlcReplay.firstRefused(List.of(trace))).isInstanceOf(IllegalArgumentException.class);
    }
}
