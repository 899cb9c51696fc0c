package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** That it measures all four ways and says so; what it measures is no test's business. */
class BenchCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();

    private int run(String... args) {
        CommandLine commandLine = Longitude.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(out, true));
        return commandLine.execute(args);
    }

    @Test
    void theTableStandsBesideTheSeries() throws Exception {
        Path csv = folder.resolve("t.csv");
        Path json = folder.resolve("t.json");
        assertThat(run("bench", "counter-read", "--iterations", "2", "--csv", csv + "", "--json", json + ""))
                .as(out.toString())
                .isZero();
        assertThat(out.toString())
                .contains("54 ns", "148 ns", "2.74", "152 ns", "2.87", "a model on this machine's JVM");
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
        assertThat(run("bench", "counter-read", "--iterations", "1")).isEqualTo(2);
        assertThat(out.toString()).contains("at least 2");
        assertThat(run("bench")).isEqualTo(2);
    }
}
