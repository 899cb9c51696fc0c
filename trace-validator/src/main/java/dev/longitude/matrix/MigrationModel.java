package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.math.IntMath;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Expression;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.Step;
import dev.longitude.recipe.StepKind;
import dev.longitude.spec.Specification;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Cases as one model for TLC: a root module over {@code MigrationX86} or {@code MigrationArm64} with the recipes in
 * TLA+, and a configuration.
 *
 * @param cases of one architecture, each of a kernel that can carry out the recipe
 * @param preemptions how often time may pass between two steps
 */
record MigrationModel(ImmutableList<Case> cases, int preemptions) {
    /** The root module's name. */
    static final String MODULE = "RecipeModel";

    /** The vCPUs of a VM whose boot creates all of them. */
    private static final int VCPUS = 2;

    /** The ticks of a second where time passes once between two steps: see {@link #ticksPerSecond()}. */
    static final int TICKS_PER_SECOND = 64;

    /** The bits of a word: more than twice the ticks of any run, on the fastest host. */
    static final int WORD_BITS = 15;

    /**
     * The ticks of a second, and the rate of the guest in kHz: a tick is a cycle. The rates of the worlds (see
     * {@code Migration.tla}) are fractions of it, and the time that steps take is a multiple of eight ticks.
     */
    int ticksPerSecond() {
        return TICKS_PER_SECOND * preemptions;
    }

    /** The root module and the configuration that judge all properties of all cases in one run. */
    Text judging() {
        return new Text(module(MODULE, Specification::textOf, List.of()), config("Spec", "Judged"));
    }

    /**
     * A root module for models of the specification itself, whose kernels are those of {@code Kernels.tla}.
     *
     * @param name the module's name
     * @param more its lines after {@code Spec}
     */
    String module(String name, List<String> more) {
        return module(name, kernel -> "KernelNamed(\"" + kernel.specName() + "\")", more);
    }

    /**
     * The root module and the configuration that look for one counterexample, in the only case.
     *
     * @param invariant what it must violate
     * @param preemption how long what passes between two steps is
     */
    Text opening(String invariant, Preemption preemption) {
        return new Text(
                module(
                        MODULE,
                        Specification::textOf,
                        List.of(
                                "\\* What has just been done, and what the guest's clocks then show.",
                                "VARIABLE shown",
                                "",
                                "ShowingInit == Init /\\ shown = << >>",
                                "ShowingNext == Next /\\ preemption' \\in {\"none\", \"" + preemption
                                        + "\"} /\\ shown' = LET did == Did(reply'.op) IN <<did.did, did.how, did.vcpu, now', Bookkeeping', Shown'>>",
                                "ShowingSpec == ShowingInit /\\ [][ShowingNext]_<<allVars, shown>>",
                                "")),
                config("ShowingSpec", invariant));
    }

    /** A root module and its configuration. */
    record Text(String module, String config) {}

    /** The recipe as the VMM carries it out in a case. */
    static Recipe carriedOut(Case of) {
        return of.recipe().on(of.kernel());
    }

    /** The number of vCPUs in the model of a case. */
    static int vcpus(Case of) {
        return carriedOut(of).vcpus(VCPUS);
    }

    /**
     * How far the VMM may have come in a case: the number of places between two of its steps. Of threads each may be
     * anywhere.
     */
    static int places(Case of) {
        Recipe recipe = carriedOut(of);
        ImmutableList<ImmutableSet<Integer>> vcpus = recipe.vcpusOfBlocks(vcpus(of));
        int places = 0;
        for (int i = 0; i < vcpus.size(); i++) {
            Block block = recipe.blocks().get(i);
            int steps = block.steps().size();
            int threads = vcpus.get(i).size();
            places += block.how() == Block.How.IN_PARALLEL ? IntMath.pow(steps + 1, threads) - 1 : steps * threads;
        }
        return places;
    }

    private String module(String module, Function<KernelProfile, String> kernelText, List<String> more) {
        String suffix = MigratedGuest.of(cases.get(0).recipe().arch()).suffix();
        Map<String, String> recipes = new LinkedHashMap<>();
        Map<String, String> kernels = new LinkedHashMap<>();
        List<String> all = new ArrayList<>();
        for (Case of : cases) {
            String blocks = blocks(of);
            String kernel = kernelText.apply(of.kernel());
            String recipeName = recipes.computeIfAbsent(blocks, t -> "Recipe" + (recipes.size() + 1));
            String kernelName = kernels.computeIfAbsent(kernel, t -> "Kernel" + (kernels.size() + 1));
            all.add("  \\* " + of + "\n  [recipe |-> " + recipeName
                    + ", policy |-> \"" + of.recipe().policy().name().toLowerCase(Locale.ROOT)
                    + "\", moves |-> " + tla(of.recipe().moves())
                    + ", wallClocks |-> " + tla(of.recipe().goesByWallClocks())
                    + ", from |-> " + from(of)
                    + ", nrVcpus |-> " + vcpus(of)
                    + ", world |-> \"" + of.world()
                    + "\", kernel |-> " + kernelName + "]");
        }
        List<String> lines = new ArrayList<>();
        lines.add("---- MODULE " + module + " ----");
        lines.add("EXTENDS Migration" + suffix);
        lines.add("");
        recipes.forEach((text, name) -> lines.add(name + " == <<\n" + text + ">>\n"));
        kernels.forEach((text, name) -> lines.add(name + " == " + text + "\n"));
        lines.add("TheCases == <<\n" + String.join(",\n", all) + ">>");
        lines.add("");
        lines.add("Init == Migration" + suffix + "Init");
        lines.add("Next == Migration" + suffix + "Next");
        lines.add("Spec == Init /\\ [][Next]_allVars");
        lines.add("");
        lines.addAll(more);
        lines.add("ASSUME \\A c \\in DOMAIN TheCases : TLCSet(c, {})");
        lines.add("====");
        return String.join("\n", lines) + "\n";
    }

    /** The number of the block before which the VMM's steps first take time. */
    private static int from(Case of) {
        if (of.recipe().bootsItself()) {
            return 1;
        }
        ImmutableList<Block> blocks = carriedOut(of).blocks();
        int at = 0;
        while (blocks.get(at).steps().get(0).kind() != StepKind.WORK) {
            at++;
        }
        return at + 2;
    }

    private static String blocks(Case of) {
        Recipe recipe = carriedOut(of);
        ImmutableList<ImmutableSet<Integer>> vcpus = recipe.vcpusOfBlocks(vcpus(of));
        List<String> all = new ArrayList<>();
        for (int i = 0; i < vcpus.size(); i++) {
            all.add(block(recipe, recipe.blocks().get(i), vcpus.get(i)));
        }
        return String.join(",\n", all);
    }

    private static String block(Recipe recipe, Block block, Set<Integer> vcpus) {
        // A single CreateVcpu is a step of the vCPU that it creates.
        Block.How how = vcpus.equals(Set.of(0)) || block.how() != Block.How.ONCE ? block.how() : Block.How.IN_TURN;
        return "  [how |-> \"" + how.specName() + "\", vcpus |-> {"
                + vcpus.stream().map(String::valueOf).collect(Collectors.joining(", ")) + "}, steps |-> <<\n"
                + block.steps().stream().map(s -> "    " + step(recipe, s)).collect(Collectors.joining(",\n")) + ">>]";
    }

    private static String step(Recipe recipe, Step step) {
        List<String> fields = new ArrayList<>();
        fields.add("op |-> \"" + step.kind() + "\"");
        step.args().forEach((name, value) -> fields.add(name + " |-> " + tla(value)));
        String as = step.as();
        if (as != null) {
            fields.add("as |-> \"" + as + "\"");
        }
        fields.add("mayFail |-> " + tla(step.mayFail()));
        fields.add("unlessNear |-> " + tla(step.unlessNear()));
        if (step.kind() == StepKind.GET_CLOCK && as != null) {
            fields.add("needs |-> {"
                    + recipe.fieldsUsedOf(as).stream()
                            .sorted()
                            .map(f -> "\"" + f + "\"")
                            .collect(Collectors.joining(", "))
                    + "}");
            fields.add("fills |-> " + tla(step.fills()));
        }
        return "[" + String.join(", ", fields) + "]";
    }

    private static String tla(boolean value) {
        return value ? "TRUE" : "FALSE";
    }

    private static String tla(Expression e) {
        if (e instanceof Expression.Literal literal) {
            return "<<\"number\", " + literal.value() + ">>";
        }
        if (e instanceof Expression.Saved saved) {
            return saved.vcpu() == null
                    ? "<<\"saved\", \"" + saved.name() + "\">>"
                    : "<<\"savedOf\", \"" + saved.name() + "\", " + saved.vcpu() + ">>";
        }
        if (e instanceof Expression.Sum sum) {
            return "<<\"" + (sum.minus() ? "sub" : "add") + "\", " + tla(sum.left()) + ", " + tla(sum.right()) + ">>";
        }
        if (e instanceof Expression.Call call) {
            return "<<\"" + call.function().specName() + "\", " + tla(call.of())
                    + (call.function() == Expression.Function.WITHOUT ? ", " + call.number() : "") + ">>";
        }
        throw new IllegalArgumentException(e.toString());
    }

    /** A configuration of these constants. */
    String config(String specification, String invariant) {
        return String.join(
                        "\n",
                        "SPECIFICATION " + specification,
                        "CONSTANTS",
                        "  Cases <- TheCases",
                        "  WordBits = " + WORD_BITS,
                        "  NsPerSecond = " + ticksPerSecond(),
                        "  GuestKhz = " + ticksPerSecond(),
                        "  TscTolerancePpm <- MCTolerancePpm",
                        "  MaxPreemptions = " + preemptions,
                        "INVARIANT " + invariant,
                        "VIEW View",
                        "CHECK_DEADLOCK FALSE")
                + "\n";
    }
}
