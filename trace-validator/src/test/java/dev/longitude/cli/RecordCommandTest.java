package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The command line of {@code longitude record} where nothing is recorded. */
class RecordCommandTest {
    @Test
    void eitherACommandOrAProcessIsRecorded() {
        for (Run run : new Run[] {Run.of("record"), Run.of("record", "-p", "1", "true")}) {
            assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
            assertThat(run.err()).contains("expected either a COMMAND or -p PID");
        }
    }

    @Test
    void fewerThanNoRunsAreNotUnderstood() {
        Run run = Run.of("record", "--runs=-1", "true");
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err()).contains("--runs: expected a number from 0, not -1");
    }

    @Test
    void theSourceIsPrintedForAnotherHost() {
        Run run = Run.of("record", "--print-source");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(run.out()).startsWith("/*\n * longitude-record:").contains("int main(int argc, char **argv) {");
    }
}
