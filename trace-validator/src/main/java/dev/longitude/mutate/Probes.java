package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.files.WholeFile;
import dev.longitude.kernel.Arch;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.model.TlcOutput;
import dev.longitude.mutate.Mutant.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a model evaluates places of which TLC's coverage shows nothing. A probe takes the place of each: an
 * expression that TLC cannot evaluate, and that is named in its error. The place that an error names is reached; the model
 * runs again without that probe, until it comes to its end with the expected number of states: it reaches none of the
 * others.
 */
final class Probes {
    private static final String REACHED = "reached";
    private static final Pattern NAMED = Pattern.compile("probe (\\d+) of longitude");

    private final TlcJvms jvms;
    private final @Nullable Path cache;

    /** @param cache the folder of the cache, or null */
    Probes(TlcJvms jvms, @Nullable Path cache) {
        this.jvms = jvms;
        this.cache = cache;
    }

    /** A place of a module. */
    record Site(String module, Place place) {}

    /**
     * Those of these places that a model evaluates, where everything holds: a model that must fail runs without the
     * property. Empty if a run came to no end: then nothing is known.
     */
    Optional<ImmutableSet<Site>> reached(Model model, ImmutableSet<Site> sites)
            throws IOException, InterruptedException {
        Path file = cache == null ? null : cache.resolve(Coverage.key(model, new ModelCheck(model)) + ".reached");
        Map<Site, Boolean> known = file == null ? new LinkedHashMap<>() : read(file);
        List<Site> open =
                sites.stream().filter(site -> !known.containsKey(site)).toList();
        if (!open.isEmpty()) {
            Optional<ImmutableSet<Site>> found = run(model, open);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            open.forEach(site -> known.put(site, found.get().contains(site)));
            if (file != null) {
                write(file, known);
            }
        }
        return Optional.of(
                sites.stream().filter(site -> known.getOrDefault(site, false)).collect(ImmutableSet.toImmutableSet()));
    }

    /** A site a line: {@code reached} or {@code never}, its module, and its place. */
    private static Map<Site, Boolean> read(Path file) throws IOException {
        Map<Site, Boolean> known = new LinkedHashMap<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file, UTF_8)) {
                List<String> words = Splitter.on(' ').splitToList(line);
                List<Integer> at = words.subList(2, words.size()).stream()
                        .map(Integer::valueOf)
                        .toList();
                known.put(
                        new Site(words.get(1), new Place(at.get(0), at.get(1), at.get(2), at.get(3))),
                        words.get(0).equals(REACHED));
            }
        }
        return known;
    }

    private static void write(Path file, Map<Site, Boolean> known) throws IOException {
        Files.createDirectories(file.getParent());
        StringBuilder lines = new StringBuilder();
        known.forEach((site, reached) -> {
            Place at = site.place();
            lines.append(reached ? REACHED : "never").append(' ').append(site.module());
            lines.append(' ').append(at.beginLine()).append(' ').append(at.beginColumn());
            lines.append(' ')
                    .append(at.endLine())
                    .append(' ')
                    .append(at.endColumn())
                    .append('\n');
        });
        WholeFile.write(file, out -> out.write(lines.toString().getBytes(UTF_8)));
    }

    /**
     * The first trace that cannot be judged without a place, whatever the kernel: {@code scenario NAME}, or, if none
     * can do without it, {@code recording FILE}. Empty if there is none.
     */
    static Optional<String> trace(MutantJvms jvms, Site site) throws IOException, InterruptedException {
        ImmutableSet<Arch> archs = MutatedModule.named(site.module()).ofTraces();
        String text = String.join(
                        "\n",
                        ModuleText.of(site.module())
                                .edited(site.place(), probe(0))
                                .lines()) + "\n";
        for (Replays.Kind kind : Replays.Kind.values()) {
            MutantJvms.Replayed replayed = jvms.replay(kind, site.module(), text, archs);
            if (replayed.answer() == MutantJvm.Answer.CAUGHT) {
                List<String> words = Splitter.onPattern("[ :]").splitToList(replayed.by());
                return Optional.of(words.get(0) + " " + words.get(1));
            }
        }
        return Optional.empty();
    }

    private Optional<ImmutableSet<Site>> run(Model model, List<Site> all) throws IOException, InterruptedException {
        Map<Integer, Site> open = new TreeMap<>();
        for (int i = 0; i < all.size(); i++) {
            open.put(i, all.get(i));
        }
        ImmutableSet.Builder<Site> reached = ImmutableSet.builder();
        ModelCheck check = new ModelCheck(model);
        while (!open.isEmpty()) {
            Optional<TlcOutput> output = check.holding(jvms, probed(open));
            Matcher named =
                    NAMED.matcher(output.map(o -> String.join(" ", o.trouble())).orElse(""));
            if (named.find()) {
                Site site = open.remove(Integer.parseInt(named.group(1)));
                if (site == null) {
                    return Optional.empty();
                }
                reached.add(site);
            } else {
                boolean ended = output.filter(check::isComplete).isPresent();
                return ended ? Optional.of(reached.build()) : Optional.empty();
            }
        }
        return Optional.of(reached.build());
    }

    private static String probe(int number) {
        return "(\"probe " + number + " of longitude\" = 0)";
    }

    /** The texts of the modules with probes; of two places of which one is in the other, only the outer has one. */
    private static ImmutableMap<String, String> probed(Map<Integer, Site> open) throws IOException {
        Map<String, ModuleText> texts = new HashMap<>();
        List<Map.Entry<Integer, Site>> lastFirst = new ArrayList<>(open.entrySet());
        lastFirst.sort(Comparator.comparing(
                (Map.Entry<Integer, Site> e) -> e.getValue().place(), Place.ORDER.reversed()));
        for (Map.Entry<Integer, Site> each : lastFirst) {
            Site site = each.getValue();
            boolean within = open.values().stream()
                    .anyMatch(o -> !o.equals(site)
                            && o.module().equals(site.module())
                            && o.place().contains(site.place()));
            if (!within) {
                ModuleText text =
                        texts.containsKey(site.module()) ? texts.get(site.module()) : ModuleText.of(site.module());
                texts.put(site.module(), text.edited(site.place(), probe(each.getKey())));
            }
        }
        return texts.entrySet().stream()
                .collect(ImmutableMap.toImmutableMap(
                        Map.Entry::getKey, e -> String.join("\n", e.getValue().lines()) + "\n"));
    }
}
