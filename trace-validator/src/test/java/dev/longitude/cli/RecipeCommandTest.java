package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.recording.BundledRecording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe of a recording, written, and judged. */
class RecipeCommandTest {
    private static final String FORMULA = "x86_64-linux6.12.95-tcg-max/S5-save-restore-by-offset.jsonl";
    private static final String UNREAD = "x86_64-linux6.12.95-tcg-max/S2-offset-attr.jsonl";
    private static final String NO_RESTORE = "x86_64-linux6.12.95-qemu10.0.2-vmm-savevm-loadvm-migrate/incoming.jsonl";

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private Path recording(String file) throws IOException {
        return BundledRecording.all().stream()
                .filter(r -> r.file().equals(file))
                .findFirst()
                .orElseThrow()
                .unpack(folder);
    }

    @Test
    void aCompleteRecipeIsPrintedAndExitsWith0() throws IOException {
        Run run = Run.of("recipe", recording(FORMULA));
        assertThat(run.out())
                .startsWith("about: recorded save and restore of ")
                .contains("\nrestore:\n")
                .endsWith("\n");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
    }

    @Test
    void whatIsUnknownExitsWith3AndSoDoesTheCheckOfTheRecipe() throws IOException {
        Path recipe = folder.resolve("recorded.yaml");
        Run run = Run.of("recipe", "--out", recipe, recording(UNREAD));
        assertThat(run.out())
                .contains(recipe + ": written. ", "\nunknown: line 69: SetTscOffset of an unknown value, ");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
        String written = Files.readString(recipe);
        Run again = Run.of("recipe", "--out", recipe, recording(FORMULA));
        assertThat(again.err()).contains(recipe + " exists; --force overwrites it");
        assertThat(again.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(recipe).content().isEqualTo(written);

        Run check = Run.of("check", "--recipe", recipe, "--kernel", "v6.12", "--world", "usual");
        assertThat(check.out()).contains("recorded: unknown: line 69: ").doesNotContain("checks: all hold");
        assertThat(check.code()).isEqualTo(ExitCode.UNDECIDED);
        Run junit = Run.of("check", "--json", "--recipe", recipe, "--kernel", "v6.12", "--world", "usual");
        assertThat(junit.out()).contains("\"undecided\"").doesNotContain("\"holds\":true", "\"violated\"");
        assertThat(junit.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void aRecordingWithoutARestoreIsUnusable() throws IOException {
        Run run = Run.of("recipe", recording(NO_RESTORE));
        assertThat(run.err()).contains("no restore: ");
        assertThat(run.out()).isEmpty();
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
    }

    @Test
    void outputOfAToolWithoutPayloadHasNoRecipe() {
        Run run = Run.of("recipe", Path.of("src/test/resources/formats/strace.txt"));
        assertThat(run.err()).contains("expected an ioctl log");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
    }

    @Test
    void withoutHostTxtTheKernelIsTheNamedOne() throws IOException {
        Path log = recording(FORMULA);
        Files.delete(log.resolveSibling("host.txt"));
        assertThat(Run.of("recipe", log).code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(Run.of("recipe", "--kernel", "v6.12", log).out()).contains("\nrestore:\n");
    }

    /** The VMM waits between its last operation and the first KVM_RUN. */
    @Test
    void aLateWaitIsAStep() throws IOException {
        Files.writeString(
                folder.resolve("host.txt"), "arch x86_64\nkernel 6.12.95\nclocksource tsc\ntsc_khz 2000000\n");
        Path log = Files.writeString(folder.resolve("late.jsonl"), """
                {"op":"KVM_CREATE_VM","vm":0,"vcpu":null,"args":{},"out":{},"ret":0,"errno":0,"host_tsc":[1000,1100]}
                {"op":"KVM_CREATE_VCPU","vm":0,"vcpu":0,"args":{"id":0},"out":{},"ret":0,"errno":0,"host_tsc":[2000,2100]}
                {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{},"out":{},"ret":0,"errno":0,"host_tsc":[3000,3100]}
                {"op":"KVM_GET_CLOCK","vm":0,"vcpu":null,"args":{},"out":{"clock":4000,"flags":2},"ret":0,"errno":0,"host_tsc":[4000,4100]}
                {"op":"KVM_SET_CLOCK","vm":0,"vcpu":null,"args":{"clock":4000,"flags":0},"out":{},"ret":0,"errno":0,"host_tsc":[5000,5100]}
                {"op":"KVM_RUN","vm":0,"vcpu":0,"args":{},"out":{},"ret":0,"errno":0,"host_tsc":[4000005000,4000005100]}
                """);
        Run run = Run.of("recipe", log);
        assertThat(run.out()).contains("  - SetClock: {clock: clock.clock}  # line 5\n  - Wait\n  - run  # line 6\n");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
    }
}
