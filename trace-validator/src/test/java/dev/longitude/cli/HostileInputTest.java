package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.scenario.Scenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceWriter;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged files: each is judged, or refused with one line that names the file; nothing else is ever thrown. The seed
 * is {@code -Dlongitude.seed}, and every failure names it.
 */
class HostileInputTest {
    private static final int TRIES = 1500;
    private static final long SEED = Long.getLong("longitude.seed", 20261122L);
    private static final String[] ODD = {
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "-",
        "0",
        "9",
        "99999999999999999999999",
        "null",
        "true",
        "\u0000",
        "\u00ff",
        "1e9",
        "0.5",
        "\"vcpu\":70000,",
        "\"vm\":5",
        "{\"a\":{\"a\":{\"a\":{\"a\":1}}}}",
        "\n",
        "\r\n"
    };

    @TempDir
    private Path folder = Path.of("set by JUnit");

    static Stream<Scenario> scenarios() {
        return Stream.of(X86Scenario.LATE_VCPU, Arm64Scenario.LATE_VCPU);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void aDamagedTraceIsJudgedOrRefused(Scenario scenario) throws Exception {
        Scenario.Recording recording = scenario.play(KernelProfile.V6_12, 3, 1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TraceWriter writer = new TraceWriter(out, recording.header())) {
            for (TraceEvent event : recording.events()) {
                writer.write(event);
            }
        }
        damage(out.toString(ISO_8859_1), folder.resolve("trace.ndjson"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"S7-guest-writes", "6.12.95-tcg-neoverse-n1-vhe/A6-running"})
    void aDamagedLogIsJudgedOrRefused(String name) throws Exception {
        Path log = BundledRecording.all().stream()
                .filter(recording -> recording.file().contains(name))
                .findFirst()
                .orElseThrow()
                .unpack(folder);
        damage(Files.readString(log, ISO_8859_1), log);
    }

    @Test
    void damagedTracepointsAreTakenOrRefused() throws Exception {
        Path log = BundledRecording.all().get(0).unpack(folder);
        Path tracepoints = log.resolveSibling(log.getFileName().toString().replace(".jsonl", ".ftrace.txt"));
        damage(Files.readString(tracepoints, ISO_8859_1), tracepoints, log);
    }

    private void damage(String good, Path file) throws Exception {
        damage(good, file, file);
    }

    private void damage(String good, Path damaged, Path validated) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < TRIES; i++) {
            StringBuilder text = new StringBuilder(good);
            for (int strokes = 1 + random.nextInt(3); strokes > 0; strokes--) {
                stroke(text, random);
            }
            Files.writeString(damaged, text, ISO_8859_1);
            try {
                Verdict verdict = TraceFiles.validate(validated, null);
                ends.add(verdict.conforms() ? "conforms" : verdict.refusal() != null ? "refused" : "undecided");
            } catch (TraceFormatException e) {
                assertThat(e).message().hasLineCount(1);
                ends.add("unusable");
            } catch (RuntimeException e) {
                Path kept = Files.copy(
                        damaged, Files.createTempDirectory("longitude-hostile").resolve("input"));
                throw new AssertionError("try " + i + " of seed " + SEED + ", kept as " + kept, e);
            }
        }
        // Not vacuous: each way to end was come to.
        assertThat(ends).contains("unusable", "refused", "conforms");
    }

    private static void stroke(StringBuilder text, SplittableRandom random) {
        int at = random.nextInt(text.length());
        int length = Math.min(text.length() - at, 1 + random.nextInt(1 << random.nextInt(8)));
        switch (random.nextInt(5)) {
            case 0 -> text.delete(at, at + length);
            case 1 -> text.insert(at, ODD[random.nextInt(ODD.length)]);
            case 2 -> text.setCharAt(at, (char) ('0' + random.nextInt(10)));
            case 3 -> text.insert(at, text.substring(at, at + length));
            default -> {
                int line = text.indexOf("\n", at);
                int next = line < 0 ? -1 : text.indexOf("\n", line + 1);
                if (next > 0) {
                    text.insert(next, text.substring(line, next));
                }
            }
        }
    }
}
