package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.bench.LongTrace;
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
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude bench validate}: how fast the validator judges traces, compared with stock TLC in the same run. */
@Command(
        name = "validate",
        description = {
            "Measure how fast the validator judges traces: by length, in several threads, and compared with stock TLC.",
            "Only the ratios carry over to other machines."
        },
        mixinStandardHelpOptions = true)
final class BenchValidateCommand implements Callable<Integer> {
    private static final int LEAST = 100;
    private static final int FOR_TLC = 400;
    private static final int SHORT = 50;
    private static final int MOST_IN_MEMORY = 100_000;
    private static final int FOR_PARTIAL = 2_000;
    private static final int FOR_THREADS = 20_000;
    private static final int TIMES = 5;
    private static final double LEAST_SECONDS = 2;
    private static final String LITTLE_MEMORY = "-Xmx128m";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--most",
            paramLabel = "N",
            defaultValue = "100000",
            description = "The longest trace, in events; above 100000 only as a file (default: ${DEFAULT-VALUE}).")
    private int most = 100_000;

    @Override
    public Integer call()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        if (most < LEAST) {
            throw new ParameterException(spec.commandLine(), "--most " + most + ": at least " + LEAST);
        }
        int kept = Math.min(most, MOST_IN_MEMORY);
        ImmutableList<TraceEvent> all = LongTrace.events(kept);
        Table lengths = new Table("events", "in memory", "time per event", "beside the longest");
        double longest = warmSeconds(() -> judge(all)) / kept;
        for (int length = LEAST; length < kept; length *= 10) {
            List<TraceEvent> events = all.subList(0, length);
            int times = Math.max(1, Math.min(50, 20_000 / length));
            double each = warmSeconds(() -> {
                        for (int i = 0; i < times; i++) {
                            judge(events);
                        }
                    })
                    / length
                    / times;
            lengths.row(Integer.toString(length), rate(each), micros(each), ratio(each / longest));
        }
        lengths.row(Integer.toString(kept), rate(longest), micros(longest), ratio(1));
        spec.commandLine().getOut().println(lengths);
        spec.commandLine().getOut().println(partial(all.subList(0, Math.min(most, FOR_PARTIAL)), longest));
        spec.commandLine().getOut().println(files());
        spec.commandLine().getOut().println(others(all));
        spec.commandLine().getOut().flush();
        return ExitCode.HOLDS;
    }

    /** Traces of which something was erased. */
    private static Table partial(List<TraceEvent> events, double whole)
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        Table table = new Table(events.size() + " events without", "in memory", "time per event", "beside the longest");
        Trace trace = new Trace(LongTrace.header(), ImmutableList.copyOf(events));
        for (TraceEraser erasure : List.of(
                TraceEraser.RESULTS,
                TraceEraser.WHOLE_STATE,
                TraceEraser.ARGS,
                TraceEraser.INSTANTS,
                TraceEraser.ENTRIES)) {
            Trace left = erasure.of(trace, new SplittableRandom(1));
            try {
                double each = warmSeconds(() -> judge(left)) / left.events().size();
                table.row(erasure.summary(), rate(each), micros(each), ratio(each / whole));
            } catch (UndecidedException e) {
                table.row(erasure.summary(), "undecided", "", "");
            }
        }
        return table;
    }

    /** Files of several lengths, each judged by a process with the same little memory. */
    private Table files()
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        Table table =
                new Table("a file, gzip, " + LITTLE_MEMORY, "whole process", "time per event", "beside the longest");
        Path file = Files.createTempFile("longitude-bench", ".ndjson.gz");
        try {
            List<Integer> lengths = new ArrayList<>();
            for (int length = most; length >= LEAST && lengths.size() < 3; length /= 10) {
                lengths.add(0, length);
            }
            List<Double> times = new ArrayList<>();
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
                times.add(seconds(() -> process(List.of(LITTLE_MEMORY), "validate", file.toString())));
            }
            double longest = times.get(times.size() - 1) / most;
            for (int i = 0; i < lengths.size(); i++) {
                double each = times.get(i) / lengths.get(i);
                table.row(lengths.get(i) + " events", time(times.get(i)), micros(each), ratio(each / longest));
            }
        } finally {
            Files.deleteIfExists(file);
        }
        return table;
    }

    private Table others(ImmutableList<TraceEvent> all)
            throws IOException, InterruptedException, ExecutionException, UndecidedException, TraceFormatException {
        Table table = new Table("", "time", "beside", "", "ratio");
        List<TraceEvent> few = all.subList(0, Math.min(all.size(), FOR_THREADS));
        double one = warmSeconds(() -> judge(few));
        double two = warmSeconds(() -> inTwoThreads(few));
        row(table, "2 threads, " + few.size() + " events each", two, "1 thread, the same twice", 2 * one);

        Trace trace = new Trace(LongTrace.header(), all.subList(0, Math.min(most, FOR_TLC)));
        Path file = Files.createTempFile("longitude-bench", ".ndjson");
        try {
            write(trace, file);
            double ours = seconds(() -> process("validate", file.toString()));
            double tlc = seconds(() -> process("validate", "--engine", "tlc", file.toString()));
            row(
                    table,
                    "validate FILE of " + trace.events().size() + " events, whole process",
                    ours,
                    "the same with --engine tlc",
                    tlc);

            Trace small = new Trace(LongTrace.header(), all.subList(0, SHORT));
            write(small, file);
            double alone = seconds(() -> process("validate", file.toString()));
            double thousand = seconds(() -> {
                for (int i = 0; i < 1_000; i++) {
                    judge(small.events());
                }
            });
            row(
                    table,
                    "1000 traces of " + SHORT + " events, one process",
                    thousand,
                    "1000 times a process for one",
                    1_000 * alone);
        } finally {
            Files.deleteIfExists(file);
        }
        return table;
    }

    private static void row(Table table, String what, double seconds, String beside, double other) {
        table.row(what, time(seconds), beside, time(other), ratio(seconds / other));
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%.2f s", seconds);
    }

    private static String rate(double secondsPerEvent) {
        return String.format(Locale.ROOT, "%.0f events/s", 1 / secondsPerEvent);
    }

    private static String micros(double secondsPerEvent) {
        return String.format(Locale.ROOT, "%.1f us", secondsPerEvent * 1e6);
    }

    private static String ratio(double ratio) {
        return ratio < 0.01 ? "1/" + Math.round(1 / ratio) : String.format(Locale.ROOT, "%.3f", ratio);
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
    private static void process(String... args) throws IOException, InterruptedException {
        process(List.of("-XX:TieredStopAtLevel=1"), args);
    }

    private static void process(List<String> options, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(
                List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), Longitude.class.getName()));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() != ExitCode.HOLDS) {
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
