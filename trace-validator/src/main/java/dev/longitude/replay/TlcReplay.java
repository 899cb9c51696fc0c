package dev.longitude.replay;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.google.common.io.Resources;
import dev.longitude.data.Subject;
import dev.longitude.data.TraceData;
import dev.longitude.kernel.Arch;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcOutput;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceWriter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Replays traces with stock TLC: another evaluator's search over the same specification. It reports which event it
 * cannot take, but not why, and needs every instant to be known. TLC reads the traces as data: see
 * {@code spec/Replay.tla}.
 */
public final class TlcReplay {
    private static final Pattern TOOK = Pattern.compile("<<\"took\", (\\d+), (\\d+)>>");

    private static final String WITNESS = "Witness";
    private static final int MOST_LINES = 40;

    /** The most events of several traces in one run: TLC has them in memory. */
    private static final int MOST_EVENTS = 50_000;

    private TlcReplay() {}

    /** Whether a trace is complete: this engine cannot search for missing values. */
    public static boolean canReplay(Trace trace) {
        TraceHeader header = trace.header();
        return header.silent().isEmpty()
                && !header.threads()
                && trace.events().stream()
                        .allMatch(e -> e.hasArgs() && header.host().isShownBy(e.when()));
    }

    /** Whether a trace has an event that TLC compares: one of a VM. */
    public static boolean comparesAny(Trace trace) {
        return trace.events().stream().anyMatch(e -> !e.operation().isOfHost());
    }

    /**
     * Replays traces, several in one run of TLC.
     *
     * @param traces of one architecture, each with an event to compare
     * @return for each trace the index of the first event that TLC does not take, from 0, or empty if it takes all
     * @throws IllegalArgumentException if a trace has no event to compare
     * @throws IllegalStateException if TLC fails, as at an instant that is not known exactly
     */
    public static ImmutableList<OptionalInt> firstRefused(List<Trace> traces) throws IOException, InterruptedException {
        ImmutableList.Builder<OptionalInt> refused = ImmutableList.builder();
        List<Trace> batch = new ArrayList<>();
        int events = 0;
        for (Trace trace : traces) {
            if (!comparesAny(trace)) {
                throw new IllegalArgumentException("a trace without an event of a VM");
            }
            if (!batch.isEmpty() && events + trace.events().size() > MOST_EVENTS) {
                refused.addAll(replay(batch));
                batch.clear();
                events = 0;
            }
            batch.add(trace);
            events += trace.events().size();
        }
        return batch.isEmpty()
                ? ImmutableList.of()
                : refused.addAll(replay(batch)).build();
    }

    private static ImmutableList<OptionalInt> replay(List<Trace> traces) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("longitude-traces").toAbsolutePath();
        try {
            List<Path> files = new ArrayList<>();
            for (Trace trace : traces) {
                Path file = folder.resolve(files.size() + ".ndjson");
                save(trace, file);
                files.add(file);
            }
            Set<Took> taken = taken(traces.get(0).header().arch(), files);
            ImmutableList.Builder<OptionalInt> refused = ImmutableList.builder();
            int number = 0;
            for (Trace trace : traces) {
                OptionalInt first = OptionalInt.empty();
                for (Subject subject : Subject.of(trace)) {
                    number++;
                    OptionalInt of = refused(subject, number, taken);
                    if (of.isPresent() && (first.isEmpty() || of.getAsInt() < first.getAsInt())) {
                        first = of;
                    }
                }
                refused.add(first);
            }
            return refused.build();
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    /** An event that TLC took: the numbers of its subject, among those of all traces, and of the event, both from 1. */
    private record Took(int subject, int event) {}

    private static OptionalInt refused(Subject subject, int number, Set<Took> taken) {
        for (int i = 0; i < subject.places().size(); i++) {
            if (!taken.contains(new Took(number, i + 1))) {
                return OptionalInt.of(subject.places().get(i));
            }
        }
        return OptionalInt.empty();
    }

    private static void save(Trace trace, Path file) throws IOException {
        try (TraceWriter writer = new TraceWriter(Files.newOutputStream(file), trace.header())) {
            for (TraceEvent event : trace.events()) {
                writer.write(event);
            }
        }
    }

    private static String module(Arch arch) {
        return switch (arch) {
            case X86 -> "ReplayX86";
            case ARM64 -> "ReplayArm64";
        };
    }

    private static Set<Took> taken(Arch arch, List<Path> files) throws IOException, InterruptedException {
        String names = files.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        TlcOutput output =
                Tlc.runWithOverrides(module(arch), config(arch), List.of("-D" + TraceData.PROPERTY + "=" + names));
        boolean nothingBegins = output.trouble().stream().anyMatch(t -> t.contains("no initial state"));
        if (!output.finished() || !(output.trouble().isEmpty() || nothingBegins) || output.violated() != null) {
            throw new IllegalStateException("TLC says: " + String.join(" / ", output.trouble()) + "\n"
                    + output.printed().stream().limit(MOST_LINES).collect(Collectors.joining("\n")));
        }
        Set<Took> taken = new HashSet<>();
        for (String line : output.printed()) {
            Matcher took = TOOK.matcher(line);
            if (took.matches()) {
                taken.add(new Took(Integer.parseInt(took.group(1)), Integer.parseInt(took.group(2))));
            }
        }
        return taken;
    }

    private static String config(Arch arch) throws IOException {
        return Resources.toString(Resources.getResource(TlcReplay.class, "/spec/" + module(arch) + ".cfg"), UTF_8);
    }

    /**
     * A behaviour for stock TLC to confirm.
     *
     * @param module the root module
     * @param config its configuration's file
     * @param traces for each VM (on arm64 for the host) a trace of it alone
     */
    public record Written(String module, String config, ImmutableList<String> traces) {}

    /**
     * Writes a behaviour for stock TLC to confirm, with the modules that it needs.
     *
     * @param witness a trace that leaves nothing open
     * @return the names of the files
     */
    public static Written write(Trace witness, Path folder) throws IOException {
        Arch arch = witness.header().arch();
        Files.createDirectories(folder);
        ImmutableList.Builder<String> traces = ImmutableList.builder();
        for (Subject subject : Subject.of(witness)) {
            String file = WITNESS + subject.events().get(0).vm() + ".ndjson";
            save(subject.alone(), folder.resolve(file));
            traces.add(file);
        }
        String config = WITNESS + ".cfg";
        Files.writeString(folder.resolve(config), config(arch) + "INVARIANT NotAllTaken\n");
        for (Map.Entry<String, String> used :
                Tlc.modulesOf("EXTENDS " + module(arch)).entrySet()) {
            Files.writeString(folder.resolve(used.getKey() + ".tla"), used.getValue());
        }
        return new Written(module(arch), config, traces.build());
    }
}
