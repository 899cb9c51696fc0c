package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A command that a signal ends while TLC runs leaves no file, no process and no message. */
class SignalTest {
    private static final int TERMINATED = 128 + 15;
    private static final int INTERRUPTED = 128 + 2;

    @TempDir
    private Path folder;

    /** To the whole group, as Ctrl-C does: TLC gets the signal too, and ends at once. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            TERM | advise firecracker --world near-rate
            INT  | advise firecracker --world near-rate
            TERM | check --recipe firecracker --recipe crosvm --kernel v6.12
            INT  | check --recipe firecracker --recipe crosvm --kernel v6.12
            TERM | check --model by-offset-v6.1 --model by-offset-v6.12 --model by-offset-corrected
            INT  | check --model by-offset-v6.1 --model by-offset-v6.12 --model by-offset-corrected
            INT  | validate --engine tlc TRACE
            """)
    void aSignalLeavesNothing(String signal, String command) throws Exception {
        Path trace = folder.resolve("boot.ndjson");
        assertThat(Run.of("simulate", "boot", "--out", trace).code()).isZero();
        for (int round = 0; round < 2; round++) {
            assertLeavesNothing(signal, command.replace("TRACE", trace.toString()));
        }
    }

    private void assertLeavesNothing(String signal, String command) throws Exception {
        Path work = Files.createTempDirectory(folder, "work");
        // (What a shell has put into the background ignores an interrupt, and so would this; setsid makes the group.)
        Process program = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        "env",
                                        "--default-signal=INT",
                                        "setsid",
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-XX:TieredStopAtLevel=1",
                                        "-XX:+UseSerialGC",
                                        "-Djava.io.tmpdir=" + work,
                                        "-Dlongitude.work=" + work,
                                        "-Dlongitude.cache=" + work.resolve("matrix"),
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        Longitude.class.getName()),
                                Stream.of(command.split(" ")))
                        .toList())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
        try {
            awaitTlc(program);
            List<ProcessHandle> all = program.descendants().toList();
            assertThat(new ProcessBuilder("kill", "-s", signal, "--", "-" + program.pid())
                            .start()
                            .waitFor())
                    .isZero();
            assertThat(program.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(program.exitValue()).isEqualTo(signal.equals("INT") ? INTERRUPTED : TERMINATED);
            assertThat(all).noneMatch(ProcessHandle::isAlive);
            assertThat(Files.readString(folder.resolve("output"), UTF_8))
                    .doesNotContain("internal error")
                    .doesNotContain("cannot be read or written");
            assertThat(work).doesNotExist();
        } finally {
            program.descendants().forEach(ProcessHandle::destroyForcibly);
            program.destroyForcibly();
        }
    }

    private static void awaitTlc(Process program) {
        long begin = System.nanoTime();
        while (program.descendants().findAny().isEmpty()) {
            assertThat(program.isAlive()).isTrue();
            assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(60));
            Thread.onSpinWait();
        }
    }
}
