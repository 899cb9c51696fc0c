package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.scenario.Scenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceReader;
import dev.longitude.trace.TraceWriter;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged files: each is judged, or rejected with one line that names the file; no other exception is thrown. The seed
 * is {@code -Dlongitude.seed}, and every failure names it.
 */
class HostileInputTest {
    private static final int TRIES = 1500;
    private static final int LINES = 500_000;
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
        damage(written(scenario), folder.resolve("trace.ndjson"));
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

    /** Each line alone, behind a good header: a million of them. */
    @ParameterizedTest
    @MethodSource("scenarios")
    void aMillionDamagedLinesAreReadOrRefused(Scenario scenario) throws Exception {
        List<String> lines = written(scenario).lines().toList();
        SplittableRandom random = new SplittableRandom(SEED);
        int refused = 0;
        for (int i = 0; i < LINES; i++) {
            StringBuilder line = new StringBuilder(lines.get(1 + random.nextInt(lines.size() - 1))).append('\n');
            for (int strokes = 1 + random.nextInt(3); strokes > 0 && line.length() > 0; strokes--) {
                stroke(line, random);
            }
            String text = lines.get(0) + "\n" + line;
            try (TraceReader reader =
                    new TraceReader(new LineSource("t", new ByteArrayInputStream(text.getBytes(ISO_8859_1))))) {
                reader.next();
            } catch (TraceFormatException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("line " + i + " of seed " + SEED + ": " + line, e);
            }
        }
        assertThat(refused).isBetween(LINES / 2, LINES - 1);
    }

    @Test
    void aCompressedTraceIsReadAndATruncatedOneRefused() throws Exception {
        byte[] whole = compressed(written(X86Scenario.LATE_VCPU).getBytes(ISO_8859_1));
        Path file = folder.resolve("trace.ndjson.gz");
        Files.write(file, whole);
        assertThat(new InputFile(file, null).validate().conforms()).isTrue();
        for (int length = 2; length < whole.length; length += 7) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> new InputFile(file, null).validate()).isInstanceOf(TraceFormatException.class);
        }
    }

    @Test
    void whatNeverEndsIsGivenUp() throws Exception {
        // A gigabyte without a line feed, which is a megabyte with gzip.
        for (String filler : new String[] {"a", "\u0000"}) {
            byte[] block = filler.repeat((1 << 20) / filler.length()).getBytes(ISO_8859_1);
            ByteArrayOutputStream bomb = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
                for (int i = 0; i < 1024; i++) {
                    out.write(block);
                }
            }
            Path file = folder.resolve("bomb.gz");
            Files.write(file, bomb.toByteArray());
            assertThatThrownBy(() -> new InputFile(file, null).validate())
                    .isInstanceOf(TraceFormatException.class)
                    .hasMessageContaining("line longer than 1048576 bytes");
        }
        Path deep = Files.writeString(folder.resolve("deep"), "[".repeat(1 << 19) + "\n");
        assertThatThrownBy(() -> new InputFile(deep, null).validate()).isInstanceOf(TraceFormatException.class);
    }

    @Test
    void aTraceComesFromStandardInputAndALogDoesNot() throws Exception {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream(written(X86Scenario.LATE_VCPU).getBytes(ISO_8859_1)));
            assertThat(new InputFile(LineSource.STANDARD_INPUT, null).validate().conforms())
                    .isTrue();
            Path log = BundledRecording.all().get(0).unpack(folder);
            System.setIn(new ByteArrayInputStream(Files.readAllBytes(log)));
            assertThatThrownBy(() -> new InputFile(LineSource.STANDARD_INPUT, null).validate())
                    .hasMessage(
                            "standard input: an ioctl log is read from a file: host.txt and the tracepoints lie beside it");
        } finally {
            System.setIn(before);
        }
    }

    private static byte[] compressed(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }

    private static String written(Scenario scenario) throws IOException {
        Trace recording = scenario.play(KernelProfile.of("v6.12"), 3, 1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TraceWriter writer = new TraceWriter(out, recording.header())) {
            for (TraceEvent event : recording.events()) {
                writer.write(event);
            }
        }
        return out.toString(ISO_8859_1);
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
                Verdict verdict = new InputFile(validated, null).validate();
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
        // Not vacuous: each outcome occurred.
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
