package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the launcher passes on, as a release's, to a stand-in for Java that prints its arguments. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "longitude");

    @TempDir
    private Path folder = Path.of("set by JUnit");

    @BeforeEach
    void makeRelease() throws Exception {
        Files.copy(LAUNCHER, folder.resolve("longitude"));
        Files.createFile(Files.createDirectory(folder.resolve("lib")).resolve("longitude.jar"));
        Path java = Files.createDirectories(folder.resolve("java/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        for (Path program : new Path[] {java, folder.resolve("longitude")}) {
            assertThat(program.toFile().setExecutable(true)).isTrue();
        }
    }

    private String run(String... command) throws Exception {
        ProcessBuilder process =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        process.environment().put("JAVA_HOME", folder.resolve("java").toString());
        process.environment().put("TMPDIR", folder.toString());
        process.environment().put("XDG_CACHE_HOME", folder.toString());
        Process launcher = process.start();
        launcher.getOutputStream().close();
        String printed = new String(launcher.getInputStream().readAllBytes(), UTF_8);
        assertThat(launcher.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return printed.replace("\r", "");
    }

    @Test
    void inAPipeTheWidthIsThatOfNoTerminal() throws Exception {
        assertThat(run("./longitude", "check").lines()).contains("-Dlongitude.columns=", "-Dlongitude.terminal=false");
    }

    @Test
    void aTerminalsWidthIsPassedOn() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "needs script, of util-linux");
        assertThat(run("script", "-qec", "stty cols 60; ./longitude check", "/dev/null")
                        .lines())
                .contains("-Dlongitude.columns=60", "-Dlongitude.terminal=true");
    }
}
