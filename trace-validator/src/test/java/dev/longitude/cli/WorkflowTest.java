package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.io.Resources;
import dev.longitude.recording.BundledRecording;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The workflow in {@code examples/ci} does what it promises, on bundled recordings and a bundled recipe. */
class WorkflowTest {
    private static final Path WORKFLOW = Path.of("..", "examples", "ci", "longitude.yml");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    @Test
    void itsCommandsRun() throws Exception {
        prepare();
        JsonNode workflow = new YAMLMapper().readTree(Files.readString(WORKFLOW, UTF_8));
        List<Integer> codes = new ArrayList<>();
        for (JsonNode step : workflow.at("/jobs/longitude/steps")) {
            if (step.has("run")) {
                codes.add(run(step.get("run").asText(), workflow.get("env")));
            }
        }
        // A build, recordings that conform, and a recipe of which something fails.
        assertThat(codes).as(Files.readString(folder.resolve("log"))).containsExactly(0, 0, 1);
        assertThat(Files.readString(folder.resolve("recordings.xml")))
                .contains("tests=\"2\" failures=\"0\" errors=\"0\"");
        assertThat(Files.readString(folder.resolve("recipes.xml"))).contains("<failure");
        assertThat(Files.readString(folder.resolve("recipes.sarif")))
                .contains("guest-time/recipes/series-by-value.yaml")
                .contains("startLine");
        assertThat(Files.readString(folder.resolve("log"))).contains("::error file=guest-time/recipes/");
    }

    private void prepare() throws Exception {
        Path recordings = Files.createDirectories(folder.resolve("guest-time/recordings"));
        Path unpacked = Files.createDirectories(folder.resolve("unpacked"));
        List<BundledRecording> conforming = BundledRecording.all().stream()
                .filter(r -> r.refusedUnder() == null && r.file().contains("linux6.12.95-tcg"))
                .limit(2)
                .toList();
        for (BundledRecording recording : conforming) {
            Path log = recording.unpack(unpacked);
            Path run = log.resolveSibling("host.txt");
            // (One folder for each, as `longitude record` makes them.)
            Path own = Files.createDirectories(
                    recordings.resolve(String.valueOf(log.getFileName()).replace(".jsonl", "")));
            Files.copy(log, own.resolve("log.jsonl"));
            if (Files.exists(run)) {
                Files.copy(run, own.resolve("host.txt"));
            }
        }
        Path recipes = Files.createDirectories(folder.resolve("guest-time/recipes"));
        Files.writeString(
                recipes.resolve("series-by-value.yaml"),
                Resources.toString(
                                Resources.getResource(WorkflowTest.class, "/spec/recipes/series-by-value.yaml"), UTF_8)
                        .replaceFirst("(?m)^about: .*$", "about: a VMM of one's own"));
        Path launcher = Files.createDirectories(folder.resolve("longitude")).resolve("longitude");
        Files.writeString(
                launcher,
                "#!/bin/sh\nexec '" + Path.of(System.getProperty("java.home"), "bin", "java") + "' -cp '"
                        + System.getProperty("java.class.path")
                        + "' -Dlongitude.annotations=true dev.longitude.cli.Longitude \"$@\"\n");
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
    }

    private int run(String script, JsonNode env) throws Exception {
        // (As GitHub runs it; one world instead of all that apply.)
        ProcessBuilder process = new ProcessBuilder(
                        "bash",
                        "-e",
                        "-o",
                        "pipefail",
                        "-c",
                        script.replace("--kernel \"$KERNEL\"", "--kernel \"$KERNEL\" --world usual"))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()));
        env.properties()
                .forEach(e -> process.environment().put(e.getKey(), e.getValue().asText()));
        return process.start().waitFor();
    }
}
