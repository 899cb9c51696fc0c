package dev.longitude.replay;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Multimaps;
import com.google.common.io.Resources;
import dev.longitude.kernel.Arch;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcOutput;
import dev.longitude.trace.Interval;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Replays traces with stock TLC: another evaluator's search over the same specification. It says which event it cannot
 * take and not why, and needs every instant to be known.
 */
public final class TlcReplay {
    private static final Pattern TOOK = Pattern.compile("<<\"took\", (\\d+)>>");

    /** What only the rates of x86 need. */
    private static final Pattern OF_RATES = Pattern.compile(
            "CyclesPerKhz|NsPerSecond|Drift|SecondInCycles|CyclesToNs|NsToCycles|Ratio|Scale|KeepsPace|SameNs|Pvclock");

    private static final int MOST_LINES = 40;
    private static final int MOST_EVENTS = 400;

    private TlcReplay() {}

    /** A trace. */
    public record Trace(TraceHeader header, ImmutableList<TraceEvent> events) {}

    /** Whether a trace leaves nothing open but what the events show: this engine cannot search. */
    public static boolean canReplay(Trace trace) {
        boolean x86 = trace.header().arch() == Arch.X86;
        return trace.header().silent().isEmpty()
                && !trace.header().threads()
                && trace.events().stream()
                        .allMatch(e -> e.hasArgs()
                                && e.counter().isExact()
                                && (!x86
                                        || (isExact(e.when().ns())
                                                && isExact(e.when().realtime()))));
    }

    private static boolean isExact(@Nullable Interval within) {
        return within != null && within.isExact();
    }

    /**
     * Replays traces, as many of them in one run of TLC as its parser bears.
     *
     * @param traces of one architecture
     * @return for each trace the index of the first event that TLC does not take, from 0, or empty: it takes all
     * @throws IllegalArgumentException if an instant is not known exactly
     * @throws IllegalStateException if TLC finds fault with the module
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
        TraceModule module = new TraceModule(arch);
        List<List<Part>> parts = new ArrayList<>();
        for (Trace trace : traces) {
            parts.add(parts(module, trace));
        }
        Set<Integer> taken = taken(module, arch);
        return parts.stream()
                .map(of -> of.stream()
                        .flatMap(p -> p.refused(taken).stream())
                        .mapToInt(i -> i)
                        .min())
                .toList();
    }

    /** One subject's events: the numbers that they have in the module, from the first on, and where they stand. */
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
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < trace.events().size(); i++) {
            all.add(i);
        }
        boolean x86 = trace.header().arch() == Arch.X86;
        Collection<Collection<Integer>> subjects = Multimaps.index(
                        all, i -> x86 ? trace.events().get(i).vm() : -1)
                .asMap()
                .values();
        return subjects.stream()
                .map(indexes -> new Part(
                        module.add(
                                trace.header(),
                                indexes.stream().map(trace.events()::get).toList()),
                        List.copyOf(indexes)))
                .toList();
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
        for (Collection<TraceEvent> events : bySubject(witness)) {
            int vm = events.iterator().next().vm();
            String name = "Witness" + (arch == Arch.X86 ? vm : "");
            TraceModule module = new TraceModule(arch);
            module.add(witness.header(), List.copyOf(events));
            String text = module.module(name, events.size() + 1);
            Files.writeString(folder.resolve(name + ".tla"), text);
            Files.writeString(folder.resolve(name + ".cfg"), config(arch) + "INVARIANT NotAllTaken\n");
            for (Map.Entry<String, String> used : Tlc.modulesOf(text).entrySet()) {
                Files.writeString(folder.resolve(used.getKey() + ".tla"), used.getValue());
            }
            modules.add(name);
        }
        return modules.build();
    }

    private static Collection<Collection<TraceEvent>> bySubject(Trace trace) {
        boolean x86 = trace.header().arch() == Arch.X86;
        return Multimaps.index(trace.events(), e -> x86 ? e.vm() : -1).asMap().values();
    }

    private static Set<Integer> taken(TraceModule module, Arch arch) throws IOException, InterruptedException {
        TlcOutput output = Tlc.runWithOverrides(TraceModule.MODULE, module.module(TraceModule.MODULE, 0), config(arch));
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

    /** The substitutions with which the validator loads the specification, as far as the architecture has them. */
    private static String config(Arch arch) throws IOException {
        String all = Resources.toString(Resources.getResource(TlcReplay.class, "/spec/Trace.cfg"), UTF_8);
        String constants = all.lines()
                .filter(line -> line.startsWith("CONSTANTS") || line.startsWith("  "))
                .filter(line -> arch == Arch.X86 || !OF_RATES.matcher(line).find())
                .collect(Collectors.joining("\n"));
        return "INIT Init\nNEXT Next\nCHECK_DEADLOCK FALSE\n" + constants + "\n";
    }
}
