package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.advise.Advice;
import dev.longitude.advise.AdviceText;
import dev.longitude.advise.Advisor;
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
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
                    + " cannot be written."
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

    @Option(names = "--world", paramLabel = "NAME", description = "Judge in this world. Default: usual.")
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

    @Option(names = "--json", description = "Print one JSON object for each recipe, one per line.")
    private boolean json;

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
                && !json
                && new Bounds(pairs, seconds).equals(Bounds.USUAL);
        if ((all || bless) && !usual) {
            throw unusable("--all and --bless take --committed only");
        }
        if (pairs < 0 || seconds < 0) {
            throw unusable("--pairs and --seconds are not negative");
        }
        DoctorCommand.refuseUntrusted(spec);
        return all || bless ? committed(all ? names() : recipes) : each();
    }

    private static ImmutableList<String> names() throws IOException {
        return Recipes.bundled().stream().map(Recipe::name).collect(ImmutableList.toImmutableList());
    }

    private int each() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        int code = ExitCode.HOLDS;
        for (String recipe : recipes) {
            Advice advice = advice(recipe);
            if (recipes.size() > 1 && !json) {
                out.println(advice.recipe());
            }
            out.print(json ? advice.json() + "\n" : AdviceText.of(advice));
            out.flush();
            code = ExitCode.ofBoth(code, advice.isComplete() ? ExitCode.HOLDS : ExitCode.VIOLATED);
        }
        return code;
    }

    private Advice advice(String of) throws IOException, InterruptedException {
        Judge judge = new Judge(Judge.PREEMPTIONS, Judge.cache());
        boolean terminal = Boolean.getBoolean("longitude.terminal");
        PrintWriter out = spec.commandLine().getOut();
        try {
            Recipe found = Recipes.find(of);
            return new Advisor(new TlcCandidateJudge(judge), new Bounds(pairs, seconds), what -> {
                        if (terminal) {
                            out.print("\r\u001b[K" + found.name() + ": " + what);
                            out.flush();
                        }
                    })
                    .advise(of, kernels(), world(found), properties(found));
        } catch (RecipeException | RecipeFaultException | IllegalArgumentException e) {
            throw unusable(String.valueOf(e.getMessage()));
        } finally {
            if (terminal) {
                out.print("\r\u001b[K");
                out.flush();
            }
        }
    }

    private List<KernelProfile> kernels() {
        return kernels.isEmpty() ? List.of(KernelProfile.of(KERNEL)) : kernels;
    }

    private World world(Recipe of) {
        if (world == null) {
            return World.USUAL;
        }
        return World.named(world)
                .filter(w -> of.worlds().contains(w))
                .orElseThrow(() -> unusable("the recipe is not judged in the world '" + world + "', but in "
                        + of.worlds().stream().map(World::specName).collect(Collectors.joining(", "))));
    }

    private ImmutableSet<Property> properties(Recipe of) {
        ImmutableSet.Builder<Property> asked = ImmutableSet.builder();
        for (String name : properties) {
            asked.add(Property.named(name)
                    .filter(p -> Property.of(of.arch()).contains(p))
                    .orElseThrow(() -> unusable("no property '" + name + "' on " + of.arch() + "; there are "
                            + Property.names(of.arch()))));
        }
        return asked.build();
    }

    /** Compares with the committed advice, or writes it: each as soon as it is found. */
    private int committed(List<String> names) throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        ImmutableList<String> bundled = names();
        CommittedAdvice committed = new CommittedAdvice(committed(), bundled);
        Progress progress = new Progress(out, Boolean.getBoolean("longitude.terminal"), names.size());
        List<String> changes = new ArrayList<>();
        for (String name : names) {
            if (!bundled.contains(name)) {
                throw unusable("'" + name + "' is no bundled recipe: no advice is committed for it");
            }
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
        changes.stream().limit(MOST_CHANGES).forEach(out::println);
        out.println(
                changes.isEmpty()
                        ? names.size() + " recipes, all as committed."
                        : "Differences: " + changes.size() + ". If this is intended: longitude advise --all --bless");
        out.flush();
        return changes.isEmpty() ? ExitCode.HOLDS : ExitCode.VIOLATED;
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
