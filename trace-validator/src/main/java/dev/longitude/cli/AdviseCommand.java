package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.advise.Advice;
import dev.longitude.advise.AdviceText;
import dev.longitude.advise.Advisor;
import dev.longitude.advise.Answer;
import dev.longitude.advise.Bounds;
import dev.longitude.advise.TlcCandidateJudge;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.World;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude advise}: what to change in a recipe. */
@Command(
        name = "advise",
        description = {
            "Find, for each property that fails under a recipe, the smallest change of the recipe under which it holds.",
            "Each candidate is judged by TLC. The change is shown as a difference of the recipe's file, with its costs."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Exit codes: 0 a change was found for all that fails, or nothing fails; 1 something fails for which none"
                    + " was found, or --all differs from what is committed; 2 unusable input or usage, or output that"
                    + " cannot be written; 3 something could not be judged, or is unknown in the recipe."
        })
final class AdviseCommand implements Callable<Integer> {
    /** The kernel on which advice is given by default, and on which the committed advice was found. */
    private static final String KERNEL = "v6.12";

    private static final int MOST_CHANGES = 20;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..*", paramLabel = "RECIPE", description = "Bundled recipes, or files of your own.")
    private List<String> recipes = new ArrayList<>();

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "The kernel; may be given several times. Default: " + KERNEL + ".")
    private List<KernelProfile> kernels = new ArrayList<>();

    @Option(
            names = "--world",
            paramLabel = "NAME",
            description = "The world in which candidates are judged. Default: usual.")
    private @Nullable String world;

    @Option(names = "--property", paramLabel = "NAME", description = "Only this property; may be given several times.")
    private List<String> properties = new ArrayList<>();

    @Option(
            names = "--pairs",
            paramLabel = "N",
            description =
                    "How many candidates with two changes are tried, the cheapest first (default: ${DEFAULT-VALUE}); those"
                            + " whose second change may repair what the first breaks are tried before, and not counted.")
    private int pairs = Bounds.USUAL.pairs();

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "The most seconds for candidates with two changes of one property. Default: no limit.")
    private int seconds = Bounds.USUAL.seconds();

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Option(names = "--all", description = "All bundled recipes: compare with the committed advice.")
    private boolean all;

    @Option(names = "--bless", description = "Overwrite the committed advice for these recipes.")
    private boolean bless;

    @Option(
            names = "--committed",
            paramLabel = "DIR",
            description = "The folder of the committed advice.json and advice.md. Default: spec/.")
    private @Nullable Path committed;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (all != recipes.isEmpty()) {
            throw unusable("expected RECIPE or --all");
        }
        boolean usual = kernels.isEmpty()
                && world == null
                && properties.isEmpty()
                && !results.isJson()
                && new Bounds(pairs, seconds).equals(Bounds.USUAL);
        if ((all || bless) && !usual) {
            throw unusable("--all and --bless take --committed only");
        }
        if (pairs < 0 || seconds < 0) {
            throw unusable("--pairs and --seconds are not negative");
        }
        results.check();
        checkNames();
        DoctorCommand.refuseUntrusted(spec);
        return all || bless ? committed(all ? names() : recipes) : each();
    }

    private static ImmutableList<String> names() throws IOException {
        return Recipes.bundled().stream().map(Recipe::name).collect(ImmutableList.toImmutableList());
    }

    /** Finds a mistyped name before anything runs. */
    private void checkNames() throws IOException {
        for (String name : recipes) {
            try {
                Recipe recipe = Recipes.find(name);
                world(recipe);
                properties(recipe);
                if (bless && !names().contains(name)) {
                    throw unusable("'" + name + "' is no bundled recipe: no advice is committed for it");
                }
            } catch (RecipeException | RecipeFaultException e) {
                throw unusable(e.getMessage() + RecipeOptions.recipeHint(name));
            }
        }
    }

    private int each() throws IOException, InterruptedException {
        for (String recipe : recipes) {
            Advice advice = advice(recipe);
            PrintWriter out = advice.isComplete() ? results.text() : results.faults();
            if (recipes.size() > 1) {
                out.println(advice.recipe());
            }
            out.print(AdviceText.of(results.isQuiet() ? advice.open() : advice));
            out.flush();
            if (results.isJson()) {
                spec.commandLine().getOut().println(advice.json());
            }
            for (Answer answer : advice.answers()) {
                results.add(result(recipe, answer, advice.undecided().isEmpty()), null);
            }
            for (String undecided : advice.undecided()) {
                results.add(
                        CaseResult.of(
                                "advice " + recipe, undecided, Status.UNDECIDED, "everything is known", undecided),
                        null);
            }
        }
        return results.finish(new Summary("failing property", "failing properties", "can be fixed", "without a fix"));
    }

    /** Where not all is known, nor is it that the change is enough. */
    private static CaseResult result(String recipe, Answer answer, boolean known) {
        return CaseResult.of(
                "advice " + recipe,
                answer.property(),
                answer.isFound() ? known ? Status.HOLDS : Status.UNDECIDED : Status.VIOLATED,
                "a change is known",
                answer.isFound()
                        ? String.join(" ", answer.change())
                        : "no change was found; fails in " + String.join(", ", answer.fails()));
    }

    private Advice advice(String of) throws IOException, InterruptedException {
        Judge judge = new Judge(Judge.PREEMPTIONS, Judge.cache());
        Progress progress = Progress.ofUnknownTimes(spec.commandLine().getErr(), results.showsProgress(), 1);
        try {
            Recipe found = Recipes.find(of);
            return new Advisor(
                            new TlcCandidateJudge(judge),
                            new Bounds(pairs, seconds),
                            what -> progress.now(found.name() + ": " + what))
                    .advise(of, kernels(), world(found), properties(found));
        } catch (RecipeException | RecipeFaultException | IllegalArgumentException e) {
            throw unusable(String.valueOf(e.getMessage()));
        } finally {
            progress.finish();
        }
    }

    private List<KernelProfile> kernels() {
        return kernels.isEmpty() ? List.of(KernelProfile.of(KERNEL)) : kernels;
    }

    private World world(Recipe of) {
        String name = world;
        if (name == null) {
            return World.USUAL;
        }
        return World.named(name)
                .filter(w -> of.worlds().contains(w))
                .orElseThrow(() -> unusable("the recipe is not judged in the world '" + name + "', but in "
                        + of.worlds().stream().map(World::specName).collect(Collectors.joining(", "))
                        + RecipeOptions.worldHint(name)));
    }

    private ImmutableSet<Property> properties(Recipe of) {
        ImmutableSet.Builder<Property> asked = ImmutableSet.builder();
        for (String name : properties) {
            asked.add(Property.named(name)
                    .filter(p -> Property.of(of.arch()).contains(p))
                    .orElseThrow(() -> unusable("no property '" + name + "' on " + of.arch() + "; there are "
                            + Property.names(of.arch()) + RecipeOptions.propertyHint(name))));
        }
        return asked.build();
    }

    /** Compares with the committed advice, or writes it: each as soon as it is found. */
    private int committed(List<String> names) throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        ImmutableList<String> bundled = names();
        CommittedAdvice committed = new CommittedAdvice(committed(), bundled);
        Progress progress = Progress.ofUnknownTimes(spec.commandLine().getErr(), results.showsProgress(), names.size());
        List<String> changes = new ArrayList<>();
        for (String name : names) {
            Advice advice = advice(name);
            if (bless) {
                committed.write(advice);
            } else {
                committed.difference(advice).ifPresent(changes::add);
            }
            progress.step(
                    name,
                    advice.answers().size() + " answers, in "
                            + advice.answers().stream()
                                    .filter(a -> !a.isFound())
                                    .count() + " no change");
        }
        progress.finish();
        if (bless) {
            out.println("Written: " + committed.files() + ".");
            out.flush();
            return ExitCode.HOLDS;
        }
        changes.addAll(committed.faults());
        changes.stream().limit(MOST_CHANGES).forEach(results.faults()::println);
        for (String change : changes) {
            results.add(CaseResult.of("committed advice", change, Status.VIOLATED, "as committed", change));
        }
        (changes.isEmpty() ? results.text() : results.faults())
                .println(
                        changes.isEmpty()
                                ? names.size() + " recipes, all as committed."
                                : "Differences: " + changes.size()
                                        + ". If this is intended: longitude advise --all --bless");
        return results.finish(new Summary("result", "results", "as committed", "not as committed"));
    }

    private Path committed() {
        if (committed != null) {
            return committed;
        }
        String root = System.getProperty("longitude.root");
        if (root == null) {
            throw unusable("--committed DIR is required without the launcher");
        }
        return Path.of(root, "spec");
    }

    private ParameterException unusable(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
