package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.Arch;
import dev.longitude.recording.BundledRecording;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.Trace;
import dev.longitude.verdict.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
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

    /** host.txt does not show the clocksource: what does not fit the one that is assumed refuses nothing. */
    @Test
    void anAssumptionWeakensItsVerdictToo() throws Exception {
        Files.writeString(folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\n");
        Path log = Files.writeString(folder.resolve("log.jsonl"), """
                {"op":"KVM_CREATE_VM","vm":0,"ret":4,"errno":0,"host_tsc":[1000000,1080000]}
                {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"ret":5,"errno":0,"host_tsc":[1100000,1160000]}
                {"op":"KVM_GET_TSC_KHZ","vm":0,"vcpu":0,"ret":2000000,"errno":0,"host_tsc":[1170000,1170900]}
                {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{"guest":"rdtsc"},"out":{"guest_tsc":100000},"ret":0,"errno":0,"host_tsc":[1190000,1230000]}
                {"op":"KVM_GET_CLOCK","vm":0,"out":{"flags":0},"ret":0,"errno":0,"host_tsc":[1285000,1286000]}
                """);
        for (String engine : List.of("own", "tlc")) {
            Run run = Run.of("validate", "--engine", engine, log);
            assertThat(run.code()).as(engine).isEqualTo(3);
            assertThat(run.out()).contains("undecided: GetClock() in line 5 does not fit v6.12 if one assumes that");
        }
    }
}
