package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small logs, most of real kernels, with the right verdict of each: {@code cases/expected.tsv}. A verdict in the column
 * {@code meanwhile} is the one of today: the specification or the search still lacks something there.
 */
class CasesTest {
    private static final Path CASES = Path.of("src/test/resources/cases");

    /** One row. */
    record Case(String file, List<String> right) {
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
                        Stream.concat(
                                        Splitter.on(" or ")
                                                .splitToStream(Splitter.on(',')
                                                        .splitToList(row.get(1))
                                                        .get(0)),
                                        Stream.of(row.get(2)))
                                .filter(verdict -> !verdict.isEmpty())
                                .toList()));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCaseIsJudgedRight(Case each) throws IOException {
        assertThat(verdict(CASES.resolve(each.file()))).isIn(each.right());
    }

    private static String verdict(Path log) throws IOException {
        try {
            return new InputFile(log, null).validate().name();
        } catch (TraceFormatException e) {
            return "unusable";
        }
    }
}
