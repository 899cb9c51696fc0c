package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.processes.ShellWord;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

class TerminalTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    @Test
    void everyHelpHasAnExampleAndTheExitCodes() {
        assertHelps(Longitude.commandLine());
    }

    private static void assertHelps(CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        assertThat(command.getUsageMessage().lines())
                .as(name)
                .anyMatch(line -> line.startsWith("Example"))
                .filteredOn(line -> line.startsWith("Exit codes:"))
                .hasSize(1);
        if (command.getCommandSpec().findOption("--junit") != null) {
            assertThat(command.getUsageMessage().replaceAll("\\s+", " "))
                    .as("%s, which judges", name)
                    .doesNotContain(ExitCode.MEANING_WITHOUT_VERDICT);
        }
        command.getSubcommands().values().stream()
                .filter(sub -> !(sub.getCommand() instanceof HelpCommand))
                .forEach(TerminalTest::assertHelps);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            simulate yung-guest                                       | young-guest
            validate x --kernel series-v3                             | series-v1
            validate x --require SameLin                              | SameLine
            check --recipe firecraker                                 | firecracker
            check --recipe firecracker --world usuel                  | usual
            check --recipe firecracker --property SameLines           | SameLine
            matrix --recipe firecracker --property SameLines          | SameLine
            advise firecraker                                         | firecracker
            advise firecracker no-such --property SameLines           | SameLine
            """)
    void aMistypedNameIsFoundBeforeAnythingRuns(String command, String near) {
        Run run = Run.of((Object[]) command.split(" "));
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("Did you mean " + near + "?");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void aFileHasThePermissionsThatTheUmaskGives() throws Exception {
        Path plain = Files.createFile(folder.resolve("plain"));
        Path trace = folder.resolve("t.ndjson");
        Run.of("simulate", "boot", "--out", trace);
        assertThat(Files.getPosixFilePermissions(trace))
                .isEqualTo(Files.getPosixFilePermissions(plain))
                .contains(PosixFilePermission.OWNER_READ);
    }

    @Test
    void theCompletionScriptKnowsCommandsAndOptions() {
        Run run = Run.of("completion");
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("_complete_longitude")
                .contains("validate")
                .contains("--require");
    }

    @Test
    void aWordIsQuotedIfAShellWouldReadItOtherwise() {
        assertThat(List.of("/tmp/a-b_1.tla", "a b", "it's", "", "$(x)").stream().map(ShellWord::of))
                .containsExactly("/tmp/a-b_1.tla", "'a b'", "'it'\\''s'", "''", "'$(x)'");
    }

    /** Five long steps after 595 short ones: an estimate by number would be off by a factor of a hundred. */
    @Test
    void theTimeLeftIsEstimatedFromTheWorkNotFromTheNumberOfSteps() {
        double work = 595 * 0.2 + 5 * 60;
        assertThat(Progress.secondsLeft(30, 60, work)).isBetween((work - 60) / 4, work - 60);
        assertThat(Progress.secondsLeft(30, work, work)).isZero();
        assertThat(Progress.secondsLeft(30, 0, work)).isZero();
    }

    /** Otherwise a long search looks as if it hung. */
    @Test
    void aReaderOfAPipeSeesNowAndThenWhatHappens() {
        StringWriter err = new StringWriter();
        AtomicLong nanos = new AtomicLong(7);
        Progress progress = new Progress(new PrintWriter(err, true), true, 1, 1, nanos::get);
        progress.now("first");
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(10));
        progress.now("second");
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(9));
        progress.now("third");
        progress.finish();
        assertThat(err).hasToString("second\n");
    }

    @Test
    void moreVcpusThanATraceHasRoomForAreRefused() {
        Run run = Run.of("simulate", "boot", "--vcpus", "257");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("--vcpus 257: expected 1 to 256");
    }

    @Test
    void noTimeLeftIsShownWhereNothingTellsIt() {
        StringWriter err = new StringWriter();
        Progress progress = Progress.ofUnknownTimes(new PrintWriter(err, true), true, 2);
        progress.step("crosvm-cold", "8 answers");
        assertThat(err).hasToString("[1/2] crosvm-cold: 8 answers\n");
    }

    @Test
    void anOptionThatWouldHaveNoEffectIsRefused() {
        Run run = Run.of("lab", "--kernel", "6.12", "--vcpus", "4");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("--vcpus needs --vmm qemu or --vmm linux");
    }
}
