package dev.longitude.replay;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import dev.longitude.kernel.Arch;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcOutput;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Replays traces with stock TLC: another evaluator's search over the same specification. It reports which event it
 * cannot take, but not why, and needs every instant to be known.
 */
public final class TlcReplay {
    private static final Pattern TOOK = Pattern.compile("<<\"took\", (\\d+)>>");

    private static final int MOST_LINES = 40;
    private static final int MOST_EVENTS = 400;

    private TlcReplay() {}

    /** Whether a trace is complete: this engine cannot search for missing values. */
    public static boolean canReplay(Trace trace) {
        TraceHeader header = trace.header();
        return header.silent().isEmpty()
                && !header.threads()
                && trace.events().stream()
                        .allMatch(e -> e.hasArgs() && header.host().isShownBy(e.when()));
    }

    /**
     * Replays traces, as many in one run of TLC as its parser can process.
     *
     * @param traces of one architecture
     * @return for each trace the index of the first event that TLC does not take, from 0, or empty if it takes all
     * @throws IllegalArgumentException if an instant is not known exactly
     * @throws IllegalStateException if TLC rejects the module
     */
    public static ImmutableList<OptionalInt> firstRefused(List<Trace> traces) throws IOException, InterruptedException {
        ImmutableList.Builder<OptionalInt> refused = ImmutableList.builder();
        List<Trace> batch = new ArrayList<>();
        int events = 0;
        for (Trace trace : traces) {
            if (!batch.isEmpty() && events + trace.events().size() > MOST_EVENTS) {
                refused.addAll(replay(batch));
                batch.clear();
                events = 0;
            }
            batch.add(trace);
            events += trace.events().size();
        }
        return refused.addAll(replay(batch)).build();
    }

    private static List<OptionalInt> replay(List<Trace> traces) throws IOException, InterruptedException {
        Arch arch = traces.get(0).header().arch();
        TraceModule module = TraceModule.of(arch);
        List<List<Part>> parts = new ArrayList<>();
        for (Trace trace : traces) {
            parts.add(parts(module, trace));
        }
        Set<Integer> taken = taken(module);
        return parts.stream()
                .map(of -> of.stream()
                        .flatMap(p -> p.refused(taken).stream())
                        .mapToInt(i -> i)
                        .min())
                .toList();
    }

    /** One subject's events: the first of their consecutive numbers in the module, and their places in the trace. */
    private record Part(int first, List<Integer> indexes) {
        List<Integer> refused(Set<Integer> taken) {
            for (int i = 0; i < indexes.size(); i++) {
                if (!taken.contains(first + i)) {
                    return List.of(indexes.get(i));
                }
            }
            return List.of();
        }
    }

    private static List<Part> parts(TraceModule module, Trace trace) {
        return subjects(trace).stream()
                .map(s -> new Part(module.add(s.header, s.of(trace)), s.indexes))
                .toList();
    }

    /**
     * One state's events; see {@link TraceHeader.Host#subject}.
     *
     * @param header with the host as it was when the first event happened
     * @param indexes the places of its events in the trace; an event of the host is one of each VM that exists
     */
    private record Subject(TraceHeader header, List<Integer> indexes) {
        List<TraceEvent> of(Trace trace) {
            return indexes.stream().map(trace.events()::get).toList();
        }
    }

    private static Collection<Subject> subjects(Trace trace) {
        Map<Integer, Subject> subjects = new LinkedHashMap<>();
        TraceHeader header = trace.header();
        for (int i = 0; i < trace.events().size(); i++) {
            TraceEvent event = trace.events().get(i);
            if (event.operation().isOfHost()) {
                header = header.withHost(header.host().after(event));
                for (Subject subject : subjects.values()) {
                    subject.indexes.add(i);
                }
            } else {
                TraceHeader now = header;
                subjects.computeIfAbsent(header.host().subject(event), s -> new Subject(now, new ArrayList<>()))
                        .indexes
                        .add(i);
            }
        }
        return subjects.values();
    }

    /**
     * Writes a behaviour for stock TLC to confirm: for each VM (on arm64 for the host) a module {@code Witness...}, its
     * configuration, and the modules that it builds on.
     *
     * @param witness a trace that leaves nothing open
     * @return the names of the modules, by which TLC is called
     */
    public static ImmutableList<String> write(Trace witness, Path folder) throws IOException {
        Arch arch = witness.header().arch();
        Files.createDirectories(folder);
        ImmutableList.Builder<String> modules = ImmutableList.builder();
        for (Subject subject : subjects(witness)) {
            List<TraceEvent> events = subject.of(witness);
            TraceModule module = TraceModule.of(arch);
            String name = "Witness" + module.suffix(events.get(0));
            module.add(subject.header, events);
            String text = module.module(name, events.size() + 1);
            Files.writeString(folder.resolve(name + ".tla"), text);
            Files.writeString(folder.resolve(name + ".cfg"), config(module) + "INVARIANT NotAllTaken\n");
            for (Map.Entry<String, String> used : Tlc.modulesOf(text).entrySet()) {
                Files.writeString(folder.resolve(used.getKey() + ".tla"), used.getValue());
            }
            modules.add(name);
        }
        return modules.build();
    }

    private static Set<Integer> taken(TraceModule module) throws IOException, InterruptedException {
        TlcOutput output =
                Tlc.runWithOverrides(TraceModule.MODULE, module.module(TraceModule.MODULE, 0), config(module));
        boolean nothingBegins = output.trouble().stream().anyMatch(t -> t.contains("no initial state"));
        if (!output.finished() || !(output.trouble().isEmpty() || nothingBegins) || output.violated() != null) {
            throw new IllegalStateException("TLC says: " + String.join(" / ", output.trouble()) + "\n"
                    + output.printed().stream().limit(MOST_LINES).collect(Collectors.joining("\n")));
        }
        Set<Integer> taken = new HashSet<>();
        for (String line : output.printed()) {
            Matcher took = TOOK.matcher(line);
            if (took.matches()) {
                taken.add(Integer.parseInt(took.group(1)));
            }
        }
        return taken;
    }

    /** The validator's substitutions for the specification, as far as the architecture has them. */
    private static String config(TraceModule module) throws IOException {
        String all = Resources.toString(Resources.getResource(TlcReplay.class, "/spec/Trace.cfg"), UTF_8);
        String constants = all.lines()
                .filter(line -> line.startsWith("CONSTANTS") || line.startsWith("  "))
                .filter(module::has)
                .collect(Collectors.joining("\n"));
        return "INIT Init\nNEXT Next\nCHECK_DEADLOCK FALSE\n" + constants + "\n";
    }
}
