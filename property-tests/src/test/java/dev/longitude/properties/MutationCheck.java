package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** PIT's reports against the list of known survivors: the last step of {@code mvn -Pmutation test}. */
class MutationCheck {
    private static final Path REPORTS = Path.of("target", "pit-reports");
    private static final Path SURVIVORS = Path.of("src", "test", "mutation", "survivors.yaml");

    @Test
    void whatSurvivesIsListed() throws IOException {
        List<MutationReport> reports = new ArrayList<>();
        try (Stream<Path> files = Files.walk(REPORTS)) {
            for (Path file :
                    files.filter(f -> f.endsWith("mutations.xml")).sorted().toList()) {
                reports.add(MutationReport.read(Files.newInputStream(file)));
            }
        }
        MutationReport all = MutationReport.all(reports);
        ImmutableList<MutationReport.Known> known;
        try (BufferedReader in = Files.newBufferedReader(SURVIVORS)) {
            known = MutationReport.known(in);
        }
        System.out.println(all.table());
        assertThat(all.faults(known)).isEmpty();
        assertThat(all.mutants()).isNotEmpty();
    }
}
