package dev.longitude.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of findings on the page is the code's. */
class AuditPageTest {
    @Test
    void thePageListsEveryFinding() throws Exception {
        List<String> rows = Files.readAllLines(Path.of("AUDIT.md")).stream()
                .filter(l -> l.startsWith("| `"))
                .toList();
        assertThat(rows)
                .isEqualTo(Arrays.stream(FindingKind.values())
                        .map(AuditPageTest::row)
                        .toList());
    }

    private static String row(FindingKind kind) {
        return "| `" + kind.id() + "` | " + kind.arch() + " | " + kind.order() + " | " + kind.guest() + " | "
                + kind.kernels() + " | " + kind.instead() + " |";
    }
}
