package dev.longitude.evaluator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our evaluator agrees with TLC's on a specification that was written to test it. */
class EvaluatorProbeTest {
    @Test
    void bothEvaluatorsSayTheSameOfTheProbe(@TempDir Path folder) throws Exception {
        Process probe = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Probe.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(probe.getInputStream().readAllBytes(), UTF_8);
        assertThat(probe.waitFor()).as(said).isZero();
        assertThat(said).containsPattern("[0-9]{3,} states, [0-9]{4,} successors");
    }
}
