package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run leaves nothing behind in its JVM: neither classes nor threads nor memory. */
class ReleasedClassesTest {
    private static final int RUNS = 8;

    @TempDir
    private Path folder = Path.of("");

    /** The JVM's loaded classes, threads and megabytes in use after each of several runs. */
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < RUNS; i++) {
            Path own = Files.createDirectory(Path.of(args[0], "run" + i));
            Tlc.unpack(own, "Doctor", Doctor.counting("Wrong == x # 9"), Doctor.SAFETY.config());
            LoadedTlc.run(
                    Tlc.classPath(),
                    own,
                    Files.createDirectory(own.resolve("tmp")),
                    Tlc.arguments(own, Tlc.ONE_WORKER, "Doctor"),
                    new PrintStream(OutputStream.nullOutputStream(), false, UTF_8));
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            System.out.println(ManagementFactory.getClassLoadingMXBean().getLoadedClassCount() + " "
                    + ManagementFactory.getThreadMXBean().getThreadCount() + " "
                    + ((runtime.totalMemory() - runtime.freeMemory()) >> 20));
        }
        System.exit(0);
    }

    private List<List<Integer>> runs() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Tlc.java()));
        command.addAll(TlcJvms.JVM_OPTIONS);
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), getClass().getName(), folder.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (Stream<String> lines = process.inputReader(UTF_8).lines()) {
            List<List<Integer>> all = lines.map(line -> Splitter.on(' ').splitToList(line).stream()
                            .map(Integer::valueOf)
                            .toList())
                    .toList();
            assertThat(process.waitFor()).isZero();
            return all;
        }
    }

    /** (A run loads some 330 classes, and uses some 20 MB.) */
    @Test
    void laterRunsNeedNoMoreThanTheSecond() throws Exception {
        List<List<Integer>> runs = runs();
        assertThat(runs).hasSize(RUNS);
        List<Integer> second = runs.get(1);
        List<Integer> last = runs.get(RUNS - 1);
        assertThat(last.get(0)).as("classes").isLessThan(second.get(0) + 200);
        // (One that ends may still be there. A thread that stays of each run would be six more.)
        assertThat(last.get(1)).as("threads").isLessThan(second.get(1) + RUNS / 2);
        assertThat(last.get(2)).as("megabytes").isLessThan(second.get(2) + 20);
    }
}
