package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.BundledRecording;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.verdict.Verdict;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a script can rely on: exit codes, one JSON object for each file, and that no file stops the judging of others.
 */
class ExitCodeTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    @ParameterizedTest
    @CsvSource({"2,1,2", "1,2,2", "2,3,2", "3,0,3", "0,3,3", "1,3,1", "3,1,1", "0,1,1", "0,0,0", "0,2,2"})
    void ofSeveralTheFirstOfTwoOneThreeAndZeroCounts(int one, int other, int both) {
        assertThat(ExitCode.ofBoth(one, other)).isEqualTo(both);
    }

    private Path conforming() {
        Path trace = folder.resolve("young.ndjson");
        assertThat(Run.of("simulate", "young-guest", "--kernel", "v6.12", "--out", trace, "--force")
                        .code())
                .isZero();
        return trace;
    }

    /** Under v6.12: a trace of a kernel that takes a young guest's write for its creation's. */
    private Path refused() {
        Path trace = folder.resolve("old.ndjson");
        Run.of("simulate", "young-guest", "--kernel", "v6.1", "--out", trace, "--force");
        return trace;
    }

    private Path undecided() throws IOException {
        Path log = BundledRecording.all().get(0).unpack(Files.createTempDirectory(folder, "u"));
        List<String> lines = new ArrayList<>(Files.readAllLines(log));
        lines.add(
                19,
                lines.get(18)
                        .replaceFirst("\"op\":\"[A-Z_]+\"", "\"op\":\"KVM_SET_CLOCK_GUEST\"")
                        .replaceFirst("\"vcpu\":\\w+", "\"vcpu\":null")
                        .replaceFirst("\"seq\":\\d+", "\"seq\":99999"));
        return Files.write(log, lines);
    }

    @Test
    void eachVerdictHasItsCode() throws Exception {
        assertThat(Run.of("validate", conforming()).code()).isEqualTo(ExitCode.HOLDS);
        assertThat(Run.of("validate", refused(), "--kernel", "v6.12").code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(Run.of("validate", folder.resolve("missing")).code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(Run.of("validate", undecided()).code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(Run.of("validate", undecided(), conforming()).code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(Run.of("validate", "--kernel", "v6.12", refused(), undecided())
                        .code())
                .isEqualTo(ExitCode.VIOLATED);
        assertThat(Run.of("validate", folder.resolve("missing"), undecided(), conforming())
                        .code())
                .isEqualTo(ExitCode.UNUSABLE);
    }

    /** Standard input that makes this program fail, in each way in which it can. */
    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, StackOverflowError.class, OutOfMemoryError.class})
    void anInternalErrorIsTheVerdictOfItsFileAlone(Class<? extends Throwable> fault) throws Exception {
        InputStream before = System.in;
        Path good = conforming();
        Run json;
        Run text;
        try {
            System.setIn(failing(fault));
            json = Run.of("validate", "--json", good, "-", good);
            text = Run.of("validate", good, "-", good);
        } finally {
            System.setIn(before);
        }
        List<JsonNode> answers = objects(json);
        assertThat(answers)
                .extracting(a -> a.get("verdict").asText())
                .containsExactly("conforms", "unusable", "conforms");
        assertThat(answers.get(1).get("why").asText())
                .contains(fault.getName())
                .contains("ExitCodeTest")
                .contains("report");
        assertThat(json.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(text.out().lines().limit(2)).hasSize(2).allMatch(line -> line.contains("conforms to v6.12"));
        assertThat(text.out().lines().skip(2)).containsExactly("3 files: 2 conform, 1 unusable");
        assertThat(text.err().lines())
                .singleElement()
                .asString()
                .startsWith("-: unusable: internal error: " + fault.getName())
                .contains("ExitCodeTest");
        assertThat(text.code()).isEqualTo(ExitCode.UNUSABLE);
    }

    private static InputStream failing(Class<? extends Throwable> fault) {
        return new InputStream() {
            @Override
            public int read() {
                if (fault == StackOverflowError.class) {
                    throw new StackOverflowError();
                }
                if (fault == OutOfMemoryError.class) {
                    throw new OutOfMemoryError("Java heap space");
                }
                throw new IllegalStateException("this\nis for a test");
            }

            @Override
            public int read(byte[] into, int from, int most) {
                return read();
            }
        };
    }

    /** Recursion that really exhausts the stack. */
    @Test
    void aDeepRecursionEndsNoOtherFile() throws Exception {
        FileAnswer answer = FileAnswer.of(Path.of("deep"), () -> {
            throw new AssertionError(deep(1));
        });
        assertThat(answer.usable()).isFalse();
        assertThat(answer.text())
                .startsWith("deep: unusable: internal error: java.lang.StackOverflowError, at dev.longitude.");
    }

    @SuppressWarnings("InfiniteRecursion") // It is the point.
    private static int deep(int n) {
        return deep(n + 1) + 1;
    }

    @Test
    void theReportNamesWhereItHappened() {
        assertThat(CrashReport.of(fault(() -> ImmutableList.of().get(3))))
                .startsWith("internal error: java.lang.ArrayIndexOutOfBoundsException: ")
                .contains(", called at dev.longitude.cli.ExitCodeTest.")
                .endsWith("Please report this line, with the input if you can.");
        IllegalStateException bare = new IllegalStateException();
        bare.setStackTrace(new StackTraceElement[0]);
        assertThat(CrashReport.of(bare))
                .isEqualTo(
                        "internal error: java.lang.IllegalStateException. Please report this line, with the input if you can.");
    }

    private static RuntimeException fault(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            return e;
        }
        throw new AssertionError("nothing was thrown");
    }

    private static List<JsonNode> objects(Run run) throws IOException {
        List<JsonNode> all = new ArrayList<>();
        for (String line : run.out().lines().toList()) {
            all.add(new JsonMapper().readTree(line));
        }
        return all;
    }

    private static Path recording(Path folder, String name) throws IOException {
        return BundledRecording.all().stream()
                .filter(r -> r.refusedUnder() == null && r.file().contains(name))
                .findFirst()
                .orElseThrow()
                .unpack(folder);
    }

    /** KVM_VCPU_TSC_OFFSET came with 5.16. */
    @Test
    void aRecipeThatTheKernelCannotCarryOutIsUndecided() {
        Run run = Run.of("check", "--recipe", "kernel-documented", "--kernel", "v5.10", "--world", "usual");
        assertThat(run.out()).contains("No property applies: nothing is known to hold.");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    /** A recording that conforms and does not keep Monotonic: a late vCPU of Linux 6.12. */
    @Test
    void aRequiredPropertyThatIsNotKeptIsAViolation() throws Exception {
        Path log = recording(folder, "aarch64-linux6.12.95-tcg-neoverse-n1-vhe/A3-late-vcpu");
        JsonNode answer = objects(Run.of("validate", "--json", log)).get(0);
        assertThat(answer.get("verdict").asText()).isEqualTo("conforms");
        assertThat(answer.get("properties").get("Monotonic").asText()).isEqualTo("not kept");
        assertThat(answer.get("properties").get("NoUnderflow").asText()).isEqualTo("kept");
        assertThat(Run.of("validate", log).code()).isEqualTo(ExitCode.HOLDS);
        assertThat(Run.of("validate", log, "--require", "NoUnderflow").code()).isEqualTo(ExitCode.HOLDS);
        Run missed = Run.of("validate", log, "--require", "NoUnderflow,Monotonic");
        assertThat(missed.code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(missed.out()).contains("  required: Monotonic: not kept\n").doesNotContain("required: NoUnderflow");
        assertThat(Run.of("validate", log, "--require", "NoUnderflow", "--require", "Monotonic")
                        .code())
                .isEqualTo(ExitCode.VIOLATED);
    }

    @Test
    void aRequiredPropertyThatTheArchitectureHasNotMakesTheFileUnusable() throws Exception {
        Path log = recording(folder, "aarch64-linux6.12.95-tcg-neoverse-n1-vhe/A3-late-vcpu");
        Run run = Run.of("validate", log, "--require", "StableIsTrue");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).isEqualTo(log + ": --require StableIsTrue: a trace of aarch64 has no such property\n");
    }

    @Test
    void anUnknownPropertyIsSaidBeforeAnythingIsJudged() {
        Run run = Run.of("validate", folder.resolve("missing"), "--require", "Monotonic,Monotone");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .startsWith("longitude: --require: unknown property 'Monotone'; expected of ")
                .contains("BroadcastComplete, ", "Monotonic, ", "StableIsTrue, ")
                .doesNotContain("missing");
    }

    /** In a trace that was not judged to its end any property may still fail; one that failed stays failed. */
    @ParameterizedTest
    @CsvSource({"SameLine,1", "Monotonic,3", "RoundTrip,3"})
    void ofAnUndecidedTraceNothingCountsAsKept(String required, int code) {
        Verdict verdict = new Verdict(
                "t",
                new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(1_000_000, 0, true, false), 1, "a test"),
                null,
                "a bound was hit",
                5,
                ImmutableMap.of(
                        "Monotonic", PropertyVerdict.KEPT,
                        "SameLine", PropertyVerdict.NOT_KEPT,
                        "RoundTrip", PropertyVerdict.MAY_NOT_BE_KEPT),
                ImmutableMap.of(),
                ImmutableMap.of(),
                ImmutableList.of(),
                null);
        assertThat(ExitCode.of(verdict)).isEqualTo(ExitCode.UNDECIDED);
        assertThat(ExitCode.of(verdict, List.of(required))).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({"KEPT,0", "NOT_KEPT,1", "MAY_NOT_BE_KEPT,3"})
    void ofAConformingTraceARequiredPropertyDecides(PropertyVerdict kept, int code) {
        Verdict verdict = new Verdict(
                "t",
                new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(1_000_000, 0, true, false), 1, "a test"),
                null,
                null,
                5,
                ImmutableMap.of("Monotonic", kept, "SameLine", PropertyVerdict.KEPT),
                ImmutableMap.of(),
                ImmutableMap.of(),
                ImmutableList.of(),
                null);
        assertThat(ExitCode.of(verdict)).isEqualTo(ExitCode.HOLDS);
        assertThat(ExitCode.of(verdict, List.of("SameLine"))).isEqualTo(ExitCode.HOLDS);
        assertThat(ExitCode.of(verdict, List.of("SameLine", "Monotonic"))).isEqualTo(code);
    }

    @Test
    void theJsonNamesAndCountsWhatWasPassedOver() throws Exception {
        Path log = recording(folder, "x86_64-linux6.12.95-tcg-max/S1-msr-write-by-value");
        JsonNode answer = objects(Run.of("validate", "--json", log)).get(0);
        int others = 0;
        for (JsonNode count : answer.get("others")) {
            others += count.asInt();
        }
        assertThat(answer.get("notes").toString()).contains("; " + others + " others");
        assertThat(others).isPositive();
        answer.get("others")
                .fieldNames()
                .forEachRemaining(name -> assertThat(name).matches("[A-Za-z0-9_]+"));
        JsonNode trace = objects(Run.of("validate", "--json", conforming())).get(0);
        assertThat(trace.get("others")).isEmpty();
        assertThat(trace.get("properties")).hasSizeGreaterThan(5);
    }

    /** Standard output to a device that accepts no data. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "--version",
                "validate TRACE",
                "validate --json TRACE",
                "simulate",
                "simulate boot",
                "simulate boot --force --out /dev/full",
                "matrix --list",
                "check --list",
                "plan counter --counter-hz 1000 --source counter=5,realtime=1 --destination counter=9,realtime=2"
            })
    void outputThatCannotBeWrittenIsNoSuccess(String command) throws Exception {
        File full = new File("/dev/full");
        assumeTrue(full.exists(), "only Linux has /dev/full");
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Longitude.class.getName()));
        Arrays.stream(command.split(" ", -1))
                .map(word -> word.equals("TRACE") ? conforming().toString() : word)
                .forEach(line::add);
        Process process = new ProcessBuilder(line)
                .redirectOutput(full)
                .redirectError(ProcessBuilder.Redirect.PIPE)
                .start();
        String said = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(said).isEqualTo(ExitCode.UNUSABLE);
        assertThat(said).contains("written").doesNotContain("\tat ");
        assertThat(Files.isRegularFile(full.toPath())).isFalse();
    }

    /** The counterpart: with a device that accepts all data, the same commands succeed. */
    @Test
    void whatCanBeWrittenIsASuccess() {
        assertThat(Run.of("simulate").code()).isEqualTo(ExitCode.HOLDS);
        assertThat(Run.of("--help").code()).isEqualTo(ExitCode.HOLDS);
    }
}
