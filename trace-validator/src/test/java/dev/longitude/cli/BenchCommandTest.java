package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command measures in all four ways and prints each; no test checks the figures. */
class BenchCommandTest {
    @TempDir
    private Path folder;

    @Test
    void theTableStandsBesideTheSeries() throws Exception {
        Path csv = folder.resolve("t.csv");
        Path json = folder.resolve("t.json");
        Run bench = Run.of("bench", "counter-read", "--iterations", "2", "--csv", csv, "--json", json);
        assertThat(bench.code()).as(bench.err()).isZero();
        assertThat(bench.out()).contains("54 ns", "148 ns", "2.74", "152 ns", "2.87", "a model on this machine's JVM");
        List<String> rows = Files.readAllLines(csv);
        assertThat(rows).hasSize(7);
        assertThat(rows.get(1)).startsWith("nVHE,average,").endsWith(",54,148,2.741");
        JsonNode table = JsonMapper.builder().build().readTree(json.toFile());
        assertThat(table).hasSize(6).allSatisfy(line -> {
            assertThat(line.get("nativeNs").asDouble()).isPositive();
            assertThat(line.get("ratio").asDouble())
                    .isEqualTo(line.get("trappedNs").asDouble()
                            / line.get("nativeNs").asDouble());
        });
    }

    @Test
    void oneSampleIsNotEnough() {
        Run bench = Run.of("bench", "counter-read", "--iterations", "1");
        assertThat(bench.code()).isEqualTo(2);
        assertThat(bench.err()).contains("at least 2");
        assertThat(Run.of("bench").code()).isEqualTo(2);
    }
}
