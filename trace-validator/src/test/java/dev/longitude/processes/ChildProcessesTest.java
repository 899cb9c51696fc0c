package dev.longitude.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ChildProcessesTest {
    /** A number of seconds that nothing else on this machine sleeps for. */
    private static final String NAP = "61.0" + ProcessHandle.current().pid();

    /** Starts the next process whenever one has ended, in two threads, as a check of many models does. */
    static final class StartsAgain {
        private StartsAgain() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] arguments) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> ChildProcesses.end(5)));
            for (int i = 0; i < 2; i++) {
                new Thread(() -> startsAgain(arguments[0])).start();
            }
        }

        @SuppressWarnings({"SystemOut", "InfiniteLoopStatement"})
        private static void startsAgain(String seconds) {
            while (true) {
                try {
                    Process nap = ChildProcesses.start(new ProcessBuilder("sleep", seconds));
                    System.out.println("started");
                    nap.waitFor();
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    private static List<ProcessHandle> naps() {
        return ProcessHandle.allProcesses()
                .filter(p -> p.info()
                        .commandLine()
                        .filter(l -> l.contains("sleep " + NAP))
                        .isPresent())
                .filter(p -> !p.info().commandLine().orElse("").contains("StartsAgain"))
                .toList();
    }

    @Test
    void noProcessIsLeftOfAProgramThatASignalEnds() throws IOException, InterruptedException {
        for (int round = 0; round < 3; round++) {
            Process program = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            StartsAgain.class.getName(),
                            NAP)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader output = program.inputReader(UTF_8)) {
                assertThat(output.readLine()).isEqualTo("started");
                assertThat(output.readLine()).isEqualTo("started");
                assertThat(naps()).hasSize(2);
                program.destroy();
                assertThat(program.waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(naps()).isEmpty();
            } finally {
                program.destroyForcibly();
                naps().forEach(ProcessHandle::destroyForcibly);
            }
        }
    }
}
