package dev.longitude.cli;

import dev.longitude.gallery.Fault;
import dev.longitude.gallery.Gallery;
import dev.longitude.gallery.Leg;
import dev.longitude.gallery.References;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Series;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.World;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The pages of the gallery, {@code spec/gallery/*.md}. */
final class GalleryPages {
    /** The page with the table of all. */
    static final String INDEX = "README";

    private static final Pattern BLOCK = Pattern.compile("(?s)```text\n(.*?)```\n");

    /** A page is the same whoever writes it. */
    private static final int COLUMNS = 80;

    private GalleryPages() {}

    /** The table of all faults, after the text that stands before it in the committed page. */
    static String index(Gallery gallery, String committed) {
        StringBuilder text = new StringBuilder(committed.substring(0, committed.indexOf("| fault |")));
        text.append("| fault | what happened | specification | implementation | trace | recipe |\n")
                .append("|---|---|---|---|---|---|\n");
        for (Fault fault : gallery.faults()) {
            text.append("| [")
                    .append(fault.id())
                    .append("](")
                    .append(fault.id())
                    .append(".md) | ");
            text.append(fault.title()).append(" |");
            for (Leg leg : Leg.values()) {
                text.append(fault.isCaughtIn(leg) ? " caught |" : " |");
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** One fault's page. */
    static String page(Fault fault, String counterexample) {
        StringBuilder text = new StringBuilder("# " + fault.id() + ": " + fault.title() + "\n\n");
        text.append(fault.happened()).append("\n\n| | |\n|---|---|\n");
        row(text, "architecture", Arch.named(fault.arch()).orElseThrow().machine());
        row(text, "has it", fault.versions());
        row(text, "commit or patch", fault.commit());
        row(text, "without it", fault.fix());
        row(
                text,
                "gone, by [kernel](../kernels.md)",
                fault.gone().isEmpty() ? "no switch of the kernels tells them apart" : String.join("; ", fault.gone()));
        Series.sourcesIn(text.toString()).forEach(source -> {
            int colon = source.indexOf(':');
            row(text, source.substring(0, colon), source.substring(colon + 2));
        });
        text.append("\n## What finds it\n\n| | |\n|---|---|\n");
        for (Leg leg : Leg.values()) {
            row(
                    text,
                    leg.toString(),
                    fault.isCaughtIn(leg) ? evidence(fault, leg) : "out of reach: " + fault.reason(leg));
        }
        if (!counterexample.isEmpty()) {
            text.append("\n## A shortest behaviour\n\n```text\n")
                    .append(counterexample)
                    .append("```\n");
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String key, String value) {
        text.append("| ").append(key).append(" | ").append(value).append(" |\n");
    }

    private static String evidence(Fault fault, Leg leg) {
        Stream<String> all = switch (leg) {
            case SPECIFICATION ->
                fault.models().stream()
                        .map(m -> "model `" + m.fails() + "` fails"
                                + (m.holds() == null ? ", and " + m.noCure() : ", `" + m.holds() + "` holds"));
            case IMPLEMENTATION -> fault.scenarios().stream().map(s -> played(fault, s));
            case TRACE ->
                fault.traces().stream()
                        .map(t -> t.recording() == null
                                ? "that of scenario `" + t.scenario() + "` on " + fault.kernel() + " is refused under "
                                        + (t.refusedUnder() == null ? fault.healed() : t.refusedUnder())
                                : "the recording `" + t.recording() + "` is refused under another kernel");
            case RECIPE ->
                fault.cells().stream()
                        .map(c -> "`" + c.recipe() + "` in the world `" + c.world() + "` on " + fault.kernel() + ": "
                                + c.property() + " fails"
                                + (c.holdsOn() != null
                                        ? ", on " + c.holdsOn() + " it holds"
                                        : c.holdsFor() != null
                                                ? ", for `" + c.holdsFor() + "` it holds"
                                                : "; " + c.noCure()));
        };
        return all.collect(Collectors.joining("; "));
    }

    private static String played(Fault fault, Fault.PlayedScenario played) {
        String without = played.keptOn() == null ? fault.healed().toString() : played.keptOn();
        if (played.loses() == null) {
            return "scenario `" + played.name() + "` differs between " + fault.kernel() + " and " + without;
        }
        return "scenario `" + played.name() + "` does not keep " + played.loses() + " on " + fault.kernel()
                + (played.noCure() != null
                        ? "; " + played.noCure()
                        : played.keptBy() != null
                                ? "; `" + played.keptBy() + "` does"
                                : "; on " + without + " it does");
    }

    /** What a committed page shows as a shortest behaviour; empty if it shows none. */
    static String shown(String page) {
        Matcher block = BLOCK.matcher(page);
        return block.find() ? block.group(1) : "";
    }

    /**
     * A shortest behaviour that shows the fault, from TLC: of its first model, otherwise of its first cell; empty if it has
     * neither.
     *
     * @param wrong receives what the models do that they must not
     */
    static String counterexample(Fault fault, References references, TlcJvms jvms, List<String> wrong)
            throws IOException, InterruptedException, RecipeException, RecipeFaultException {
        String first = "";
        for (Fault.FailingModel pair : fault.models()) {
            List<String> names = new ArrayList<>(List.of(pair.fails()));
            if (pair.holds() != null) {
                names.add(pair.holds());
            }
            for (String name : names) {
                Model model = Manifest.load().named(name).orElseThrow();
                ModelCheck check = new ModelCheck(model);
                ModelCheck.Outcome outcome = check.run(jvms);
                if (outcome.fault() != null) {
                    wrong.add("model " + name + ": " + outcome.fault());
                } else if (first.isEmpty() && model.violates() != null) {
                    first = BehaviourText.of(outcome, check.properties(), COLUMNS);
                }
            }
        }
        if (first.isEmpty() && !fault.cells().isEmpty()) {
            Fault.FailingCell cell = fault.cells().get(0);
            KernelProfile kernel = fault.profile();
            Matrix.Cell committed = references
                    .cell(cell.recipe(), cell.world(), kernel, cell.property())
                    .orElseThrow();
            first = CounterexampleText.of(
                    new Judge(Judge.PREEMPTIONS, null)
                            .open(
                                    new Case(
                                            Recipes.find(cell.recipe()),
                                            World.named(cell.world()).orElseThrow(),
                                            kernel),
                                    Property.named(cell.property()).orElseThrow(),
                                    committed.verdict()),
                    committed.verdict(),
                    COLUMNS);
        }
        return first;
    }
}
