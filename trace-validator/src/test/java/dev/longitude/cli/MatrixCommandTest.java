package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.matrix.Matrix;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatrixCommandTest {
    private static final Path SPEC = Path.of("../spec");

    @TempDir
    private Path folder;

    @Test
    void listsTheRecipes() {
        Run run = Run.of("matrix", "--list");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(run.out())
                .containsPattern(
                        "firecracker-clock- +x86_64 +ADVANCE +usual|firecracker-clock-realtime +x86_64 +ADVANCE +usual");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    matrix --recipe nosuch                                  | no recipe and no file 'nosuch'; `matrix --list` shows the recipes
                    matrix --world mars                                     | no world 'mars'; there are usual, near-rate, other-rate, cannot-scale, same-host, stepped-clock, young-guest, short
                    check --recipe kvmtool-pause --world other-rate         | kvmtool-pause is not judged in the world 'other-rate': the VM stays on its host
                    check --recipe kubevirt-tolerance --world other-rate    | kubevirt-tolerance is not judged in the world 'other-rate': the recipe excludes it: KubeVirt refuses such a node
                    check --recipe kvmtool-pause --property Nosuch          | no property 'Nosuch' on x86_64; there are Completes, MonotonicAcross, SameLine, SameRate, TscContinuous, ClockContinuous, ClocksStayTogether, IdempotentRestore, RestoreTakesEffect, MasterClockIsOn, StoppedIsShown, TimerOnTime
                    matrix --property SameLine                              | --property needs one --recipe and one --kernel
                    matrix --recipe firecracker --kernel v6.1 --property X  | no property 'X' on x86_64; there are Completes, MonotonicAcross, SameLine, SameRate, TscContinuous, ClockContinuous, ClocksStayTogether, IdempotentRestore, RestoreTakesEffect, MasterClockIsOn, StoppedIsShown, TimerOnTime
                    matrix --recipe firecracker --bless                     | --bless needs the whole matrix
                    matrix --simulate 9 --out x                             | --simulate only compares: it excludes --bless, --out and --property
                    matrix --preemptions 4 --recipe firecracker             | --preemptions is 1 to 3
                    check --kernel v6.1                                     | --kernel, --world, --property and --strict need --recipe, which excludes --model
                    simulate --recipe propolis --kernel v5.10               | GetClock of v5.10 returns neither realtime nor hostTsc
                    simulate --recipe kvmtool-pause --world other-rate      | the recipe is not judged in the world 'other-rate', but in [usual, young-guest, short]
                    """)
    void whatCannotBeUsedIsSaid(String command, String message) {
        Run run = Run.of((Object[]) command.split(" "));
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err().lines().findFirst()).contains("longitude: " + message);
    }

    @Test
    void comparesWithWhatIsCommitted() throws Exception {
        Path committed = Files.copy(SPEC.resolve("matrix.json"), folder.resolve("matrix.json"));
        Object[] command = {
            "matrix", "--recipe", "kvmtool-pause", "--kernel", "v6.12", "--world", "usual", "--committed", folder
        };
        Run same = Run.of(command);
        assertThat(same.out()).contains("12 cells, all as committed.");
        assertThat(same.code()).isEqualTo(ExitCode.HOLDS);

        String changed = Files.readString(committed)
                .replace(
                        "\"kvmtool-pause\",\"world\":\"usual\",\"kernel\":\"v6.12\",\"property\":\"SameLine\",\"verdict\":{\"says\":\"holds\"}",
                        "\"kvmtool-pause\",\"world\":\"usual\",\"kernel\":\"v6.12\",\"property\":\"SameLine\",\"verdict\":{\"says\":\"fails\",\"preemption\":\"none\",\"length\":3}");
        Files.writeString(committed, changed);
        Run other = Run.of(command);
        assertThat(other.out())
                .contains("kvmtool-pause@usual v6.12 SameLine: was 'fails, shown by 3 steps', is 'holds'\n")
                .contains("Differences: 1, cells: 12. If this is intended: longitude matrix --bless");
        assertThat(other.code()).isEqualTo(ExitCode.VIOLATED);

        Files.writeString(committed, "[{}]");
        assertThat(Run.of(command).code()).isEqualTo(ExitCode.UNUSABLE);
    }

    /** Linux 6.6 behaves like 6.12 there, and has no column. */
    @Test
    void aKernelWithoutAColumnIsJudgedAndNotCompared() {
        Run run = Run.of(
                "matrix", "--recipe", "kvmtool-pause", "--kernel", "v6.6", "--world", "usual", "--committed", folder);
        assertThat(run.out()).contains("StoppedIsShown fails").doesNotContain("committed");
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
    }

    @Test
    void writesWhatItFound() throws Exception {
        Run run = Run.of(
                "matrix",
                "--recipe",
                "kvmtool-pause",
                "--kernel",
                "v6.12",
                "--world",
                "usual",
                "--committed",
                SPEC,
                "--out",
                folder);
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(Matrix.cells(Files.readString(folder.resolve("matrix.json"))))
                .hasSize(12);
        assertThat(Files.readAllLines(folder.resolve("matrix.csv"))).hasSize(13);
        assertThat(Files.readString(folder.resolve("matrix.md"))).contains("| SameLine | + |\n");
    }

    @Test
    void opensACell() {
        Run run = Run.of(
                "matrix",
                "--recipe",
                "kvmtool-pause",
                "--kernel",
                "v6.12",
                "--world",
                "usual",
                "--property",
                "StoppedIsShown");
        // Create two vCPUs and their pages, run, work, pause, blackout, run the first: 4 + 2 + 1 + 2 + 1 + 1.
        assertThat(run.out())
                .contains("A shortest behaviour that shows it, of 11 steps")
                .containsPattern("11 +EnterGuest +[01] +4(48|80) ")
                .contains("The last step makes StoppedIsShown false.");
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
        Run holds = Run.of(
                "matrix",
                "--recipe",
                "kvmtool-pause",
                "--kernel",
                "v6.12",
                "--world",
                "usual",
                "--property",
                "SameLine");
        assertThat(holds.out()).contains("kvmtool-pause v6.12: SameLine holds.");
        assertThat(holds.code()).isEqualTo(ExitCode.HOLDS);
    }

    @Test
    void checksARecipeOfOnesOwn() throws Exception {
        Path mine = folder.resolve("mine.yaml");
        Files.writeString(
                mine,
                Files.readString(SPEC.resolve("recipes/firecracker.yaml"))
                        .replace(
                                "  - SetClock: {clock: clock.clock}\n  - run\n",
                                "  - run\n  - SetClock: {clock: clock.clock}\n"));
        Run wrong = Run.of("check", "--recipe", mine, "--kernel", "v6.12", "--world", "usual");
        assertThat(wrong.out().replaceAll("\\s+", " "))
                .containsPattern(
                        "ClockContinuous +fails, shown by \\d+ steps: kvmclock is not where the policy puts it")
                .contains("The last step makes")
                .contains("the VMM has not yet done SetClock: its recipe does that later.")
                .doesNotContain("It goes wrong between")
                .contains("A property fails. The counterexample of another one; the same for each that fails:"
                        + " longitude matrix --recipe " + mine + " --kernel v6.12 --world usual --property ");
        assertThat(wrong.code()).isEqualTo(ExitCode.VIOLATED);
        Run quiet = Run.of("check", "--recipe", mine, "--kernel", "v6.12", "--world", "usual", "--quiet");
        assertThat(quiet.out())
                .containsPattern("(?m)^ClockContinuous +fails")
                .doesNotContainPattern("(?m)^\\w+ +(holds|does not apply)");
        assertThat(quiet.code()).isEqualTo(ExitCode.VIOLATED);
        Run only = Run.of(
                "check", "--recipe", mine, "--kernel", "v6.12", "--world", "usual", "--property", "TscContinuous");
        assertThat(only.out()).contains("All properties that apply hold.");
        assertThat(only.code()).isEqualTo(ExitCode.HOLDS);
        Path sarif = folder.resolve("clock.sarif");
        String check = "check --recipe " + mine + " --kernel v6.12 --world usual";
        Run clock = Run.of((Object[]) (check + " --property ClockContinuous --sarif " + sarif).split(" "));
        assertThat(clock.code()).isEqualTo(ExitCode.VIOLATED);
        int line = 1 + Files.readAllLines(mine).indexOf("  - SetClock: {clock: clock.clock}");
        assertThat(Files.readString(sarif).replaceAll("\\s", ""))
                .contains("\"region\":{\"startLine\":" + line + "}},\"message\":{\"text\":\"SetClock:notyetdone\"}");
        Run matrix = Run.of("matrix", "--recipe", mine, "--kernel", "v6.12", "--world", "usual");
        assertThat(matrix.out()).contains("ClockContinuous").doesNotContain("committed");
        assertThat(matrix.code()).isEqualTo(ExitCode.VIOLATED);
        Run few = Run.of("matrix", "--recipe", mine, "--kernel", "v6.12", "--world", "usual", "--quiet");
        assertThat(few.out())
                .contains("mine v6.12: ClockContinuous fails, shown by")
                .doesNotContain("TscContinuous");
    }

    @Test
    void simulatesARecipeAndItsTraceConforms() {
        for (String host : new String[] {"source", "destination"}) {
            Path trace = folder.resolve(host + ".ndjson");
            Run run = Run.of(
                    "simulate",
                    "--recipe",
                    "firecracker",
                    "--kernel",
                    "v6.12",
                    "--preemption",
                    "long",
                    "--preemptions",
                    "100",
                    "--seed",
                    "7",
                    "--host",
                    host,
                    "--out",
                    trace);
            assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
            assertThat(run.out()).contains("Fails in this run: [");
            Run validated = Run.of("validate", trace);
            assertThat(validated.out()).contains("conforms to v6.12");
            assertThat(validated.code()).isEqualTo(ExitCode.HOLDS);
        }
    }

    @Test
    void holdsTheMatrixAgainstSimulatedRuns() {
        Run run = Run.of(
                "matrix", "--recipe", "series-by-value", "--kernel", "v6.12", "--world", "usual", "--simulate", "4000");
        assertThat(run.out()).contains("4000 runs, seeds from 1: 0 contradictions, 0 failures not seen.");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
    }
}
