package dev.longitude.bench;

import com.google.common.collect.ImmutableList;
import dev.longitude.processes.ChildProcesses;
import dev.longitude.tamper.TraceEraser;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceWriter;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceSource;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Measures how fast the validator judges traces, and compares with stock TLC in the same run. */
public final class JudgingSpeed {
    /** The shortest trace, in events. */
    public static final int LEAST = 100;

    private static final ImmutableList<Integer> FOR_TLC = ImmutableList.of(400, 20_000);
    private static final int SHORT = 50;
    private static final int MOST_IN_MEMORY = 100_000;
    private static final int FOR_PARTIAL = 2_000;
    private static final int FOR_THREADS = 20_000;
    private static final int TIMES = 5;
    private static final double LEAST_SECONDS = 2;
    private static final String LITTLE_MEMORY = "-Xmx128m";

    /**
     * The time that one trace took.
     *
     * @param what the trace
     * @param seconds the time for the whole trace; null if it stays undecided
     */
    public record Pace(String what, @Nullable Double seconds, int events) {
        /** Seconds for an event; null if the trace stays undecided. */
        public @Nullable Double perEvent() {
            return seconds == null ? null : Double.valueOf(seconds / events);
        }
    }

    /**
     * Two times of one run.
     *
     * @param seconds the time that {@code what} took
     * @param other the time that {@code beside} took, in seconds
     */
    public record Comparison(String what, double seconds, String beside, double other) {}

    private final int most;
    private final String program;
    private final ImmutableList<TraceEvent> all;

    /**
     * Plays the trace to measure with.
     *
     * @param most the longest trace, in events, at least {@link #LEAST}; above 100000 only as a file
     * @param program the name of this program's main class, for what is measured in a process of its own
     */
    public JudgingSpeed(int most, String program) {
        this.most = most;
        this.program = program;
        this.all = LongTrace.events(Math.min(most, MOST_IN_MEMORY));
    }

    /** Traces in memory, the longest last. */
    public ImmutableList<Pace> byLength()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        double longest = warmSeconds(() -> judge(all));
        ImmutableList.Builder<Pace> paces = ImmutableList.builder();
        for (int length = LEAST; length < all.size(); length *= 10) {
            List<TraceEvent> events = all.subList(0, length);
            int times = Math.max(1, Math.min(50, 20_000 / length));
            double together = warmSeconds(() -> {
                for (int i = 0; i < times; i++) {
                    judge(events);
                }
            });
            paces.add(new Pace(Integer.toString(length), together / times, length));
        }
        return paces.add(new Pace(Integer.toString(all.size()), longest, all.size()))
                .build();
    }

    /** How long the traces of {@link #erased} are at first, in events. */
    public int eventsBeforeErasing() {
        return Math.min(most, FOR_PARTIAL);
    }

    /** Traces from which something was erased. */
    public ImmutableList<Pace> erased()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        Trace trace = new Trace(LongTrace.header(), all.subList(0, eventsBeforeErasing()));
        ImmutableList.Builder<Pace> paces = ImmutableList.builder();
        for (TraceEraser eraser : List.of(
                TraceEraser.RESULTS,
                TraceEraser.WHOLE_STATE,
                TraceEraser.ARGS,
                TraceEraser.INSTANTS,
                TraceEraser.ENTRIES)) {
            Trace left = eraser.of(trace, new SplittableRandom(1));
            Double seconds;
            try {
                seconds = warmSeconds(() -> judge(left));
            } catch (UndecidedException e) {
                seconds = null;
            }
            paces.add(new Pace(eraser.summary(), seconds, left.events().size()));
        }
        return paces.build();
    }

    /** Files of some lengths, each judged by a process with little memory, whatever the length; the longest last. */
    public ImmutableList<Pace> files()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        Path file = Files.createTempFile("longitude-bench", ".ndjson.gz");
        try {
            List<Integer> lengths = new ArrayList<>();
            for (int length = most; length >= LEAST && lengths.size() < 3; length /= 10) {
                lengths.add(0, length);
            }
            ImmutableList.Builder<Pace> paces = ImmutableList.builder();
            for (int length : lengths) {
                try (OutputStream out = new GZIPOutputStream(new BufferedOutputStream(Files.newOutputStream(file)));
                        TraceWriter writer = new TraceWriter(out, LongTrace.header())) {
                    LongTrace.play(length, event -> {
                        try {
                            writer.write(event);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
                }
                double seconds = seconds(() -> process(List.of(LITTLE_MEMORY), "validate", file.toString()));
                paces.add(new Pace(length + " events", seconds, length));
            }
            return paces.build();
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** The options of Java with which {@link #files} are judged. */
    public String filesOptions() {
        return LITTLE_MEMORY;
    }

    /** Several threads beside one, whole processes beside stock TLC, many short traces beside a process for each. */
    public ImmutableList<Comparison> comparisons()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        ImmutableList.Builder<Comparison> comparisons = ImmutableList.builder();
        List<TraceEvent> few = all.subList(0, Math.min(all.size(), FOR_THREADS));
        double one = warmSeconds(() -> judge(few));
        double two = warmSeconds(() -> inTwoThreads(few));
        comparisons.add(
                new Comparison("2 threads, " + few.size() + " events each", two, "1 thread, the same twice", 2 * one));

        Path file = Files.createTempFile("longitude-bench", ".ndjson");
        try {
            for (int events : FOR_TLC) {
                Trace trace = new Trace(LongTrace.header(), all.subList(0, Math.min(all.size(), events)));
                write(trace, file);
                double ours = seconds(() -> process("validate", file.toString()));
                double tlc = seconds(() -> process("validate", "--engine", "tlc", file.toString()));
                comparisons.add(new Comparison(
                        "validate FILE of " + trace.events().size() + " events, whole process",
                        ours,
                        "the same with --engine tlc",
                        tlc));
            }

            Trace small = new Trace(LongTrace.header(), all.subList(0, SHORT));
            write(small, file);
            double alone = seconds(() -> process("validate", file.toString()));
            double thousand = seconds(() -> {
                for (int i = 0; i < 1_000; i++) {
                    judge(small.events());
                }
            });
            comparisons.add(new Comparison(
                    "1000 traces of " + SHORT + " events, one process",
                    thousand,
                    "1000 times a process for one",
                    1_000 * alone));
        } finally {
            Files.deleteIfExists(file);
        }
        return comparisons.build();
    }

    private interface Work {
        void run()
                throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException;
    }

    private static double seconds(Work work)
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    /** The shortest of several times: by then the JVM has compiled the code. */
    private static double warmSeconds(Work work)
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        double shortest = Double.MAX_VALUE;
        double all = 0;
        for (int i = 0; i < TIMES || all < LEAST_SECONDS; i++) {
            double one = seconds(work);
            shortest = Math.min(shortest, one);
            all += one;
        }
        return shortest;
    }

    private static void judge(List<TraceEvent> events) throws UndecidedException {
        TraceValidator validator = new TraceValidator(LongTrace.header());
        for (TraceEvent event : events) {
            mustConform(validator.accept(event));
        }
        validator.finish();
    }

    private static void judge(Trace trace) throws UndecidedException, TraceFormatException {
        TraceValidator validator = new TraceValidator(trace.header());
        TraceSource source = TraceSource.of(trace);
        for (List<TraceEvent> next = source.next(); !next.isEmpty(); next = source.next()) {
            mustConform(validator.accept(next));
        }
        validator.finish();
    }

    private static void mustConform(Optional<Refusal> refusal) {
        if (refusal.isPresent()) {
            throw new IllegalStateException(refusal.get().explain("the trace"));
        }
    }

    private static void inTwoThreads(List<TraceEvent> events) throws InterruptedException, ExecutionException {
        ExecutorService workers = Executors.newFixedThreadPool(2);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (Callable<Void> job : Collections.<Callable<Void>>nCopies(2, () -> {
                judge(events);
                return null;
            })) {
                running.add(workers.submit(job));
            }
            for (Future<Void> each : running) {
                each.get();
            }
        } finally {
            workers.shutdownNow();
        }
    }

    /** Runs this program in a process of its own, as the launcher does, but without its class archive. */
    private void process(String... args) throws IOException, InterruptedException {
        process(List.of("-XX:TieredStopAtLevel=1"), args);
    }

    private void process(List<String> options, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), program));
        command.addAll(List.of(args));
        Process process = ChildProcesses.start(
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD));
        if (ChildProcesses.waitFor(process) != 0) {
            throw new IllegalStateException(String.join(" ", args) + ": exit code " + process.exitValue());
        }
    }

    private static void write(Trace trace, Path file) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
                TraceWriter writer = new TraceWriter(out, trace.header())) {
            for (TraceEvent event : trace.events()) {
                writer.write(event);
            }
        }
    }
}
