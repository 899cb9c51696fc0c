package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TamperCommandTest {
    /** Which of about 4,600 tampered traces are refused, and where. */
    @Test
    void tamperedTracesAreRefusedAsCommitted() {
        Run run = Run.of("tamper", "--committed", Path.of("../spec/tamper.txt"));
        assertThat(run.out()).contains("As committed.\n");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
    }
}
