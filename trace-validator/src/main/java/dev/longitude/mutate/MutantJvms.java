package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.processes.ChildProcesses;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** JVMs that each replay traces on one mutant after the other. Each is used by one thread at a time. */
final class MutantJvms implements AutoCloseable {
    /** All traces of an architecture take seconds. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** TLC's tables of names grow with each specification that it loads. */
    private static final int RUNS = 300;

    private final ConcurrentLinkedDeque<Jvm> idle = new ConcurrentLinkedDeque<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "mutant-limit");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * What a mutant's replay gave.
     *
     * @param by which replay gave another verdict, a colon, and what is wrong; or why the text cannot be loaded
     */
    record Replayed(MutantJvm.Answer answer, String by) {}

    /**
     * Replays traces.
     *
     * @param text the whole text of the mutated module
     * @param archs the architectures whose traces are replayed; none: the text is only loaded
     */
    Replayed replay(String module, String text, ImmutableSet<Arch> archs) throws IOException {
        Jvm jvm = idle.pollFirst();
        if (jvm == null) {
            jvm = new Jvm();
        }
        Process process = jvm.process;
        Future<?> end = clock.schedule(process::destroyForcibly, LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        try {
            Replayed replayed = jvm.replay(module, text, archs);
            if (end.cancel(false) && jvm.runs < RUNS) {
                idle.addFirst(jvm);
                jvm = null;
            }
            return replayed;
        } catch (IOException e) {
            // Nothing is known then, and other checks follow.
            return new Replayed(MutantJvm.Answer.SURVIVES, "replay: the JVM came to no result");
        } finally {
            end.cancel(false);
            if (jvm != null) {
                jvm.process.destroyForcibly();
            }
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        for (Jvm jvm = idle.pollFirst(); jvm != null; jvm = idle.pollFirst()) {
            jvm.process.destroyForcibly().onExit().join();
        }
    }

    /** One of them. */
    private static final class Jvm {
        private final Process process;
        private final DataOutputStream requests;
        private final DataInputStream answers;
        private int runs;

        Jvm() throws IOException {
            process = ChildProcesses.start(new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-Xmx1g",
                            "-Xss4m",
                            "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                            "-cp",
                            System.getProperty("java.class.path"),
                            MutantJvm.class.getName()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
            requests = new DataOutputStream(process.getOutputStream());
            answers = new DataInputStream(process.getInputStream());
        }

        Replayed replay(String module, String text, ImmutableSet<Arch> archs) throws IOException {
            runs++;
            byte[] bytes = text.getBytes(UTF_8);
            requests.writeUTF(module);
            requests.writeInt(bytes.length);
            requests.write(bytes);
            requests.writeUTF(archs.stream().map(Arch::name).collect(Collectors.joining(" ")));
            requests.flush();
            return new Replayed(MutantJvm.Answer.valueOf(answers.readUTF()), answers.readUTF());
        }
    }
}
