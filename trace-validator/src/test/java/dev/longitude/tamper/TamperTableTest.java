package dev.longitude.tamper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.replay.TlcReplay;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.scenario.Scenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.trace.Trace;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** TLC and the validator agree on tampered traces: the same verdict, the same first event. */
class TamperTableTest {
    static Stream<Scenario> scenarios() {
        return Stream.of(X86Scenario.YOUNG_GUEST, Arm64Scenario.LATE_VCPU);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void bothEnginesSayTheSameOfTamperedTraces(Scenario scenario) throws Exception {
        Trace recording = scenario.play(KernelProfile.of("series-v2"), 2, 1);
        List<TamperTable.JudgedMutant> judged =
                TamperTable.of(new Trace(recording.header(), recording.events()), false, 2, 1);
        List<OptionalInt> byTlc = TlcReplay.firstRefused(
                judged.stream().map(j -> j.mutant().trace()).toList());
        for (int i = 0; i < judged.size(); i++) {
            assertThat(byTlc.get(i))
                    .as(
                            "%s at event %s",
                            judged.get(i).mutant().kind(),
                            judged.get(i).mutant().at())
                    .isEqualTo(judged.get(i).refusedAt());
        }
        assertThat(judged).hasSizeGreaterThan(25);
        assertThat(judged).anyMatch(j -> j.fate() == TamperTable.Fate.ACCEPTED);
    }
}
