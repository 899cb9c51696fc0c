package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The output of {@code longitude kernels}; {@code spec/kernels.md} is its output as Markdown. */
class KernelsCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        CommandLine line = Longitude.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        String[] all = new String[args.length + 1];
        all[0] = "kernels";
        System.arraycopy(args, 0, all, 1, args.length);
        return line.execute(all);
    }

    @Test
    void theTableNamesEverySwitchAndEveryNameByWhichReportsKnowAKernel() {
        assertThat(run()).isZero();
        for (Switch one : Switch.values()) {
            assertThat(out.toString()).contains(one.specName() + ": ");
        }
        for (KernelProfile kernel : KernelProfile.known()) {
            assertThat(out.toString()).contains(kernel.specName());
        }
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    }

    /** To regenerate it: {@code ./longitude kernels --markdown > spec/kernels.md}. */
    @Test
    void theCommittedTableIsThisOne() throws IOException {
        assertThat(run("--markdown")).isZero();
        assertThat(Files.readString(Path.of("../spec/kernels.md"))).isEqualTo(out.toString());
    }

    @Test
    void aKernelIsTheSwitchesThatAreOnInIt() {
        assertThat(run("6.9", "--arch", "x86_64")).isZero();
        assertThat(out.toString())
                .startsWith("6.9 (as v6.8):\n")
                .contains("userSetTscGate: ", "since 6.7,", "bf328e22e472)")
                .contains("also 5.14.4, 5.10.65")
                .doesNotContain("vmTscKhzFirst", "offsetsOfVm");
    }

    @Test
    void twoKernelsAreCompared() {
        assertThat(run("v6.1", "6.12.95+deb12-cloud-amd64", "--arch", "x86_64")).isZero();
        assertThat(out.toString())
                .startsWith("v6.1 and 6.12.95 (as v6.12):\n")
                .contains("v6.12.95  x86_64  userSetTscGate", "v6.12.95  x86_64  trackOnlyOnChange")
                .doesNotContain("adjustAsks");
    }

    @Test
    void whereNothingDiffersThatIsSaid() {
        assertThat(run("6.10", "6.11")).isZero();
        assertThat(out).hasToString("6.10 (as v6.8) and 6.11 (as v6.8): nothing differs\n");
    }

    @Test
    void whatIsNoKernelIsRefused() {
        assertThat(run("4.19")).isEqualTo(2);
        assertThat(err.toString()).contains("unknown kernel '4.19'; expected a release from 5.10 to 7.4");
        assertThat(run("6.1", "--arch", "riscv64")).isEqualTo(2);
        assertThat(run("6.1", "6.2", "6.3")).isEqualTo(2);
    }
}
