package dev.longitude.processes;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Java virtual machines that each answer one request after the other, on their standard input and output. Each is used by
 * one thread at a time; one is started when none is idle. It is replaced after a number of requests, and after any that
 * it did not answer.
 */
public final class ChildJvms implements AutoCloseable {
    private final Supplier<List<String>> command;
    private final Duration limit;
    private final int most;
    private final ConcurrentLinkedDeque<Jvm> idle = new ConcurrentLinkedDeque<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "child-limit");
        thread.setDaemon(true);
        return thread;
    });

    /** A request and its answer. */
    public interface Exchange<T> {
        /**
         * Sends the one and receives the other.
         *
         * @return empty if the JVM reports that it has no answer
         * @throws IOException if the JVM has ended
         */
        Optional<T> with(DataOutputStream requests, DataInputStream answers) throws IOException;
    }

    /**
     * No JVM yet.
     *
     * @param command what starts one
     * @param limit on the time of a request
     * @param most the most requests to one JVM
     */
    public ChildJvms(Supplier<List<String>> command, Duration limit, int most) {
        this.command = command;
        this.limit = limit;
        this.most = most;
    }

    /**
     * Asks one of them.
     *
     * @return its answer; empty if it has none, has ended, or took too long
     */
    public <T> Optional<T> ask(Exchange<T> exchange) throws InterruptedException {
        Jvm jvm = null;
        Future<?> end = null;
        try {
            jvm = idle.pollFirst();
            if (jvm == null) {
                jvm = new Jvm(command.get());
            }
            end = clock.schedule(jvm.process::destroyForcibly, limit.toMillis(), TimeUnit.MILLISECONDS);
            jvm.asked++;
            Optional<T> answer = exchange.with(jvm.requests, jvm.answers);
            // (If the limit has just passed, the JVM is being ended.)
            if (answer.isPresent() && jvm.asked < most && end.cancel(false)) {
                idle.addFirst(jvm);
                jvm = null;
            }
            return answer;
        } catch (IOException e) {
            if (jvm != null) {
                ChildProcesses.waitFor(jvm.process.destroyForcibly());
            }
            return Optional.empty();
        } finally {
            if (end != null) {
                end.cancel(false);
            }
            if (jvm != null) {
                jvm.process.destroyForcibly();
            }
        }
    }

    /** Ends the JVMs, which must be idle, and waits for their end: the system counts their time as this program's. */
    @Override
    public void close() {
        clock.shutdownNow();
        for (Jvm jvm = idle.pollFirst(); jvm != null; jvm = idle.pollFirst()) {
            jvm.process.destroyForcibly().onExit().join();
        }
    }

    private static final class Jvm {
        private final Process process;
        private final DataOutputStream requests;
        private final DataInputStream answers;
        private int asked;

        Jvm(List<String> command) throws IOException {
            process = ChildProcesses.start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD));
            requests = new DataOutputStream(process.getOutputStream());
            answers = new DataInputStream(process.getInputStream());
        }
    }
}
