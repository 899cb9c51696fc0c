package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.recording.BundledRecording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongitudeTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    @Test
    void aSimulatedTraceConformsAndUnderTheOtherKernelDoesNot() {
        Path trace = folder.resolve("young.ndjson");
        assertThat(Run.of("simulate", "young-guest", "--kernel", "v6.1", "--out", trace)
                        .code())
                .isZero();
        Run good = Run.of("validate", trace);
        assertThat(good.code()).isZero();
        assertThat(good.out()).startsWith(trace + ": conforms to v6.1: 16 events");
        Run bad = Run.of("validate", trace, "--kernel", "v6.12");
        assertThat(bad.code()).isEqualTo(1);
        assertThat(bad.out()).contains("refused: event 4, WriteTsc(vcpu 0, value 1817286800)");
    }

    @Test
    void theVerdictComesAsJsonToo() throws Exception {
        Path trace = folder.resolve("young.ndjson");
        Run.of("simulate", "young-guest", "--kernel", "v6.12", "--out", trace);
        Run good = Run.of("validate", trace, "--json");
        assertThat(good.code()).isZero();
        JsonNode conforms = new JsonMapper().readTree(good.out());
        assertThat(conforms.get("verdict").asText()).isEqualTo("conforms");
        assertThat(conforms.get("events").asInt()).isEqualTo(16);
        Run bad = Run.of("validate", trace, folder.resolve("missing"), "--kernel", "v6.1", "--json");
        assertThat(bad.code()).isEqualTo(2);
        List<String> lines = bad.out().lines().toList();
        JsonNode refused = new JsonMapper().readTree(lines.get(0)).get("refused");
        assertThat(refused.get("line").asInt()).isEqualTo(5);
        assertThat(refused.get("event").asInt()).isEqualTo(4);
        assertThat(refused.get("action").asText()).isEqualTo("WriteTsc");
        assertThat(refused.get("args").get("value").asText()).isEqualTo("1817286800");
        JsonNode reason = refused.get("reasons").get(0);
        assertThat(reason.get("conjunct").asText()).startsWith("KvmX86.tla:");
        assertThat(reason.get("differences").get(0).get("observed").asText()).isNotEmpty();
        assertThat(refused.get("restsOn").get(0).get("line").asInt()).isBetween(2, 4);
        assertThat(refused.get("passesIf").get(0).get("name").asText()).isEqualTo("userSetTscGate");
        assertThat(refused.get("passesIf").get(0).get("on").asBoolean()).isTrue();
        assertThat(new JsonMapper().readTree(lines.get(1)).get("verdict").asText())
                .isEqualTo("unusable");
    }

    /** Stock TLC reaches the same verdict, at the same event. */
    @Test
    void tlcJudgesATraceToo() {
        Path trace = folder.resolve("young.ndjson");
        Run.of("simulate", "young-guest", "--kernel", "v6.12", "--out", trace);
        assertThat(Run.of("validate", trace, "--engine", "tlc").out())
                .isEqualTo(trace + ": conforms to v6.12, by TLC: 16 events\n");
        Run bad = Run.of("validate", trace, "--engine", "tlc", "--kernel", "v6.1");
        assertThat(bad.code()).isEqualTo(1);
        assertThat(bad.out()).startsWith(trace + ":5: refused, by TLC: event 4, WriteTsc(vcpu 0, value 1817286800)");
        assertThat(Run.of("validate", trace, "--engine", "tlc", "--json").code())
                .isEqualTo(2);
    }

    /**
     * A recording's witness is written to a folder; stock TLC, called as the message shows, accepts all of its events.
     */
    @Test
    void aWitnessIsConfirmedByTlc() throws Exception {
        BundledRecording recording = BundledRecording.all().stream()
                .filter(r -> r.refusedUnder() == null && r.file().contains("S2-offset-attr"))
                .findFirst()
                .orElseThrow();
        Path out = folder.resolve("witness");
        Run run = Run.of("validate", recording.unpack(folder), "--witness", out);
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Written: " + out.resolve("Witness")).contains("NotAllTaken");
        Path trace;
        try (Stream<Path> files = Files.list(out)) {
            trace = files.filter(f -> f.getFileName().toString().matches("Witness\\d+\\.ndjson"))
                    .findFirst()
                    .orElseThrow();
        }
        assertThat(trace).content().contains("\"nsTsc\"");
        assertThat(Run.of("validate", trace).out()).contains(": conforms to ");
        String ours = System.getProperty("java.class.path");
        assertThat(tlc(out, ours, trace)).contains("Invariant NotAllTaken is violated");
        // With a different result it does not.
        String text = Files.readString(trace);
        String other = text.replaceFirst("\"reply\":\\{\"offset\":\"\\d+\"", "\"reply\":{\"offset\":\"1\"");
        assertThat(other).isNotEqualTo(text);
        Files.writeString(trace, other);
        assertThat(tlc(out, ours, trace)).contains("No error has been found").doesNotContain("NotAllTaken is violated");
        // Without our operators, or without a trace, TLC says so: it does not replay nothing.
        String alone = Path.of(tlc2.TLC
                        .class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        assertThat(tlc(out, alone, trace)).contains("There is no trace.").doesNotContain("No error");
        assertThat(tlc(out, ours, out.resolve("none.ndjson")))
                .contains("none.ndjson")
                .doesNotContain("No error");
    }

    private static String tlc(Path folder, String classPath, Path trace) throws IOException {
        Process tlc = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dlongitude.traces=" + trace,
                        "-cp",
                        classPath,
                        "-Djava.io.tmpdir=" + folder,
                        "tlc2.TLC",
                        "-config",
                        "Witness.cfg",
                        "ReplayX86")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        return new String(tlc.getInputStream().readAllBytes(), UTF_8);
    }

    @Test
    void theExamplesOfTheHelpAreCommands() {
        for (String example : Examples.all()) {
            String[] words = example.replaceFirst("^longitude ?", "").split(" ");
            assertThatCode(() -> Longitude.commandLine().parseArgs(words))
                    .as(example)
                    .doesNotThrowAnyException();
            // What follows the recorded command's name is its own: it stands behind --, as in the usage.
            assertThat(example.startsWith("longitude record ")).isEqualTo(example.contains(" -- "));
        }
        assertThat(Run.of("plan", "--help").out())
                .doesNotContain("Exit codes: 0 done")
                .contains("as the --help of each command says");
    }

    @Test
    void simulateAloneListsTheScenarios() {
        Run result = Run.of("simulate");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("young-guest").contains("window-edges");
    }

    @Test
    void nothingIsOverwrittenWithoutForce() throws Exception {
        Path trace = folder.resolve("t.ndjson");
        Files.writeString(trace, "mine");
        Run refused = Run.of("simulate", "boot", "--out", trace);
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("exists; --force overwrites it");
        assertThat(trace).hasContent("mine");
        assertThat(Run.of("simulate", "boot", "--out", trace, "--force").code()).isZero();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(trace);
        }
    }

    @Test
    void unusableInputIsOneLineAndExitCodeTwo() throws Exception {
        Path empty = Files.createFile(folder.resolve("empty"));
        for (List<Object> args : List.<List<Object>>of(
                List.of("validate", empty),
                List.of("validate", folder),
                List.of("validate", folder.resolve("missing")))) {
            Run result = Run.of(args.toArray());
            assertThat(result.code()).as("%s", args).isEqualTo(2);
            assertThat(result.err().lines()).as("%s", args).hasSize(1);
            assertThat(result.err()).contains(args.get(1).toString());
        }
    }

    @Test
    void aModelIsCheckedByWorkersToo() {
        Run run = Run.of("check", "--distributed", "--model", "flags-of-the-clock-v5.16", "--workers", 1);
        assertThat(run.out())
                .contains("longitude worker 127.0.0.1 --port ")
                .contains("522 states")
                .contains("  ok\n");
        assertThat(run.code()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            check --distributed                                       | --distributed needs exactly one --model
            check --distributed --model updates-performed-v7.3        | updates-performed-v7.3 cannot be checked distributed: UpdatesArePerformed is about liveness, which TLC does not check in distributed mode
            check --distributed --model any-vmm-v6.12 --workers 99    | --workers is 0 to 64
            check --workers 3                                         | --workers, --fingerprint-servers, --address and --port need --distributed
            worker somewhere                                          | Missing required option: '--port=<port>'
            worker somewhere --port 0                                 | --port is 1 to 65535, and --threads 0 to 1024
            """)
    void whatCannotBeDistributedIsRefused(String command, String message) {
        Run run = Run.of((Object[]) command.split(" "));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("longitude: " + message);
    }

    @Test
    void usageIsExitCodeTwoWithAHint() {
        for (String[] args : new String[][] {
            {},
            {"fly"},
            {"validate"},
            {"simulate", "flying"},
            {"simulate", "boot", "--kernel", "v9.9"},
            {"simulate", "boot", "--vcpus", "0"},
            {"check", "--model", "none"}
        }) {
            Run result = Run.of((Object[]) args);
            assertThat(result.code()).as("%s", List.of(args)).isEqualTo(2);
            assertThat(result.err()).as("%s", List.of(args)).startsWith("longitude: ");
            assertThat(result.err()).as("%s", List.of(args)).doesNotContain("\tat ");
        }
    }

    @Test
    void aRecordingIsRefusedUnderTheOtherKernel() throws Exception {
        for (BundledRecording recording : BundledRecording.all()) {
            if (recording.refusedUnder() == null) {
                continue;
            }
            Run result = Run.of(
                    "validate",
                    recording.unpack(Files.createTempDirectory(folder, "r")),
                    "--kernel",
                    recording.refusedUnder());
            if (recording.meanwhile() != null) {
                assertThat(result.code()).isEqualTo(ExitCode.UNDECIDED);
                continue;
            }
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.out()).contains(".jsonl:" + recording.atLine() + ": refused: event ");
            if (recording.file().contains("-linux/")) {
                assertThat(result.out()) // (6.12 requests no second masterclock update)
                        .contains(", EnterGuest(vcpu 1)")
                        .contains("first false conjunct: KvmX86.tla:")
                        .contains("updated: expected false, observed true");
            } else if (recording.file().startsWith("x86")) {
                assertThat(result.out())
                        .contains(", WriteTsc(vcpu 0, value ")
                        .contains("first false conjunct: KvmX86.tla:")
                        .contains("tscOffset: expected {0: ")
                        .contains("userSetTscGate");
            } else {
                assertThat(result.out())
                        .contains("first false conjunct: KvmArm64.tla:")
                        .contains("since 6.4")
                        .doesNotContain("userSetTscGate");
            }
        }
    }

    /** The recording has two VMs: a late vCPU rewinds the first, and not the second, whose offset was set for good. */
    @Test
    void theLateVcpuOfARecordingRewindsOnlyWhereItMay() throws Exception {
        Path log = BundledRecording.all().stream()
                .filter(r -> r.file().equals("aarch64-linux6.12.95-tcg-neoverse-n1-vhe/A3-late-vcpu.jsonl"))
                .findFirst()
                .orElseThrow()
                .unpack(folder);
        assertThat(Run.of("validate", log).out())
                .contains("conforms to v6.12")
                .contains("does not keep Monotonic: first in line 18, GuestReadCntvct(vcpu 0)");
        List<String> second = Files.readAllLines(log).stream()
                .filter(line -> !line.contains("\"vm\":4"))
                .toList();
        Files.write(log, second);
        assertThat(Run.of("validate", log).out()).contains("conforms to v6.12").doesNotContain("does not keep");
    }

    @Test
    void anEventThatCannotBeJudgedIsNotPassedOver() throws Exception {
        BundledRecording recording = BundledRecording.all().get(0);
        Path log = recording.unpack(folder);
        List<String> lines = Files.readAllLines(log);
        String stray = lines.get(18)
                .replaceFirst("\"op\":\"[A-Z_]+\"", "\"op\":\"KVM_SET_CLOCK_GUEST\"")
                .replaceFirst("\"vcpu\":\\w+", "\"vcpu\":null")
                .replaceFirst("\"seq\":\\d+", "\"seq\":99999");
        lines.add(19, stray);
        Files.write(log, lines);
        Run result = Run.of("validate", log);
        assertThat(result.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(result.out()).contains("undecided: ").contains("KVM_SET_CLOCK_GUEST");
    }

    /**
     * A recorded kvmclock is compared to the last digit: a little more is refused. (A page with an odd version is one
     * that KVM was writing: it shows nothing.)
     */
    @ParameterizedTest
    @CsvSource({
        "system_time, 107044775269, 1",
        "tsc_timestamp, 224150264, 1",
        "mul, 3308753584, 1",
        "version, 6, 2",
        "clock, 107071056738, 1"
    })
    void aClockThatIsOffByLittleIsRefused(String field, long value, int by) throws Exception {
        BundledRecording recording = BundledRecording.all().stream()
                .filter(r -> r.toString().contains("S3-set-clock"))
                .findFirst()
                .orElseThrow();
        Path log = recording.unpack(folder);
        assertThat(Run.of("validate", log).code()).isZero();
        List<String> lines = new ArrayList<>(Files.readAllLines(log));
        String seen = "\"" + field + "\":" + value + ",";
        int line = IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).contains(seen))
                .findFirst()
                .orElseThrow();
        lines.set(line, lines.get(line).replace(seen, "\"" + field + "\":" + (value + by) + ","));
        Files.write(log, lines);
        Run refused = Run.of("validate", log);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.out()).contains("S3-set-clock.jsonl:" + (line + 1) + ": refused");
    }

    /**
     * A made-up log of a host at 1 GHz whose clocksource is not its TSC and runs a thousandth faster: no masterclock,
     * the base clock runs independently of the TSC, and the one-second window is measured by it. A clock that went back
     * is refused.
     */
    @Test
    void anotherClocksourceGoesItsOwnWay() throws Exception {
        Path log = Path.of("src/test/resources/other-clocksource/drifting.jsonl");
        assertThat(Run.of("validate", log).out()).contains("conforms to v6.12: 15 events");
        Path host = folder.resolve("host.txt");
        Files.copy(log.resolveSibling("host.txt"), host);
        Path back = folder.resolve("back.jsonl");
        Files.writeString(back, Files.readString(log).replace("\"clock\":5200200000", "\"clock\":4200200000"));
        assertThat(Run.of("validate", back).out()).contains("back.jsonl:7: refused");
        Files.writeString(host, Files.readString(host).replace("hpet", "tsc"));
        Path byTsc = Files.copy(log, folder.resolve("by-tsc.jsonl"));
        assertThat(Run.of("validate", byTsc).out()).contains("refused");
    }

    /**
     * A recording that was stopped earlier shows less, but is still valid: it is never refused. (Tracepoints after its
     * end show events that no line explains.)
     */
    @Test
    void everyRecordingStoppedEarlierConforms() throws Exception {
        int conforming = 0;
        int all = 0;
        for (BundledRecording recording : BundledRecording.all()) {
            if (recording.refusedUnder() != null || recording.meanwhile() != null) {
                continue;
            }
            Path log = recording.unpack(folder);
            List<String> lines = Files.readAllLines(log);
            for (int length = 5; length < lines.size(); length += 27) {
                Files.write(log, lines.subList(0, length));
                String out = Run.of("validate", log).out();
                assertThat(out).doesNotContain(": refused");
                if (!out.contains(" are not judged, from line ")) {
                    all++;
                    conforming += out.contains(": conforms to ") ? 1 : 0;
                }
            }
        }
        assertThat(all).isGreaterThan(50);
        assertThat(conforming).isGreaterThan(all - all / 10);
    }
}
