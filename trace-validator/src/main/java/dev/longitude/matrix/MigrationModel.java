package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.migration.Policy;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Expression;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.Step;
import dev.longitude.recipe.StepKind;
import dev.longitude.recipe.World;
import dev.longitude.spec.Specification;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A recipe as a model for TLC: a root module over {@code MigrationX86} or {@code MigrationArm64} with the recipe in
 * TLA+, and a configuration.
 *
 * @param recipe the recipe of the file
 * @param preemptions the maximum preemptions per run
 * @param slower of {@link World#OTHER_RATE}: whether the destination's counter is slower; otherwise it is faster
 */
record MigrationModel(Recipe recipe, World world, KernelProfile kernel, int preemptions, boolean slower) {
    /** The root module's name. */
    static final String MODULE = "RecipeModel";

    /** The models of a case: two in a world of other rates. */
    static ImmutableList<MigrationModel> of(Case of, int preemptions) {
        MigrationModel model = new MigrationModel(of.recipe(), of.world(), of.kernel(), preemptions, false);
        return of.world() == World.OTHER_RATE
                ? ImmutableList.of(model, new MigrationModel(of.recipe(), of.world(), of.kernel(), preemptions, true))
                : ImmutableList.of(model);
    }

    /** The recipe as the VMM carries it out here. */
    Recipe carriedOut() {
        return recipe.in(world, kernel);
    }

    /** The root module and the configuration that judge all properties in one run. */
    Text judging() {
        return new Text(module(List.of()), config("Spec", "Judged", "View"));
    }

    /**
     * The root module and the configuration that look for one counterexample.
     *
     * @param preemption how the VMM is preempted
     */
    Text opening(Property property, Preemption preemption) {
        return new Text(
                module(List.of(
                        "\\* What has just been done, and what the guest's clocks then show.",
                        "VARIABLE shown",
                        "",
                        "ShowingInit == Init /\\ preemption = \"" + preemption + "\" /\\ shown = << >>",
                        "ShowingNext == Next /\\ shown' = LET did == Did(reply'.op) IN <<did.did, did.how, did.vcpu, now', Shown'>>",
                        "ShowingSpec == ShowingInit /\\ [][ShowingNext]_<<allVars, shown>>",
                        "")),
                config("ShowingSpec", property.specName(), "View"));
    }

    /** A root module and its configuration. */
    record Text(String module, String config) {}

    private MigratedGuest guest() {
        return MigratedGuest.of(recipe.arch());
    }

    private String module(List<String> more) {
        List<String> lines = new ArrayList<>();
        lines.add("---- MODULE " + MODULE + " ----");
        lines.add("\\* The recipe " + recipe.name() + " on " + kernel + ", in the world " + world + ".");
        lines.add("EXTENDS Migration" + guest().suffix());
        lines.add("");
        lines.add("TheRecipe == <<");
        lines.add(carriedOut().blocks().stream().map(this::block).collect(Collectors.joining(",\n")));
        lines.add(">>");
        lines.add("");
        lines.add("Init == Migration" + guest().suffix() + "Init(" + Specification.textOf(kernel) + ")");
        lines.add("Next == Migration" + guest().suffix() + "Next");
        lines.add("Spec == Init /\\ [][Next]_allVars");
        lines.add("");
        lines.addAll(more);
        lines.add("ASSUME \\A place \\in 1 .. "
                + Preemption.values().length * (Property.of(recipe.arch()).size() + 1) + " : TLCSet(place, FALSE)");
        lines.add("====");
        return String.join("\n", lines) + "\n";
    }

    private String block(Block block) {
        return "  [how |-> \"" + block.how().specName() + "\", steps |-> <<\n"
                + block.steps().stream().map(s -> "    " + step(s)).collect(Collectors.joining(",\n")) + ">>]";
    }

    private String step(Step step) {
        List<String> fields = new ArrayList<>();
        fields.add("op |-> \"" + step.kind() + "\"");
        step.args().forEach((name, value) -> fields.add(name + " |-> " + tla(value)));
        String as = step.as();
        if (as != null) {
            fields.add("as |-> \"" + as + "\"");
        }
        fields.add("mayFail |-> " + tla(step.mayFail()));
        if (step.kind() == StepKind.GET_CLOCK && as != null) {
            fields.add("needs |-> {"
                    + carriedOut().fieldsUsedOf(as).stream()
                            .sorted()
                            .map(f -> "\"" + f + "\"")
                            .collect(Collectors.joining(", "))
                    + "}");
            fields.add("fills |-> " + tla(step.fills()));
        }
        if (step.kind() == StepKind.BLACKOUT) {
            fields.add("moves |-> " + tla(recipe.moves()));
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

    /** The ticks of a second. Where the destination's counter is slower, every duration is an even number of ticks. */
    int ticksPerSecond() {
        return slower ? 4 : 2;
    }

    /** A word has seven or eight bits: small, and more than twice the ticks of any run here. */
    private String config(String specification, String invariant, String view) {
        boolean scales = world == World.OTHER_RATE;
        boolean wallClocks = recipe.goesByWallClocks();
        int half = ticksPerSecond() / 2;
        int bits = slower ? 8 : 7;
        String skews = "0";
        if (world == World.STEPPED_CLOCK) {
            skews = ((1 << bits) - 6 * half) + ", " + 6 * half;
        } else if (wallClocks) {
            skews = ((1 << bits) - half) + ", 0, " + half;
        }
        int destinationKhz = scales ? (slower ? 2 : 4) : 2;
        ImmutableList.Builder<String> lines = ImmutableList.builder();
        lines.add(
                "SPECIFICATION " + specification,
                "CONSTANTS",
                "  Recipe <- TheRecipe",
                "  Policy = \"" + policy(recipe.policy()) + "\"",
                "  NrVcpus = 2",
                "  WordBits = " + bits,
                "  NsPerSecond = " + ticksPerSecond(),
                "  GuestKhz = " + ticksPerSecond(),
                "  DestinationKhz = " + destinationKhz,
                "  FracBits = " + (scales ? 4 : 0),
                "  Uptimes = {" + (world == World.YOUNG_GUEST ? "1, 2" : "" + 12 * half) + "}",
                "  Blackouts = {" + 3 * half + "}",
                "  Waits = {" + (world == World.YOUNG_GUEST ? 0 : half) + ", " + 4 * half + "}",
                "  ShortPreemptions = {" + half + "}",
                "  LongPreemptions = {" + 3 * half + "}",
                "  MaxPreemptions = " + preemptions,
                "  Skews = {" + skews + "}",
                "  ClockError = " + (wallClocks ? half : 0));
        guest().hostConstants(scales).forEach(lines::add);
        lines.add("INVARIANT " + invariant, "VIEW " + view, "CHECK_DEADLOCK FALSE");
        return String.join("\n", lines.build()) + "\n";
    }

    private static String policy(Policy policy) {
        return policy.name().toLowerCase(Locale.ROOT);
    }
}
