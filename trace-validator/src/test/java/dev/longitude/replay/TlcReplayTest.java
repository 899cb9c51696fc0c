package dev.longitude.replay;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
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
}
