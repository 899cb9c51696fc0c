package dev.longitude.matrix;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.longitude.files.WholeFile;
import dev.longitude.model.SelectedTlc;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Judges cases with TLC, many in one run. Results are cached in files, under a hash of all inputs. */
public final class Judge {
    /** How often time may pass between two steps, by default. */
    public static final int PREEMPTIONS = 1;

    /** The most that an option may request. */
    public static final int MOST_PREEMPTIONS = 3;

    private static final Pattern FOUND = Pattern.compile(
            "<<\"(fails|upToSteps|notModelled)\", (\\d+), \"(\\w+)\", \"(none|steps|short|long)\", (\\d+), <<([\\d, ]*) ?>>>>");
    private static final String UNFINISHED = "Unfinished";
    private static final JsonMapper JSON = new JsonMapper();

    private final int preemptions;
    private final @Nullable Path kept;
    private final Runner tlc;

    /**
     * A judge.
     *
     * @param preemptions how often time may pass between two steps
     * @param kept the folder of the cache, or null: none
     */
    public Judge(int preemptions, @Nullable Path kept) {
        this(preemptions, kept, Tlc::run);
    }

    /**
     * A judge by another way to run TLC.
     *
     * @param kept as above; null unless the bundled specification is judged
     */
    public Judge(int preemptions, @Nullable Path kept, Runner tlc) {
        this.preemptions = preemptions;
        this.kept = kept;
        this.tlc = tlc;
    }

    /** A way to run TLC: the root module's name and text, and the configuration's text. */
    @FunctionalInterface
    public interface Runner {
        /** Runs it. */
        TlcOutput run(String module, String text, String config, Tlc.Length length)
                throws IOException, InterruptedException;
    }

    /** The folder of the cache that the launcher names, or else the build's; null without a launcher. */
    public static @Nullable Path cache() {
        String cache = System.getProperty("longitude.cache");
        String root = System.getProperty("longitude.root");
        if (cache != null) {
            return Path.of(cache);
        }
        return root == null ? null : Path.of(root, "trace-validator", "target", "matrix");
    }

    /**
     * What TLC found of a property in a case.
     *
     * @param how {@code fails}; {@code upToSteps}: it is off by no more than the time that passed
     * @param index the case's place in the model, from 1
     * @param property its name in the specification
     * @param preemption how long what passed between two steps was
     * @param length the steps of a shortest behaviour that shows it
     * @param place of {@code upToSteps}: where time passed last, the block's number and the vCPUs' finished steps
     */
    record Finding(String how, int index, String property, Preemption preemption, int length, List<Integer> place) {}

    /**
     * Judges a case.
     *
     * @throws RecipeFaultException if no behaviour completes the recipe
     */
    public Judgement judge(Case of) throws IOException, InterruptedException, RecipeFaultException {
        return judge(ImmutableList.of(of)).get(0);
    }

    /**
     * Judges cases of one architecture, in one run of TLC.
     *
     * @return in their order
     * @throws RecipeFaultException if no behaviour completes the recipe of one of them
     */
    public ImmutableList<Judgement> judge(List<Case> cases)
            throws IOException, InterruptedException, RecipeFaultException {
        Map<Case, Judgement> judgements = new LinkedHashMap<>();
        List<Case> fit = new ArrayList<>();
        for (Case of : cases) {
            Optional<String> unfit = of.recipe().unfitFor(of.kernel());
            unfit.ifPresent(why ->
                    judgements.put(of, new Judgement(of, false, all(of.recipe(), Verdict.doesNotApply(why)))));
            if (unfit.isEmpty()) {
                fit.add(of);
            }
        }
        if (!fit.isEmpty()) {
            MigrationModel model = new MigrationModel(ImmutableList.copyOf(fit), preemptions);
            List<Finding> findings = findings(model);
            for (int i = 0; i < fit.size(); i++) {
                int index = i + 1;
                Case of = fit.get(i);
                judgements.put(
                        of,
                        judgement(
                                of,
                                findings.stream()
                                        .filter(f -> f.index() == index)
                                        .toList()));
            }
        }
        return cases.stream()
                .map(c -> Optional.ofNullable(judgements.get(c)).orElseThrow())
                .collect(ImmutableList.toImmutableList());
    }

    /**
     * How much work it is to judge cases of one architecture, in a unit of its own; 0 if it was done before. The states
     * that TLC visits grow with how far the VMM may have come, and once more with where time may pass.
     */
    public double work(List<Case> cases) throws IOException {
        ImmutableList<Case> fit = cases.stream()
                .filter(c -> c.recipe().unfitFor(c.kernel()).isEmpty())
                .collect(ImmutableList.toImmutableList());
        if (fit.isEmpty()) {
            return 0;
        }
        Path file = file(new MigrationModel(fit, preemptions).judging());
        return file != null && Files.exists(file)
                ? 0
                : fit.stream()
                        .mapToDouble(c -> Math.pow(MigrationModel.places(c), 1 + preemptions))
                        .sum();
    }

    private static ImmutableMap<Property, Verdict> all(Recipe recipe, Verdict verdict) {
        return Property.of(recipe.arch()).stream().collect(ImmutableMap.toImmutableMap(p -> p, p -> verdict));
    }

    private static Judgement judgement(Case of, List<Finding> findings) throws RecipeFaultException {
        boolean ends = findings.stream().anyMatch(f -> f.property().equals(UNFINISHED));
        Optional<Finding> notModelled =
                findings.stream().filter(f -> f.how().equals("notModelled")).findFirst();
        boolean completes = findings.stream().noneMatch(f -> f.property().equals(Property.COMPLETES.specName()));
        if (!ends && completes && notModelled.isEmpty()) {
            throw new RecipeFaultException(of + ": the recipe cannot be completed: a step cannot be carried out");
        }
        ImmutableMap.Builder<Property, Verdict> verdicts = ImmutableMap.builder();
        for (Property property : Property.of(of.recipe().arch())) {
            Verdict verdict = verdict(
                    of,
                    property,
                    findings.stream()
                            .filter(f -> f.property().equals(property.specName()))
                            .toList(),
                    ends);
            // What holds as far as the specification goes is not known to hold.
            verdicts.put(
                    property,
                    verdict.isFailure() || notModelled.isEmpty()
                            ? verdict
                            : Verdict.notModelled("a vCPU on a host that cannot provide its rate is not modelled"));
        }
        return new Judgement(of, true, verdicts.buildOrThrow());
    }

    private static Verdict verdict(Case of, Property property, List<Finding> findings, boolean ends) {
        for (Preemption preemption : Preemption.values()) {
            Optional<Finding> fails = findings.stream()
                    .filter(f -> f.how().equals("fails") && f.preemption() == preemption)
                    .findFirst();
            if (fails.isPresent()) {
                return Verdict.fails(preemption, fails.get().length());
            }
        }
        if (!ends) {
            return Verdict.doesNotApply("the restore does not come to its end");
        }
        Optional<String> empty = property.emptyFor(MigrationModel.carriedOut(of), of.world());
        if (empty.isPresent()) {
            return Verdict.doesNotApply(empty.get());
        }
        for (Preemption preemption : Preemption.values()) {
            List<Finding> upToSteps = findings.stream()
                    .filter(f -> f.how().equals("upToSteps") && f.preemption() == preemption)
                    .toList();
            if (!upToSteps.isEmpty()) {
                return Verdict.holdsUpToSteps(
                        preemption,
                        upToSteps.get(0).length(),
                        upToSteps.stream()
                                .map(f -> Gap.text(of, f.place()))
                                .distinct()
                                .toList());
            }
        }
        return Verdict.HOLDS;
    }

    private List<Finding> findings(MigrationModel model) throws IOException, InterruptedException {
        MigrationModel.Text text = model.judging();
        Path file = file(text);
        if (file != null) {
            try {
                return read(file);
            } catch (NoSuchFileException e) {
                // not cached yet
            }
        }
        List<Finding> found = run(model, text);
        if (file != null) {
            Files.createDirectories(file.getParent());
            byte[] json = JSON.writeValueAsBytes(found);
            WholeFile.write(file, out -> out.write(json));
        }
        return found;
    }

    private @Nullable Path file(MigrationModel.Text text) throws IOException {
        return kept == null ? null : kept.resolve(key(text) + ".json");
    }

    private List<Finding> run(MigrationModel model, MigrationModel.Text text) throws IOException, InterruptedException {
        TlcOutput output = tlc(model, text);
        sane(model.cases(), output);
        List<Finding> findings = new ArrayList<>();
        for (String line : output.printed()) {
            if (!line.startsWith("<<")) {
                continue;
            }
            Matcher found = FOUND.matcher(line);
            if (!found.matches()) {
                throw new IllegalStateException("cannot parse what TLC printed: " + line);
            }
            findings.add(new Finding(
                    found.group(1),
                    Integer.parseInt(found.group(2)),
                    found.group(3),
                    Preemption.valueOf(found.group(4).toUpperCase(Locale.ROOT)),
                    Integer.parseInt(found.group(5)) - SelectedTlc.firstLevel(),
                    found.group(6).isBlank()
                            ? ImmutableList.of()
                            : Pattern.compile(", ")
                                    .splitAsStream(found.group(6).strip())
                                    .map(Integer::valueOf)
                                    .toList()));
        }
        return findings;
    }

    /**
     * A shortest behaviour that shows a failure, or by how much a property holds only up to the time that steps take.
     *
     * @param verdict which one it is
     * @throws IllegalStateException if there is no such behaviour of that length
     */
    public Counterexample open(Case of, Property property, Verdict verdict) throws IOException, InterruptedException {
        Preemption preemption = Optional.ofNullable(verdict.preemption())
                .orElseThrow(() -> new IllegalArgumentException(verdict + " shows nothing"));
        MigrationModel model = new MigrationModel(ImmutableList.of(of), preemptions);
        TlcOutput output = tlc(model, model.opening(invariant(of, property, verdict), preemption));
        if (output.violated() == null) {
            sane(model.cases(), output);
        } else {
            Counterexample shown = Counterexample.of(of, property, model.ticksPerSecond(), output.counterexample());
            if (Integer.valueOf(shown.steps().size()).equals(verdict.length())) {
                return shown;
            }
        }
        throw new IllegalStateException(
                of + ": " + property + " " + verdict + ", but no behaviour is found that shows it");
    }

    /** What a behaviour that shows the verdict violates first. */
    private static String invariant(Case of, Property property, Verdict verdict) {
        return MigratedGuest.of(of.recipe().arch()).invariant(property)
                + (property.isDistance() && verdict.says() != Verdict.Outcome.HOLDS_UP_TO_STEPS ? "UpToSteps" : "");
    }

    private TlcOutput tlc(MigrationModel model, MigrationModel.Text text) throws IOException, InterruptedException {
        return tlc.run(
                MigrationModel.MODULE,
                text.module(),
                text.config(),
                preemptions > PREEMPTIONS || model.cases().size() > 1 ? Tlc.Length.LONG : Tlc.Length.SHORT);
    }

    private static void sane(List<Case> cases, TlcOutput output) {
        if (!output.finished() || !output.trouble().isEmpty() || output.violated() != null) {
            throw new IllegalStateException(cases + ": TLC says: "
                    + (output.trouble().isEmpty()
                            ? "finished " + output.finished() + ", violated " + output.violated()
                            : String.join(" / ", output.trouble())));
        }
    }

    private static List<Finding> read(Path file) throws IOException {
        return ImmutableList.copyOf(JSON.readValue(Files.readString(file), Finding[].class));
    }

    /** A hash of all that what TLC finds of these cases depends on. */
    public static String key(List<Case> cases, int preemptions) throws IOException {
        return key(new MigrationModel(ImmutableList.copyOf(cases), preemptions).judging());
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
