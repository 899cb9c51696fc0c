package dev.longitude.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The validator judges by a switch that only the specification has, and names it. */
class SpecificationOnlySwitchTest {
    private static final Path RECORDING =
            Path.of("src/main/resources/recordings/x86_64-linux6.12.95-tcg-max/S1-msr-write-by-value.jsonl");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    /**
     * Validates a recording by a specification with one more row.
     *
     * @param use what {@code KvmX86.tla} makes of the row, in the first conjunct of WriteTsc
     */
    private String validate(String use) throws IOException, InterruptedException {
        Path spec = Files.createDirectories(folder.resolve("spec"));
        replace(
                spec.resolve("Kernels.tla"),
                "   vmTscKhzFirst |->",
                "   newest |-> Since({<<6, 12, 0>>}),\n   vmTscKhzFirst |->");
        replace(
                spec.resolve("KvmX86.tla"),
                "\nWriteTsc(vcpu, value) ==\n",
                "\nWriteTsc(vcpu, value) ==\n  /\\ " + use + "\n");
        Process process = new ProcessBuilder(List.of(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-cp",
                        folder + System.getProperty("path.separator") + System.getProperty("java.class.path"),
                        "dev.longitude.cli.Longitude",
                        "validate",
                        RECORDING.toString()))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    private static void replace(Path to, String what, String with) throws IOException {
        String text = Files.readString(Path.of("../spec").resolve(to.getFileName()));
        assertThat(text).contains(what);
        Files.writeString(to, text.replace(what, with));
    }

    @Test
    void aRowWithoutUseChangesNoVerdict() throws Exception {
        assertThat(validate("TRUE"))
                .contains("conforms to v6.12: ")
                .contains("\n  the specification has the switch newest, which dev.longitude.kernel.Switch lacks\n");
    }

    @Test
    void aRowIsJudgedBy() throws Exception {
        assertThat(validate("~kernel.newest")).contains("refused: ").contains("~kernel.newest");
    }
}
