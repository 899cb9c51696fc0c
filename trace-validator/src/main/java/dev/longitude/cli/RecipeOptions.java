package dev.longitude.cli;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.matrix.Verdict;
import dev.longitude.processes.ShellWord;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.World;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Selects cases of recipes and judges them: the options that {@code check --recipe} and {@code matrix} share. */
final class RecipeOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            description = "Only this recipe, a bundled one or your own; may be given several times.")
    private List<String> recipes = new ArrayList<>();

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "Only this kernel; may be given several times.")
    private List<KernelProfile> kernels = new ArrayList<>();

    @Option(
            names = "--world",
            paramLabel = "NAME",
            description = "Only this world; spec/recipes/README.md describes them. Default: all that can apply.")
    private @Nullable String world;

    @Option(names = "--property", paramLabel = "NAME", description = "Only this property; may be given several times.")
    private List<String> properties = new ArrayList<>();

    @Option(
            names = "--preemptions",
            paramLabel = "N",
            description = "How often time may pass between two steps, 1 to 3. Default: 1; more takes much longer.")
    private int preemptions = Judge.PREEMPTIONS;

    /** The files of the recipes that are not bundled. */
    private final Map<Recipe, String> ownFiles = new HashMap<>();

    boolean namesRecipes() {
        return !recipes.isEmpty();
    }

    /** Whether the whole matrix is requested. */
    boolean isWhole() {
        return recipes.isEmpty() && kernels.isEmpty() && world == null && properties.isEmpty();
    }

    /** Those that the committed matrix has: of bundled recipes, in a world and on a kernel of its tables. */
    static ImmutableList<Judgement> ofTheMatrix(List<Judgement> judgements) throws IOException {
        ImmutableList<Recipe> bundled = Recipes.bundled();
        return judgements.stream()
                .filter(j -> bundled.contains(j.of().recipe()) && j.of().isOfTheMatrix())
                .collect(ImmutableList.toImmutableList());
    }

    /** The cases of the committed matrix, of the recipes that are named or of all. */
    ImmutableList<Case> casesOfTheMatrix() throws IOException {
        return cases().stream().filter(Case::isOfTheMatrix).collect(ImmutableList.toImmutableList());
    }

    /** Whether neither a kernel nor a world is named. */
    boolean namesNoPlace() {
        return kernels.isEmpty() && world == null;
    }

    boolean isUsual() {
        return preemptions == Judge.PREEMPTIONS;
    }

    boolean namesProperty() {
        return !properties.isEmpty();
    }

    ImmutableList<Case> cases() throws IOException {
        Optional<World> only = Optional.ofNullable(world)
                .map(name -> World.named(name)
                        .orElseThrow(() ->
                                unusable("no world '" + name + "'; there are " + World.names() + worldHint(name))));
        ImmutableList.Builder<Case> cases = ImmutableList.builder();
        Map<Recipe, String> reasons = new LinkedHashMap<>();
        for (Recipe recipe : recipes.isEmpty() ? Recipes.bundled() : named()) {
            for (World one : only.map(List::of).orElse(recipe.worlds())) {
                String why = recipe.notJudged().get(one);
                if (why != null) {
                    reasons.put(recipe, recipe.name() + " is not judged in the world '" + one + "': " + why);
                    continue;
                }
                for (KernelProfile kernel : kernels.isEmpty() ? KernelProfile.showing(recipe.arch()) : kernels) {
                    cases.add(new Case(recipe, one, kernel));
                }
            }
        }
        ImmutableList<Case> all = cases.build();
        if (all.isEmpty()) {
            throw unusable(reasons.values().iterator().next());
        }
        for (Case of : all) {
            properties(of);
        }
        return all;
    }

    /** The worlds in which a recipe is not judged, each with the reason, as lines of text. */
    List<String> notJudged(Recipe recipe) {
        if (world != null) {
            return List.of(recipe.name() + ": only judged in the world '" + world + "', as requested");
        }
        return recipe.notJudged().entrySet().stream()
                .map(e -> recipe.name() + ": not judged in the world '" + e.getKey() + "': " + e.getValue())
                .toList();
    }

    /** What names a recipe on the command line, with the other options that decide its verdicts in a place. */
    String argument(Recipe recipe) {
        return ShellWord.of(ownFiles.getOrDefault(recipe, recipe.name()))
                + (isUsual() ? "" : " --preemptions " + preemptions);
    }

    /** The command that shows a counterexample. */
    String command(Case of, Property property) {
        return "longitude matrix --recipe " + argument(of.recipe()) + " --kernel " + of.kernel() + " --world "
                + of.world() + " --property " + property;
    }

    /** Where the steps of a recipe stand in its file. */
    RecipePlaces places(Recipe recipe) throws IOException {
        return RecipePlaces.of(recipe, ownFiles.get(recipe));
    }

    private List<Recipe> named() throws IOException {
        List<Recipe> all = new ArrayList<>();
        ImmutableList<Recipe> bundled = Recipes.bundled();
        for (String name : recipes) {
            try {
                Recipe recipe = Recipes.find(name);
                if (!bundled.contains(recipe)) {
                    ownFiles.put(recipe, name);
                }
                all.add(recipe);
            } catch (RecipeException | RecipeFaultException e) {
                throw unusable(e.getMessage() + recipeHint(name));
            }
        }
        return all;
    }

    /** The requested properties of a case. */
    List<Property> properties(Case of) {
        List<Property> all = Property.of(of.recipe().arch());
        if (properties.isEmpty()) {
            return all;
        }
        for (String name : properties) {
            if (all.stream().noneMatch(p -> p.specName().equals(name))) {
                throw unusable("no property '" + name + "' on " + of.recipe().arch() + "; there are "
                        + Property.names(of.recipe().arch()) + propertyHint(name));
            }
        }
        return all.stream().filter(p -> properties.contains(p.specName())).toList();
    }

    static String worldHint(String name) {
        return NearestName.hint(
                name, Arrays.stream(World.values()).map(World::specName).toList());
    }

    static String propertyHint(String name) {
        return NearestName.hint(
                name, Arrays.stream(Property.values()).map(Property::specName).toList());
    }

    static String recipeHint(String name) throws IOException {
        return NearestName.hint(
                name, Recipes.bundled().stream().map(Recipe::name).toList());
    }

    int preemptions() {
        if (preemptions < 1 || preemptions > Judge.MOST_PREEMPTIONS) {
            throw unusable("--preemptions is 1 to " + Judge.MOST_PREEMPTIONS);
        }
        return preemptions;
    }

    Judge judge() {
        return new Judge(preemptions(), Judge.cache());
    }

    /** Judges all of them, with progress. */
    List<Judgement> judgements(List<Case> cases, Judge judge, boolean showProgress)
            throws IOException, InterruptedException, ExecutionException {
        List<Batch> batches = Batch.of(cases, judge);
        Progress progress = new Progress(
                spec.commandLine().getErr(),
                showProgress,
                cases.size(),
                batches.stream().mapToDouble(Batch::work).sum());
        Map<Case, Judgement> judged = new ConcurrentHashMap<>();
        List<Callable<Batch>> jobs = new ArrayList<>();
        for (Batch batch : batches) {
            jobs.add(() -> {
                progress.now(batch.cases().get(0) + (batch.cases().size() > 1 ? " and others" : "") + " ...");
                judge.judge(batch.cases()).forEach(j -> judged.put(j.of(), j));
                return batch;
            });
        }
        try {
            Jobs.run(jobs, done -> {
                // (All of a batch is done at once: the first line counts it.)
                double work = done.work();
                for (Case of : done.cases()) {
                    progress.step(of.toString(), summary(requireNonNull(judged.get(of))), work);
                    work = 0;
                }
            });
            return cases.stream().map(c -> requireNonNull(judged.get(c))).toList();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RecipeFaultException fault) {
                throw unusable(fault.getMessage());
            }
            throw e;
        } finally {
            progress.finish();
        }
    }

    /** Of the requested properties, in a few words for the line of progress. */
    private String summary(Judgement judgement) {
        List<Verdict> asked =
                properties(judgement.of()).stream().map(judgement::verdict).toList();
        if (!judgement.isJudged()) {
            return "does not apply";
        }
        if (!judgement.of().recipe().unknown().isEmpty()) {
            return "undecided";
        }
        long fail = asked.stream().filter(Verdict::isFailure).count();
        boolean known = asked.stream().noneMatch(v -> v.says() == Verdict.Outcome.NOT_MODELLED);
        return fail > 0 ? fail + " fail" : known ? "none fails" : "none is known to fail";
    }

    ParameterException unusable(@Nullable String message) {
        return new ParameterException(spec.commandLine(), message == null ? "unusable" : message);
    }
}
