package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import dev.longitude.files.WholeFile;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Mutant.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How often TLC evaluated each place of the specification in one model.
 *
 * @param counts by module and place: the greatest of the counts that TLC reports there, because an operator is reported
 *     once for each place that applies it
 */
record Coverage(ImmutableMap<String, ImmutableMap<Place, Long>> counts) {
    private static final Pattern PLACE = Pattern.compile(
            "line (\\d+), col (\\d+) to line (\\d+), col (\\d+) of module (\\w+)(?: \\([\\d ]+\\))?>?:? ?(\\d*)(?::(\\d+))?$");

    /**
     * The coverage of a model, from the cache or measured.
     *
     * @param cache the folder of the cache; null: none
     */
    static Coverage of(Model model, TlcJvms jvms, @Nullable Path cache) throws IOException, InterruptedException {
        ModelCheck check = new ModelCheck(model);
        Path file = cache == null ? null : cache.resolve(key(model, check) + ".coverage");
        if (file != null) {
            try {
                return parse(Files.readAllLines(file, UTF_8));
            } catch (NoSuchFileException e) {
                // not measured yet
            }
        }
        List<String> lines = check.coverage(jvms);
        if (file != null) {
            Files.createDirectories(cache);
            byte[] text = String.join("\n", lines).getBytes(UTF_8);
            WholeFile.write(file, out -> out.write(text));
        }
        return parse(lines);
    }

    /** Whether TLC can measure it: of a recipe it reports each place for each way there, and exhausts its memory. */
    static boolean canMeasure(Model model) {
        return !model.large() && !model.module().startsWith("MCRecipes");
    }

    /** A hash of all that the run depends on. */
    static String key(Model model, ModelCheck check) throws IOException {
        StringBuilder all = new StringBuilder(check.configuration()).append(model.module());
        Tlc.modulesOf("EXTENDS " + model.module())
                .forEach((name, text) -> all.append(name).append(text));
        return Hashing.sha256().hashString(all.append(Tlc.version()), UTF_8).toString();
    }

    /** Reads TLC's report. */
    static Coverage parse(Iterable<String> lines) {
        Map<String, Map<Place, Long>> counts = new TreeMap<>();
        for (String line : lines) {
            Matcher at = PLACE.matcher(line);
            if (at.find() && !at.group(6).isEmpty()) {
                long count =
                        Math.max(Long.parseLong(at.group(6)), at.group(7) == null ? 0 : Long.parseLong(at.group(7)));
                Place place = new Place(
                        Integer.parseInt(at.group(1)),
                        Integer.parseInt(at.group(2)),
                        Integer.parseInt(at.group(3)),
                        Integer.parseInt(at.group(4)));
                counts.computeIfAbsent(at.group(5), m -> new TreeMap<>(Place.ORDER))
                        .merge(place, count, Math::max);
            }
        }
        ImmutableMap.Builder<String, ImmutableMap<Place, Long>> all = ImmutableMap.builder();
        counts.forEach((module, places) -> all.put(module, ImmutableMap.copyOf(places)));
        return new Coverage(all.buildOrThrow());
    }

    /**
     * How often a place was evaluated, as far as TLC shows: its own count, or the greatest of places within it. Empty if TLC
     * shows nothing there: it does not show a lone variable, nor what it inlines.
     */
    Optional<Long> shown(String module, Place place) {
        ImmutableMap<Place, Long> places = counts.getOrDefault(module, ImmutableMap.of());
        Long own = places.get(place);
        return own != null
                ? Optional.of(own)
                : places.entrySet().stream()
                        .filter(e -> place.contains(e.getKey()))
                        .map(Map.Entry::getValue)
                        .max(Long::compare);
    }

    /** The same, or the count of the smallest place around it: at most so often was it evaluated. */
    Optional<Long> count(String module, Place place) {
        Optional<Long> shown = shown(module, place);
        return shown.isPresent()
                ? shown
                : counts.getOrDefault(module, ImmutableMap.of()).entrySet().stream()
                        .filter(e -> e.getKey().contains(place))
                        .min(Map.Entry.comparingByKey((a, b) -> a.contains(b) ? 1 : -1))
                        .map(Map.Entry::getValue);
    }
}
