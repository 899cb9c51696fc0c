package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The steps of {@code action.yml}, with stand-ins for Maven and for the release. */
class ActionTest {
    private static final Path ACTION = Path.of("..", "action.yml");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private final JsonNode steps;

    ActionTest() throws Exception {
        steps = new YAMLMapper().readTree(Files.readString(ACTION, UTF_8)).at("/runs/steps");
    }

    private void program(Path file, String text) throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private int run(JsonNode step, String command) throws Exception {
        assertThat(step.get("shell").asText()).isEqualTo("bash");
        ProcessBuilder process = new ProcessBuilder(
                        "bash", "-e", "-o", "pipefail", "-c", step.get("run").asText())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile());
        process.environment().put("RUNNER_TEMP", folder.resolve("runner temp").toString());
        process.environment()
                .put("GITHUB_ACTION_PATH", folder.resolve("the action").toString());
        process.environment().put("COMMAND", command);
        process.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        return process.start().waitFor();
    }

    private String output() throws Exception {
        return Files.readString(folder.resolve("output"), UTF_8);
    }

    /** (One word on each line.) */
    @Test
    void theCommandIsSplitAtBlanksAndNotInterpreted() throws Exception {
        program(folder.resolve("runner temp/longitude/longitude"), "printf '%s\\n' \"$@\"\nexit 3\n");
        Files.createFile(folder.resolve("a.yaml"));
        assertThat(run(steps.get(2), "check  --recipe *.yaml $(touch made) ;exit"))
                .as("what longitude exits with")
                .isEqualTo(3);
        assertThat(output()).isEqualTo("check\n--recipe\n*.yaml\n$(touch\nmade)\n;exit\n");
        assertThat(folder.resolve("made")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"longitude-0.1.0-SNAPSHOT.tar.gz", "longitude-1.0.tar.gz"})
    void theReleaseIsUnpackedWhereTheNextStepLooks(String archive) throws Exception {
        Path source = folder.resolve("release files/longitude-x");
        program(source.resolve("longitude"), "echo made; exit 1\n");
        program(
                folder.resolve("bin/mvn"),
                "mkdir -p \"$GITHUB_ACTION_PATH/release/target\"\n"
                        + "echo \"$@\"\n"
                        + "tar -czf \"$GITHUB_ACTION_PATH/release/target/" + archive
                        + "\" -C '" + source.getParent() + "' longitude-x\n");
        assertThat(run(steps.get(1), "")).isZero();
        assertThat(output()).contains("-Prelease").contains("package").contains(folder + "/the action/pom.xml");
        assertThat(run(steps.get(2), "check")).isEqualTo(1);
        assertThat(output()).isEqualTo("made\n");
    }
}
