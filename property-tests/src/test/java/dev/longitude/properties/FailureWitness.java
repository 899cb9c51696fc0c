package dev.longitude.properties;

import com.google.common.collect.ImmutableList;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceWriter;
import dev.longitude.validator.Refusal;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a failed property leaves behind: the smallest failing sample, played again, as traces that {@code longitude
 * validate} reads, and for each the behaviour of the specification that it is up to its refusal, as TLA+ modules that
 * TLC confirms.
 */
final class FailureWitness {
    /** Below the module's folder, in which its tests run. */
    static final Path FOLDER = Path.of("target", "witness");

    private static final String MODULE = "property-tests";

    /** So many traces, the last ones: a property compares two, or fails at the last of several. */
    private static final int MOST = 2;

    /** The header's line. */
    private static final int LINES_BEFORE_EVENTS = 1;

    private FailureWitness() {}

    /**
     * Plays a sample again and writes what it leaves.
     *
     * @param property its method
     * @param instance whose method it is
     * @param sample the parameters with which it fails
     * @return lines that name the files and what each is; empty if it plays no trace
     */
    static String write(Method property, Object instance, List<Object> sample) throws IOException {
        property.setAccessible(true);
        List<Trace> played = PlayedTraces.during(() -> property.invoke(instance, sample.toArray()));
        List<Trace> traces = played.subList(Math.max(0, played.size() - MOST), played.size());
        String name = property.getDeclaringClass().getSimpleName() + "." + property.getName();
        Files.createDirectories(FOLDER);
        removeFormer(name);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < traces.size(); i++) {
            text.append(write(traces.get(i), traces.size() == 1 ? name : name + "-" + (i + 1)));
        }
        return text.toString();
    }

    private static void removeFormer(String name) throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            for (Path file : files.filter(f -> FOLDER.relativize(f).toString().startsWith(name))
                    .filter(Files::isRegularFile)
                    .toList()) {
                Files.delete(file);
            }
        }
    }

    private static String write(Trace trace, String name) throws IOException {
        Path file = FOLDER.resolve(name + ".ndjson");
        try (OutputStream out = Files.newOutputStream(file);
                TraceWriter writer = new TraceWriter(out, trace.header())) {
            for (TraceEvent event : trace.events()) {
                writer.write(event);
            }
        }
        String shown = String.format(
                "the smallest failing sample, %d events:%n  ./longitude validate %s/%s%n",
                trace.events().size(), MODULE, file);
        return shown + behaviour(trace, file, FOLDER.resolve(name));
    }

    /** Writes the behaviour that the events before a refusal are, or all events, and says what it wrote. */
    private static String behaviour(Trace trace, Path file, Path folder) throws IOException {
        Verdict verdict;
        try {
            verdict = new InputFile(file, null).validate();
        } catch (TraceFormatException e) {
            return String.format("  no trace that can be read: %s%n", e.getMessage());
        }
        Refusal refusal = verdict.refusal();
        if (!verdict.conforms() && refusal == null) {
            return String.format("  undecided: %s%n", verdict.text());
        }
        int conforming =
                refusal == null ? trace.events().size() : refusal.event().line() - 1 - LINES_BEFORE_EVENTS;
        ImmutableList<TraceEvent> before = trace.events().subList(0, conforming);
        String end = refusal == null
                ? "it conforms"
                : "event " + (conforming + 1) + ", " + refusal.event().call() + ", is refused";
        if (before.isEmpty() || !TlcReplay.canReplay(trace)) {
            return String.format("  %s; no behaviour: %s%n", end, before.isEmpty() ? "no event" : "it is incomplete");
        }
        List<String> modules = TlcReplay.write(new Trace(trace.header(), before), folder);
        return String.format(
                "  %s; the behaviour of the %d events before: %s/%s/{%s}.tla%n",
                end, conforming, MODULE, folder, String.join(",", modules));
    }
}
