package dev.longitude.matrix;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcOutput;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Judges cases with TLC. Results are cached in files, under a hash of all inputs. */
public final class Judge {
    /** The maximum preemptions per run by default. */
    public static final int PREEMPTIONS = 1;

    /** The most preemptions that an option may request. */
    public static final int MOST_PREEMPTIONS = 3;

    private static final Pattern FAILS = Pattern.compile("<<\"fails\", \"(\\w+)\", \"(none|short|long)\", (\\d+)>>");
    private static final String UNFINISHED = "Unfinished";
    private static final JsonMapper JSON = new JsonMapper();

    private final int preemptions;
    private final @Nullable Path kept;

    /**
     * A judge.
     *
     * @param preemptions the maximum preemptions per run
     * @param kept the folder of the cache, or null: none
     */
    public Judge(int preemptions, @Nullable Path kept) {
        this.preemptions = preemptions;
        this.kept = kept;
    }

    /**
     * The result of one run of TLC.
     *
     * @param fails for each property that fails: for each kind of preemption under which it does, the steps of a
     *     shortest counterexample
     */
    record TlcResult(long states, Map<String, Map<Preemption, Integer>> fails) {
        /** The results of both runs together: of two counterexamples the shorter one. */
        TlcResult and(TlcResult other) {
            Map<String, Map<Preemption, Integer>> both = new TreeMap<>();
            for (TlcResult one : ImmutableList.of(this, other)) {
                one.fails.forEach((property, lengths) -> lengths.forEach(
                        (how, length) -> both.computeIfAbsent(property, p -> new EnumMap<>(Preemption.class))
                                .merge(how, length, Math::min)));
            }
            return new TlcResult(states + other.states, both);
        }
    }

    /**
     * Judges a case.
     *
     * @throws RecipeFaultException if no behaviour completes the recipe
     */
    public Judgement judge(Case of) throws IOException, InterruptedException, RecipeFaultException {
        Recipe recipe = of.recipe();
        KernelProfile kernel = of.kernel();
        Optional<String> unfit = recipe.unfitFor(kernel);
        if (unfit.isPresent()) {
            return new Judgement(of, 0, all(recipe, Verdict.doesNotApply(unfit.get())));
        }
        ImmutableList<MigrationModel> models = MigrationModel.of(of, preemptions);
        MigrationModel model = models.get(0);
        TlcResult found = found(of, model);
        for (MigrationModel other : models.subList(1, models.size())) {
            found = found.and(found(of, other));
        }
        ImmutableMap.Builder<Property, Verdict> verdicts = ImmutableMap.builder();
        boolean ends = found.fails().containsKey(UNFINISHED);
        if (!ends && !found.fails().containsKey(Property.COMPLETES.specName())) {
            throw new RecipeFaultException(of + ": the recipe cannot be completed: a step cannot be carried out");
        }
        for (Property property : Property.of(recipe.arch())) {
            verdicts.put(property, verdict(property, found, model, ends));
        }
        return new Judgement(of, found.states(), verdicts.buildOrThrow());
    }

    private static ImmutableMap<Property, Verdict> all(Recipe recipe, Verdict verdict) {
        return Property.of(recipe.arch()).stream().collect(ImmutableMap.toImmutableMap(p -> p, p -> verdict));
    }

    private static Verdict verdict(Property property, TlcResult found, MigrationModel model, boolean ends) {
        Map<Preemption, Integer> fails = found.fails().getOrDefault(property.specName(), Map.of());
        for (Verdict.Outcome says : Verdict.Outcome.values()) {
            Integer length = fails.get(says.preemption());
            if (says.isFailure() && length != null) {
                return Verdict.fails(says, length);
            }
        }
        if (!ends) {
            return Verdict.doesNotApply("the restore does not come to its end");
        }
        return property.emptyFor(model.carriedOut(), model.world())
                .map(Verdict::doesNotApply)
                .orElse(Verdict.HOLDS);
    }

    private TlcResult found(Case of, MigrationModel model) throws IOException, InterruptedException {
        MigrationModel.Text text = model.judging();
        Path file = kept == null ? null : kept.resolve(key(text) + ".json");
        if (file != null) {
            try {
                return read(file);
            } catch (NoSuchFileException e) {
                // not cached yet
            }
        }
        TlcResult found = run(of, text);
        if (file != null) {
            // Atomic: the file appears only once it has been written.
            Path folder = Files.createDirectories(file.getParent());
            Path half = Files.createTempFile(folder, "half", ".json");
            Files.writeString(half, JSON.writeValueAsString(found));
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        return found;
    }

    private TlcResult run(Case of, MigrationModel.Text text) throws IOException, InterruptedException {
        TlcOutput output = tlc(text, preemptions);
        sane(of, output);
        Map<String, Map<Preemption, Integer>> found = new TreeMap<>();
        for (String line : output.printed()) {
            Matcher fails = FAILS.matcher(line);
            if (fails.matches()) {
                found.computeIfAbsent(fails.group(1), p -> new EnumMap<>(Preemption.class))
                        .put(
                                Preemption.valueOf(fails.group(2).toUpperCase(Locale.ROOT)),
                                Integer.parseInt(fails.group(3)));
            }
        }
        return new TlcResult(output.states(), found);
    }

    /**
     * A shortest behaviour that shows a failure.
     *
     * @param verdict which failure it is
     * @throws IllegalStateException if there is no such behaviour of that length
     */
    public Counterexample open(Case of, Property property, Verdict verdict) throws IOException, InterruptedException {
        for (MigrationModel model : MigrationModel.of(of, preemptions)) {
            TlcOutput output = tlc(model.opening(property, verdict.says().preemption()), preemptions);
            if (output.violated() == null) {
                sane(of, output);
                continue;
            }
            Counterexample shown = Counterexample.of(of, property, model.ticksPerSecond(), output.counterexample());
            if (Integer.valueOf(shown.steps().size()).equals(verdict.length())) {
                return shown;
            }
        }
        throw new IllegalStateException(
                of + ": " + property + " " + verdict + ", but no behaviour is found that shows it");
    }

    private static TlcOutput tlc(MigrationModel.Text text, int preemptions) throws IOException, InterruptedException {
        return Tlc.run(
                MigrationModel.MODULE,
                text.module(),
                text.config(),
                preemptions > PREEMPTIONS ? Tlc.Length.LONG : Tlc.Length.SHORT);
    }

    private static void sane(Case of, TlcOutput output) {
        if (!output.finished() || !output.trouble().isEmpty() || output.violated() != null) {
            throw new IllegalStateException(of + ": TLC says: "
                    + (output.trouble().isEmpty()
                            ? "finished " + output.finished() + ", violated " + output.violated()
                            : String.join(" / ", output.trouble())));
        }
    }

    private static TlcResult read(Path file) throws IOException {
        return JSON.readValue(Files.readString(file), TlcResult.class);
    }

    /** A hash of the model's text, of all modules that it builds on, and of TLC. */
    private static String key(MigrationModel.Text text) throws IOException {
        Hasher hasher = Hashing.sha256().newHasher();
        for (String part : ImmutableList.of(text.module(), text.config())) {
            hasher.putString(part, StandardCharsets.UTF_8).putInt(0);
        }
        Tlc.modulesOf(text.module())
                .forEach((name, module) -> hasher.putString(name, StandardCharsets.UTF_8)
                        .putInt(0)
                        .putString(module, StandardCharsets.UTF_8)
                        .putInt(0));
        return hasher.putString(Tlc.version(), StandardCharsets.UTF_8).hash().toString();
    }
}
