package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user learns of the formats when a file has none of them. */
class AcceptedFormatTest {
    @TempDir
    private Path folder = Path.of("set by JUnit");

    /** A rejection names the accepted formats. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {"op":"KVM_RUN"}                                       | accepted: an ioctl log, | LOG-FORMAT.md
            {"format":"longitude-trace","version":9}               | accepted: a trace,      | TRACE-FORMAT.md
            1913@1795346432.411698:kvm_ioctl type 0xc008ae88       | accepted: an ioctl log (| TRACE-FORMAT.md
            """)
    void anUnusableFileNamesThePage(String line, String accepted, String page) throws IOException {
        Path file = Files.writeString(folder.resolve("input"), line + "\n");
        Run text = Run.of("validate", file);
        assertThat(text.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(text.err().lines())
                .hasSize(2)
                .last()
                .asString()
                .startsWith("  " + accepted)
                .contains(page);
        assertThat(Run.of("validate", "--engine", "tlc", file).err()).isEqualTo(text.err());
        assertThat(Run.of("validate", "--json", file).out().lines())
                .singleElement()
                .asString()
                .contains("\"notes\":[\"" + accepted)
                .contains(page);
        assertThat(Path.of(page)).exists();
    }

    /** A missing or empty file gets no hint about formats. */
    @Test
    void whatIsNotThereNamesNoPage() throws IOException {
        assertThat(Run.of("validate", folder.resolve("missing")).err()).doesNotContain("FORMAT.md");
        assertThat(Run.of("validate", Files.createFile(folder.resolve("empty"))).err())
                .doesNotContain("FORMAT.md");
    }
}
