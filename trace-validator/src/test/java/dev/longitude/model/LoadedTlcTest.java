package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of TLC in this JVM. */
class LoadedTlcTest {
    private static final int STEPS = 5000;
    private static final int PRINTED_EACH = 1000;

    @TempDir
    private Path folder = Path.of("");

    /** Counts, adds to a register of TLCSet, prints it, and holds if Add64 is as {@code sum} says. */
    private static String counting(String name, int step, String sum) {
        return """
                ---- MODULE Counting ----
                EXTENDS Integers, TLC, Words64
                VARIABLE x
                Init == x = 0 /\\ TLCSet(1, 0)
                Next == /\\ x < %d
                        /\\ TLCSet(1, TLCGet(1) + %d)
                        /\\ IF x %% %d = 0 THEN PrintT(<<"%s", TLCGet(1)>>) ELSE TRUE
                        /\\ x' = x + 1
                Sum == Add64(<<0, x>>, <<0, 1>>) = %s
                ====
                """.formatted(STEPS, step, PRINTED_EACH, name, sum);
    }

    private static List<String> registers(String name, int step) {
        return IntStream.range(0, STEPS / PRINTED_EACH)
                .mapToObj(i -> "<<\"" + name + "\", " + (i * PRINTED_EACH + 1) * step + ">>")
                .toList();
    }

    private static TlcOutput run(String classPath, Path folder, String module) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int exitCode;
        try (PrintStream out = new PrintStream(printed, true, UTF_8)) {
            exitCode = LoadedTlc.run(
                    classPath,
                    folder,
                    Files.createDirectory(folder.resolve("tmp")),
                    Tlc.arguments(folder, Tlc.ONE_WORKER, module),
                    out);
        }
        return TlcOutput.parse(printed.toString(UTF_8).lines().toList(), exitCode);
    }

    private Callable<TlcOutput> counting(String name, int step, String sum, String classPath, String words)
            throws Exception {
        Path own = Files.createDirectory(folder.resolve(name));
        Files.writeString(own.resolve("Words64.tla"), words);
        Files.writeString(own.resolve("Counting.tla"), counting(name, step, sum));
        Files.writeString(own.resolve("model.cfg"), "INIT Init\nNEXT Next\nINVARIANT Sum\nCHECK_DEADLOCK FALSE\n");
        return () -> run(classPath, own, "Counting");
    }

    /**
     * Both have modules, operators and a register of the same names. One has our operators in Java, which say that a sum
     * is a sum; the other has its definition in TLA+, which says something else.
     */
    @Test
    void twoModelsAtOnceDoNotMix() throws Exception {
        String ours = System.getProperty("java.class.path");
        String words = "---- MODULE Words64 ----\nEXTENDS Integers\nAdd64(a, b) == <<a[2] + b[2], 7>>\n====\n";
        List<Callable<TlcOutput>> both = List.of(
                counting("java", 1, "<<0, x + 1>>", ours, words),
                counting("tla", 3, "<<x + 1, 7>>", Tlc.classPath(), words));
        ExecutorService threads = Executors.newFixedThreadPool(both.size());
        try {
            List<TlcOutput> outputs = new ArrayList<>();
            for (Future<TlcOutput> output : threads.invokeAll(both)) {
                outputs.add(output.get());
            }
            for (TlcOutput output : outputs) {
                assertThat(output.trouble()).isEmpty();
                assertThat(output.violated()).isNull();
                assertThat(output.finished()).isTrue();
                assertThat(output.states()).isEqualTo(STEPS + 1);
            }
            assertThat(outputs.get(0).printed())
                    .filteredOn(line -> line.startsWith("<<"))
                    .isEqualTo(registers("java", 1));
            assertThat(outputs.get(1).printed())
                    .filteredOn(line -> line.startsWith("<<"))
                    .isEqualTo(registers("tla", 3));
        } finally {
            threads.shutdownNow();
        }
    }
}
