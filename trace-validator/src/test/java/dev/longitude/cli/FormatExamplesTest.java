package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The examples on the format pages: a block with a file's name is that file, and a console block is the output for it.
 */
class FormatExamplesTest {
    private static final Pattern BLOCK = Pattern.compile("(?m)^```(\\w+) (\\S[^\\n]*)\\n((?s:.*?))^```$");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    @ParameterizedTest
    @CsvSource({"LOG-FORMAT.md,4", "TRACE-FORMAT.md,4"})
    void everyExampleEndsAsItSays(String page, int examples) throws Exception {
        int run = 0;
        for (MatchResult block :
                BLOCK.matcher(Files.readString(Path.of(page))).results().toList()) {
            if (block.group(1).equals("console")) {
                List<String> lines = Splitter.on('\n').splitToList(block.group(3));
                List<String> command = Splitter.on(' ').splitToList(lines.get(0));
                assertThat(command.subList(0, 3)).containsExactly("$", "./longitude", "validate");
                Run result = Run.of("validate", folder.resolve(command.get(3)));
                String text = (result.out() + result.err()).replace(folder + "/", "");
                assertThat(text.lines().findFirst()).as(text).contains(lines.get(1));
                assertThat("exit " + result.code()).isEqualTo(block.group(2));
                run++;
            } else {
                Files.writeString(folder.resolve(block.group(2)), block.group(3));
            }
        }
        assertThat(run).isEqualTo(examples);
    }

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
