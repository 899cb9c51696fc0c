package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longitude.advise.Advice;
import dev.longitude.advise.AdviceText;
import dev.longitude.advise.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdviseCommandTest {
    private static final Path SPEC = Path.of("../spec");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    advise                                        | expected RECIPE or --all
                    advise firecracker --all                      | expected RECIPE or --all
                    advise --all --kernel v6.1                    | --all and --bless take --committed only
                    advise firecracker --bless --world usual      | --all and --bless take --committed only
                    advise firecracker --pairs -1                 | --pairs and --seconds are not negative
                    advise nosuch                                 | no recipe and no file 'nosuch'; `matrix --list` shows the recipes
                    advise kvmtool-pause --world mars             | the recipe is not judged in the world 'mars', but in usual, young-guest, short
                    advise kvmtool-arm64-pause --property SameRate | no property 'SameRate' on aarch64; there are Completes, MonotonicAcross, SameLine, VirtualContinuous, PhysicalContinuous, ClocksStayTogether, IdempotentRestore, BroadcastComplete, RestoreTakesEffect, TimerOnTime
                    """)
    void whatCannotBeUsedIsSaid(String command, String message) {
        Run run = Run.of((Object[]) command.split(" "));
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err().lines().findFirst()).contains("longitude: " + message);
    }

    /** The change is in the output; applied to the file, the property holds. */
    @Test
    void theChangedFileHoldsWhatTheAdvicePromises() throws Exception {
        Path mine = folder.resolve("mine.yaml");
        String before = Files.readString(SPEC.resolve("recipes/kvmtool-pause.yaml"));
        Files.writeString(mine, before);
        Run run = Run.of("advise", mine);
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        String lines = "  - inTurn:\n      - KvmclockCtrl: {mayFail: true}\n";
        assertThat(run.out())
                .contains("StoppedIsShown: v6.12 (usual) fails\n")
                .contains("Add KvmclockCtrl after pause.\n")
                .contains("--- " + mine + "\n")
                .contains("+" + lines.replace("\n  ", "\n+  "))
                .contains("It breaks nothing in what was judged.\n");
        Files.writeString(mine, before.replace("  - pause\n", "  - pause\n" + lines));
        assertThat(Run.of("check", "--recipe", mine, "--kernel", "v6.12", "--world", "usual")
                        .code())
                .isEqualTo(ExitCode.HOLDS);
        Run again = Run.of("advise", mine);
        assertThat(again.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(again.out())
                .contains("Judged: v6.12 (usual). Not judged here, each with --world: ")
                .contains("Nothing fails in what was judged.");
    }

    /** Of several properties one is fixed, and of one no change is found: only that one is printed. */
    @Test
    void quietPrintsOnlyWhatHasNoChange() throws Exception {
        Advice advice = Advice.read(Files.readString(SPEC.resolve("advice.json"))).stream()
                .filter(a -> a.answers().stream().anyMatch(Answer::isFound) && !a.isComplete())
                .findFirst()
                .orElseThrow();
        assertThat(AdviceText.of(advice.open())).contains("No change was found").doesNotContain("+++ ", "It breaks");
        assertThat(AdviceText.of(advice)).contains("No change was found", "+++ ");
        Run run = Run.of("advise", "--quiet", "kvmtool-pause");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(run.out() + run.err()).isEmpty();
    }

    @Test
    void comparesWithWhatIsCommittedAndWritesIt() throws Exception {
        CommittedAdvice none = new CommittedAdvice(folder, List.of("kvmtool-pause"));
        Run blessed = Run.of("advise", "kvmtool-pause", "--bless", "--committed", folder);
        assertThat(blessed.code()).isEqualTo(ExitCode.HOLDS);
        Path json = folder.resolve("advice.json");
        Advice advice = Advice.read(Files.readString(json)).get(0);
        assertThat(none.difference(advice)).contains("kvmtool-pause: no advice is committed");
        CommittedAdvice same = new CommittedAdvice(folder, List.of("kvmtool-pause"));
        assertThat(same.difference(advice)).isEmpty();
        assertThat(same.faults()).isEmpty();

        Files.writeString(json, Files.readString(json).replace("Add KvmclockCtrl after", "Add KvmclockCtrl before"));
        CommittedAdvice other = new CommittedAdvice(folder, List.of("kvmtool-pause"));
        assertThat(other.difference(advice))
                .contains("kvmtool-pause: another advice than the committed one: StoppedIsShown");
        assertThat(other.faults()).containsExactly(folder.resolve("advice.md") + " does not agree with advice.json");
        assertThat(new CommittedAdvice(folder, List.of()).faults())
                .contains(json + ": 'kvmtool-pause' is no bundled recipe");
    }

    /** KVM does not scale between rates that are within its tolerance, whatever the VMM does. */
    @Test
    void whereNoChangeIsFoundTheExitCodeIsOneAndTheBoundIsShown() throws Exception {
        Run run = Run.of(
                "advise", "firecracker", "--world", "near-rate", "--property", "SameRate", "--pairs", "5", "--json");
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
        JsonNode answer = new JsonMapper().readTree(run.out()).get("answers").get(0);
        assertThat(answer.get("property").asText()).isEqualTo("SameRate");
        assertThat(answer.get("change")).isEmpty();
        assertThat(answer.get("tried").get("single").asInt()).isPositive();
        assertThat(answer.get("tried").get("pairs").asInt()).isGreaterThanOrEqualTo(5);
        assertThat(answer.get("tried").get("bounded").asBoolean()).isTrue();
    }
}
