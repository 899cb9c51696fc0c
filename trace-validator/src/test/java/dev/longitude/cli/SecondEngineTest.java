package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.Arch;
import dev.longitude.recording.BundledRecording;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.Trace;
import dev.longitude.verdict.InputFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SecondEngineTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    /** Every recording of a real kernel, at the instants that our own engine found for it. */
    @ParameterizedTest
    @EnumSource(Arch.class)
    void stockTlcTakesTheWitnessOfEveryRecording(Arch arch) throws Exception {
        List<Trace> witnesses = new ArrayList<>();
        for (BundledRecording recording : BundledRecording.all()) {
            if (recording.refusingProfile() != null || recording.meanwhile() != null) {
                continue;
            }
            Path log = recording.unpack(folder);
            if (new InputFile(log, null).read().header().arch() == arch) {
                InputFile.WitnessResult witnessed = new InputFile(log, null).witness();
                assertThat(witnessed.refusal()).isNull();
                assertThat(witnessed.behaviour().events()).isNotEmpty();
                witnesses.add(witnessed.behaviour());
            }
        }
        assertThat(witnesses).hasSizeGreaterThan(5).allMatch(TlcReplay::canReplay);
        assertThat(TlcReplay.firstRefused(witnesses)).containsOnly(OptionalInt.empty());
    }
}
