package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.collect.Iterables;
import dev.longitude.kernel.Arch;
import dev.longitude.lab.Probe;
import dev.longitude.lab.TestOutcome;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The probe drives the KVM of this machine, if there is one, and what it writes can be judged. */
class ProbeCommandTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static void needsKvm() throws IOException, InterruptedException {
        Path kvm = Path.of("/dev/kvm");
        boolean there = CProgram.thisMachine() != null && Files.isReadable(kvm) && Files.isWritable(kvm);
        try {
            Probe.PROGRAM.build();
        } catch (NoCompilerException e) {
            there = false;
        }
        if (!there) {
            System.out.println("ProbeCommandTest is skipped: no /dev/kvm that can be used, or no C compiler");
        }
        assumeTrue(there);
    }

    /** (A nested KVM may ignore offsets, or lack a sequence's needs: then the verdict is weaker.) */
    @Test
    void everyLogCanBeJudged() throws IOException, InterruptedException {
        needsKvm();
        Path logs = folder.resolve("logs");
        Run run = Run.of("probe", "-o", logs, "--seed", 5, "--sequence", "capabilities,by-value,random", "--json");
        assertThat(run.code()).as(run.out() + run.err()).isIn(ExitCode.HOLDS, ExitCode.UNDECIDED);
        assertThat(Probe.logs(logs).stream().map(f -> f.getFileName().toString()))
                .containsExactly("by-value.jsonl", "capabilities.jsonl", "random-5.jsonl");
        assertThat(run.out().lines()).hasSize(3).noneMatch(line -> line.contains("is not listed"));
        assertThat(logs.resolve("host.txt")).content().contains("kernel " + System.getProperty("os.version"));
    }

    @Test
    void anUnknownSequenceIsRefusedBeforeAnythingRuns() {
        Run run = Run.of(
                "lab", "--kernel", "6.12", "--arch", "x86_64", "-o", folder.resolve("logs"), "--sequence", "by-valu");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err())
                .startsWith("longitude: no sequence 'by-valu' on x86_64; there are capabilities, by-value, ")
                .contains("Did you mean by-value?");
    }

    @Test
    void theNamesOfTheSequencesAreThoseOfTheProgram() throws IOException {
        String source = new String(Probe.PROGRAM.source(), StandardCharsets.UTF_8);
        List<String> names = Pattern.compile("^    \\{(?:\\.name = )?\"([a-z-]+)\", ", Pattern.MULTILINE)
                .matcher(source)
                .results()
                .map(m -> m.group(1))
                .toList();
        assertThat(names)
                .containsExactlyInAnyOrderElementsOf(Iterables.concat(Probe.names(Arch.X86), Probe.names(Arch.ARM64)));
    }

    @Command(name = "judging")
    private static final class Judging implements Callable<Integer> {
        @Mixin
        private ResultOptions results = new ResultOptions();

        private final Path folder;

        Judging(Path folder) {
            this.folder = folder;
        }

        @Override
        public Integer call() throws IOException, InterruptedException {
            return new VerdictTable(results, folder, null, TestOutcome.in(folder)).print(Probe.logs(folder));
        }
    }

    private String judged(int code, String tests) throws IOException {
        for (String file : List.of("host.txt", "deadlines.jsonl")) {
            Path copy = folder.resolve("tsc_msrs_test/" + file);
            Files.createDirectories(folder.resolve("tsc_msrs_test"));
            try (InputStream in =
                    ProbeCommandTest.class.getResourceAsStream("/recordings/x86_64-linux6.12.118-lab/" + file)) {
                Files.write(copy, Objects.requireNonNull(in).readAllBytes());
            }
        }
        Files.writeString(folder.resolve("tests.txt"), tests);
        CommandLine judging = new CommandLine(new Judging(folder));
        StringWriter out = new StringWriter();
        judging.setOut(new PrintWriter(out, true));
        assertThat(judging.execute()).as(out.toString()).isEqualTo(code);
        return out.toString();
    }

    /** Many logs may be undecided for one reason: each has one line, and the way to the rest. */
    @Test
    void ofALogThatIsUndecidedTheTableNamesTheReasonOnly() throws IOException {
        judged(ExitCode.HOLDS, "");
        Path log = folder.resolve("tsc_msrs_test/deadlines.jsonl");
        Files.writeString(log, Files.readString(log).replace("KVM_CREATE_IRQCHIP", "KVM_0xae61"));
        CommandLine judging = new CommandLine(new Judging(folder));
        StringWriter out = new StringWriter();
        judging.setOut(new PrintWriter(out, true));
        assertThat(judging.execute()).as(out.toString()).isEqualTo(ExitCode.UNDECIDED);
        assertThat(out.toString().lines().filter(line -> line.contains(": undecided: ")))
                .hasSize(1);
        assertThat(out.toString())
                .contains("How far a log was judged: longitude validate " + log)
                .doesNotContain("state at the end", "modelled: ");
    }

    /** Its log may end early, and what there is may conform. */
    @Test
    void aKernelsTestThatFailsIsNoSuccessAlthoughItsLogConforms() throws IOException {
        Files.writeString(folder.resolve("tsc_msrs_test.txt"), "a != b\n");
        assertThat(judged(ExitCode.UNDECIDED, "tsc_msrs_test 254\n"))
                .contains("failed", "conforms to v6.12.118", "tsc_msrs_test: failed: exit status 254\n  a != b\n")
                .contains("2 logs and tests: 1 conform or passed, 1 undecided");
    }

    @Test
    void aKernelsTestThatPassesOrIsSkippedIsNoFault() throws IOException {
        assertThat(judged(ExitCode.HOLDS, "tsc_msrs_test 0\nvmx_tsc_adjust_test 4\n"))
                .contains("3 logs and tests: 2 conform or passed, 1 do not apply");
    }

    /** A KVM that has nothing of what was asked for is not one that conforms. */
    @Test
    void aFolderWithoutLogsIsNoSuccess() {
        CommandLine judging = new CommandLine(new Judging(folder));
        StringWriter out = new StringWriter();
        judging.setOut(new PrintWriter(out, true));
        assertThat(judging.execute()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(out.toString()).contains("no log was written");
    }

    @Test
    void aFolderThatExistsIsKept() {
        Run run = Run.of("probe", "-o", folder);
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("exists: the logs need a new folder");
    }

    @Test
    void theSourceIsOneFile() {
        assertThat(Run.of("probe", "--print-source").out())
                .contains("int main(int argc, char **argv)")
                .doesNotContain("#include \"");
    }

    @Test
    void theLabKnowsTwoArchitectures() {
        Run run = Run.of("lab", "--kernel", "6.12", "--arch", "riscv64");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("expected x86_64 and aarch64");
    }
}
