package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Splitter;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A test VMM prints what it does, and the recorder must have seen the same. Needs /dev/kvm, a C compiler and permission
 * to trace.
 */
class RecordTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private static Path programs = Path.of("set by JUnit");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static Path recorder = Path.of("set by buildPrograms");

    @BeforeAll
    static void buildPrograms() throws IOException, InterruptedException {
        File kvm = new File("/dev/kvm");
        needs(kvm.canRead() && kvm.canWrite(), "no /dev/kvm that can be used");
        try {
            recorder = RecorderProgram.RECORDER.build();
        } catch (NoCompilerException e) {
            needs(false, String.valueOf(e.getMessage()));
        }
        Path source = programs.resolve("test-vmm.c");
        try (InputStream in = RecordTest.class.getResourceAsStream("/dev/longitude/record/test-vmm.c")) {
            Files.copy(Objects.requireNonNull(in), source);
        }
        for (String linking : List.of("dynamic", "static")) {
            List<String> command = new ArrayList<>(List.of("cc", "-std=gnu11", "-O1", "-pthread"));
            if (linking.equals("static")) {
                command.add("-static");
            }
            command.addAll(List.of("-o", programs.resolve(linking).toString(), source.toString()));
            needs(execute(programs.resolve("cc.txt"), command) == 0, "the test VMM cannot be built");
        }
        int traced = execute(
                programs.resolve("true.txt"),
                List.of(recorder.toString(), "-o", programs.resolve("first").toString(), "true"));
        needs(traced == 0, "no process may be traced here");
    }

    private static void needs(boolean there, String otherwise) {
        if (!there) {
            System.out.println("RecordTest is skipped: " + otherwise);
        }
        assumeTrue(there, otherwise);
    }

    /** Runs a command to its end, with its output in a file. */
    private static int execute(Path output, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(false)
                .redirectOutput(output.toFile())
                .redirectError(
                        output.resolveSibling(output.getFileName() + ".err").toFile())
                .start();
        if (!process.waitFor(100, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("not over after 100 s: " + String.join(" ", command));
        }
        return process.exitValue();
    }

    /** Records a scenario of the test VMM. */
    private int record(String linking, String scenario, String... options) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(recorder.toString(), "-o", recording().toString()));
        command.addAll(List.of(options));
        command.addAll(List.of("--", programs.resolve(linking).toString(), scenario));
        return execute(folder.resolve("said.txt"), command);
    }

    private Path recording() {
        return folder.resolve("recording");
    }

    private Path log() {
        return recording().resolve("log.jsonl");
    }

    private List<JsonNode> records() throws IOException {
        List<JsonNode> records = new ArrayList<>();
        for (String line : Files.readAllLines(log())) {
            records.add(MAPPER.readTree(line));
        }
        return records;
    }

    private String host() throws IOException {
        return Files.readString(recording().resolve("host.txt"));
    }

    private static boolean is(JsonNode record, String... ops) {
        return List.of(ops).contains(record.get("op").asText());
    }

    /** An ioctl as the VMM prints it, and as a record has it, by the names and values that the VMM prints. */
    private static String asSaid(JsonNode record, String said) {
        Map<String, String> shown = new LinkedHashMap<>();
        for (String group : List.of("args", "out")) {
            record.get(group)
                    .properties()
                    .forEach(e -> shown.put(e.getKey(), e.getValue().asText()));
            JsonNode msrs = record.get(group).get("clock_msrs");
            if (msrs != null) {
                msrs.properties()
                        .forEach(e -> shown.put(e.getKey(), e.getValue().asText()));
            }
        }
        StringBuilder text = new StringBuilder(record.get("args").get("thread").asText() + " "
                + record.get("op").asText() + " vm=" + number(record, "vm") + " vcpu=" + number(record, "vcpu")
                + " ret="
                + number(record, "ret") + " errno=" + number(record, "errno"));
        for (String word : Splitter.on(' ').omitEmptyStrings().split(said)) {
            String key = word.substring(0, word.indexOf('='));
            text.append(' ').append(key).append('=').append(shown.get(key));
        }
        return text.toString();
    }

    private static String number(JsonNode record, String key) {
        return record.has(key) ? record.get(key).asText() : "-1";
    }

    /** Compares the log with the VMM's output: each thread's ioctls, in order, with the same payloads. */
    private void compare() throws IOException {
        Map<String, List<String>> said = new LinkedHashMap<>();
        for (String line : Files.readAllLines(folder.resolve("said.txt"))) {
            if (!line.contains(" runs ")) {
                String thread = line.substring(0, line.indexOf(' '));
                said.computeIfAbsent(thread, t -> new ArrayList<>()).add(line.strip());
            }
        }
        Map<String, List<JsonNode>> recorded = new LinkedHashMap<>();
        for (JsonNode record : records()) {
            String thread = record.get("args").path("thread").asText();
            boolean runIsSaid =
                    said.getOrDefault(thread, List.of()).stream().anyMatch(line -> line.contains(" KVM_RUN "));
            if (!is(record, "note", "close_vm") && (runIsSaid || !is(record, "KVM_RUN"))) {
                recorded.computeIfAbsent(thread, t -> new ArrayList<>()).add(record);
            }
        }
        assertThat(said).isNotEmpty();
        assertThat(recorded.keySet()).containsExactlyInAnyOrderElementsOf(said.keySet());
        said.forEach((thread, lines) -> {
            List<JsonNode> own = Objects.requireNonNull(recorded.get(thread));
            List<String> asSaid = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                String line = i < lines.size() ? lines.get(i) : "";
                int payload = line.indexOf(" errno=") + 1;
                int space = line.indexOf(' ', payload);
                asSaid.add(asSaid(own.get(i), space < 0 ? "" : line.substring(space)));
            }
            assertThat(asSaid).isEqualTo(lines);
        });
    }

    /** Each thread's brackets follow one another, and contain the host counter that KVM reports. */
    private void checkBrackets() throws IOException {
        Map<String, Long> end = new LinkedHashMap<>();
        int shown = 0;
        for (JsonNode record : records()) {
            JsonNode bracket = record.has("host_tsc") ? record.get("host_tsc") : record.get("host_cntvct");
            if (bracket == null) {
                assertThat(record.get("op").asText()).isEqualTo("note");
                continue;
            }
            long lo = bracket.get(0).asLong();
            long hi = bracket.get(1).asLong();
            String thread = record.get("args").get("thread").asText();
            assertThat(lo).isLessThanOrEqualTo(hi).isGreaterThanOrEqualTo(end.getOrDefault(thread, 0L));
            end.put(thread, hi);
            if (is(record, "KVM_GET_CLOCK") && (record.get("out").path("flags").asInt() & 8) != 0) {
                assertThat(record.get("out").get("host_tsc").asLong()).isBetween(lo, hi);
                shown++;
            }
        }
        assertThat(end).isNotEmpty();
        System.out.println("RecordTest: KVM itself read its host's TSC within the bracket of " + shown + " records");
    }

    private long leftOutRuns() throws IOException {
        return host().lines()
                .filter(line -> line.startsWith("left-out KVM_RUN "))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @ParameterizedTest
    @CsvSource({"dynamic", "static"})
    void whatAVmmDidIsInTheLog(String linking) throws IOException, InterruptedException {
        assertThat(record(linking, "save-restore"))
                .as("the VMM's own exit status")
                .isEqualTo(7);
        compare();
        checkBrackets();
        List<JsonNode> records = records();
        long whole =
                records.stream().filter(r -> is(r, "KVM_RUN") && r.has("ret")).count();
        long rest =
                records.stream().filter(r -> is(r, "KVM_RUN") && !r.has("ret")).count();
        assertThat(whole + rest + leftOutRuns()).as("all KVM_RUNs of the VMM").isEqualTo(2 * (2 * 50 + 2));
        assertThat(whole)
                .as("the first KVM_RUN of each vCPU after other ioctls, with its end")
                .isEqualTo(6);
        assertThat(rest).as("a record for those that follow").isEqualTo(4);
        assertThat(records.stream().filter(r -> is(r, "close_vm"))).hasSize(2);
        assertThat(records.stream().filter(r -> is(r, "KVM_RUN") && r.has("ret")))
                .allMatch(r -> r.get("args").has("immediate_exit"));

        Run run = Run.of("validate", log());
        if (host().contains("\ntsc-offsets ignored")) {
            assertThat(run.code()).as(run.out()).isEqualTo(ExitCode.UNDECIDED);
            assertThat(run.out()).contains("host.txt says that it ignores offsets");
        } else {
            assertThat(run.code()).as(run.out()).isEqualTo(ExitCode.HOLDS);
        }
        assertThat(run.out()).doesNotContain("keys that the format does not list");
    }

    @Test
    void everyRunIsRecordedIfThatIsAskedFor() throws IOException, InterruptedException {
        assertThat(record("static", "save-restore", "--every-run", "--every-ioctl", "--no-probe"))
                .isEqualTo(7);
        List<JsonNode> records = records();
        assertThat(records.stream().filter(r -> is(r, "KVM_RUN") && r.has("ret")))
                .hasSize(204);
        assertThat(leftOutRuns()).isZero();
        assertThat(records.stream().filter(r -> is(r, "KVM_SET_REGS"))).hasSize(4);
        assertThat(host()).doesNotContain("tsc-offsets").doesNotContain("left-out always");
    }

    /** What this host's KVM did with a deadline is what the specification says, whether CPUID has the timer or not. */
    @Test
    void theTimerOfTheLocalApicIsRecorded() throws IOException, InterruptedException {
        assertThat(record("dynamic", "timers")).isZero();
        compare();
        assertThat(records().stream()
                        .filter(r -> is(r, "KVM_GET_MSRS"))
                        .map(r -> r.get("out").get("clock_msrs").get("0x6e0").asText()))
                .containsExactly("0", "0", "1152921504606846977", "1152921504606846977", "0", "0", "0", "0", "0", "0");
        Run run = Run.of("validate", log());
        assertThat(run.code()).as(run.out()).isEqualTo(ExitCode.HOLDS);
        assertThat(run.out()).doesNotContain("keys that the format does not list");
    }

    @Test
    void hostileArgumentsAreSurvived() throws IOException, InterruptedException {
        assertThat(record("dynamic", "hostile")).isZero();
        compare();
        checkBrackets();
        assertThat(Run.of("validate", log()).code())
                .as("undecided: an ioctl wrote MSRs that no record can say")
                .isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void aVmBelongsToItsFileAndNotToItsNumber() throws IOException, InterruptedException {
        assertThat(record("dynamic", "forks"))
                .as("the status of what the VMM executed")
                .isEqualTo(5);
        compare();
        assertThat(records().stream()
                        .filter(r -> is(r, "close_vm"))
                        .map(r -> r.get("vm").asInt()))
                .containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void whatAVmmForbidsItselfStaysForbidden() throws IOException, InterruptedException {
        assertThat(record("static", "sandboxed")).isZero();
        compare();
        assertThat(records().stream().filter(r -> is(r, "KVM_SET_CLOCK"))).isEmpty();
    }

    @Test
    void aHundredThreadsAreFollowed() throws IOException, InterruptedException {
        assertThat(record("dynamic", "threads")).isEqualTo(9);
        compare();
        checkBrackets();
    }

    @Test
    void aProcessThatRunsAlreadyIsRecordedFromThenOnAndLetGo() throws IOException, InterruptedException {
        Process vmm = new ProcessBuilder(programs.resolve("static").toString(), "spin")
                .redirectOutput(folder.resolve("said.txt").toFile())
                .start();
        try {
            awaitLines(folder.resolve("said.txt"), 10);
            Process tracer = new ProcessBuilder(
                            recorder.toString(), "-o", recording().toString(), "-p", String.valueOf(vmm.pid()))
                    .redirectError(folder.resolve("tracer.txt").toFile())
                    .start();
            awaitLines(folder.resolve("said.txt"), 40);
            tracer.destroy();
            assertThat(tracer.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(tracer.exitValue()).isZero();
            int lines = Files.readAllLines(folder.resolve("said.txt")).size();
            awaitLines(folder.resolve("said.txt"), lines + 10);
            assertThat(vmm.isAlive()).isTrue();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
        assertThat(records().get(0).get("args").get("note").asText()).startsWith("begins midway");
        assertThat(records().stream()
                        .filter(r -> is(r, "KVM_GET_CLOCK") && r.get("vm").asInt() == 0))
                .isNotEmpty();
        assertThat(records().stream()
                        .filter(r ->
                                is(r, "KVM_GET_DEVICE_ATTR") && r.get("vcpu").asInt() == 1))
                .isNotEmpty();
        checkBrackets();
        Run run = Run.of("validate", log());
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(run.out()).contains("the log does not have the creation of VM 0");
    }

    private static void awaitLines(Path file, int lines) throws IOException, InterruptedException {
        for (int i = 0; i < 300 && Files.readAllLines(file).size() < lines; i++) {
            Thread.sleep(100);
        }
        assertThat(Files.readAllLines(file)).hasSizeGreaterThanOrEqualTo(lines);
    }

    @Test
    void theCommandPassesOnWhatTheRecorderReturns() throws IOException, InterruptedException {
        Path out = folder.resolve("by-command");
        assertThat(Run.of("record", "-o", out, "--no-probe", "sh", "-c", "exit 42")
                        .code())
                .isEqualTo(42);
        assertThat(out.resolve("host.txt")).exists();
        assertThat(Run.of("record", "-o", out, "true").code())
                .as("what is there is not written over")
                .isEqualTo(ExitCode.UNUSABLE);
        String again = recorderSays("-o", out.toString(), "--", "true");
        assertThat(again).contains(out + "/host.txt exists: a recording needs a new folder, which -o names");
        assertThat(recorderSays("-o", folder.resolve("empty").toString(), "--no-probe", "--", "true"))
                .contains("no VM was seen. Does the command use KVM (QEMU: -accel kvm), and may it open /dev/kvm?");
        // Nothing stays of what could not begin: the corrected command may use the name.
        Path other = folder.resolve("other");
        assertThat(Run.of("record", "-o", other, "--", "/no/such/command").code())
                .isEqualTo(127);
        assertThat(other).doesNotExist();
        assertThat(recorderSays("-o", other.toString(), "--", "/no/such/command"))
                .contains("/no/such/command: No such file or directory")
                .doesNotContain("no VM was seen");
        assertThat(recorderSays("-o", other.toString(), "-p", "999999999")).contains("no process 999999999");
        assertThat(other).doesNotExist();
        assertThat(Run.of("record", "-o", other, "--no-probe", "true").code()).isZero();
    }

    private String recorderSays(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(recorder.toString()));
        command.addAll(List.of(arguments));
        Path output = folder.resolve("recorder.txt");
        execute(output, command);
        return Files.readString(output.resolveSibling("recorder.txt.err"));
    }

    @Test
    void whatRecordingCostsIsMeasured() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.arch", "").equals("amd64"), "measured on x86 only");
        assertThat(execute(folder.resolve("cost.txt"), List.of(recorder.toString(), "--measure")))
                .isZero();
        List<String> lines = Files.readAllLines(folder.resolve("cost.txt"));
        lines.forEach(System.out::println);
        assertThat(lines).hasSize(4);
    }
}
