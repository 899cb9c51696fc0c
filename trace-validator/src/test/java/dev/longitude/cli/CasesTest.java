package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small logs, most of real kernels, with the right verdict of each: {@code cases/expected.tsv}. Where several are right,
 * or where the specification or the search still lacks something, the column {@code today} has the one that the validator
 * gives, and no other passes: a verdict that becomes weaker is noticed, and so is one that becomes better.
 */
class CasesTest {
    private static final Path CASES = Path.of("src/test/resources/cases");

    /** One row. */
    record Case(String file, String verdict) {
        @Override
        public String toString() {
            return file;
        }
    }

    static Stream<Case> cases() throws IOException {
        return Files.readAllLines(CASES.resolve("expected.tsv")).stream()
                .skip(1)
                .map(line -> Splitter.on('\t').splitToList(line))
                .map(row -> new Case(
                        row.get(0),
                        row.get(2).isEmpty()
                                ? Splitter.on(',').splitToList(row.get(1)).get(0)
                                : row.get(2)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCaseIsJudgedRight(Case each) throws IOException {
        assertThat(verdict(CASES.resolve(each.file()))).isEqualTo(each.verdict());
    }

    private static String verdict(Path log) throws IOException {
        try {
            return new InputFile(log, null).validate().name();
        } catch (TraceFormatException e) {
            return "unusable";
        }
    }
}
