package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longitude.lab.Probe;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void anUnknownSequenceIsRefused() throws IOException, InterruptedException {
        needsKvm();
        Run run = Run.of("probe", "-o", folder.resolve("logs"), "--sequence", "by-chance");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
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
