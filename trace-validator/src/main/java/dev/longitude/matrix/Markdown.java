package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.Series;
import dev.longitude.migration.Policy;
import dev.longitude.recipe.Claim;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The matrix as a page to read. */
public final class Markdown {
    private final List<String> lines = new ArrayList<>();

    private Markdown() {}

    /** All of it: what each verdict means, a table for each recipe and world, and the claims. */
    public static String of(Matrix matrix) {
        Markdown page = new Markdown();
        page.head();
        matrix.judgements().stream()
                .map(j -> j.of().recipe())
                .distinct()
                .forEach(recipe -> page.recipe(recipe, matrix));
        page.claims(matrix);
        page.sources();
        return String.join("\n", page.lines) + "\n";
    }

    /** Of the series that the page mentions: before the first mention. */
    private void sources() {
        int first = lines.indexOf("");
        ImmutableList<String> sources = Series.sourcesIn(String.join("\n", lines));
        lines.addAll(first, sources.stream().map(s -> "- " + s).toList());
        if (!sources.isEmpty()) {
            lines.add(first, "");
        }
    }

    private void head() {
        add(
                "# What holds: recipe, kernel, property",
                "",
                "Written by `longitude matrix --bless`; `longitude matrix` compares with it, and opens a cell with",
                "`--recipe R --kernel K --property P`. Each recipe is a file in [recipes](recipes/README.md).",
                "",
                "- `+` holds, in every behaviour of the model.",
                "- `+ steps n` holds up to the time that steps take: a clock is off by the time between two steps of the VMM, and by nothing more.",
                "- `FAILS n` fails at every restore, though steps take no time or because they take some; a shortest behaviour that shows it has n steps.",
                "- `preempted n` fails if the VMM is preempted between two steps, for less than the window in which KVM treats two writes of a TSC as one.",
                "- `beyond n` fails only if it is preempted for as long as that window, or longer.",
                "- `?` not judged: the specification does not model what happens there.",
                "- An empty cell: the property does not apply; the reason stands below the table.",
                "",
                "The worlds are described in [recipes](recipes/README.md#worlds). Each recipe is judged in every world that can",
                "show something of its own; the others are named with the reason.",
                "");
        for (Arch arch : Arch.values()) {
            add("If it fails on " + arch + ":", "");
            for (Property property : Property.of(arch)) {
                add("- **" + property + "**: " + property.symptom() + ".");
            }
            add("");
        }
    }

    private void recipe(Recipe recipe, Matrix matrix) {
        add(
                "## " + recipe.name(),
                "",
                sentence(recipe.about()) + " (" + recipe.arch() + ", " + policy(recipe) + ".)",
                "");
        recipe.sources().forEach(s -> add("Source: " + s.replace("_", "\\_") + ".", ""));
        recipe.notJudged().forEach((world, why) -> add("Not judged in the world `" + world + "`: " + why + ".", ""));
        for (World world : recipe.worlds()) {
            List<Judgement> row = matrix.judgements().stream()
                    .filter(j -> j.of().recipe().equals(recipe) && j.of().world() == world)
                    .toList();
            if (!row.isEmpty()) {
                world(world, recipe, row);
            }
        }
    }

    private static String policy(Recipe recipe) {
        String text = recipe.policy() == Policy.ADVANCE
                ? "the guest's clocks advance over the blackout"
                : "the guest's clocks stand still over the blackout";
        return recipe.moves() ? text : text + "; the VM stays where it is";
    }

    private void world(World world, Recipe recipe, List<Judgement> row) {
        add("In the world `" + world + "`:", "");
        add("| |" + row.stream().map(j -> " " + j.of().kernel() + " |").collect(Collectors.joining()));
        add("|---|" + String.join("", Collections.nCopies(row.size(), "---|")));
        Map<String, Set<String>> properties = new LinkedHashMap<>();
        Map<String, Set<String>> kernels = new LinkedHashMap<>();
        for (Property property : Property.of(recipe.arch())) {
            StringBuilder line = new StringBuilder("| " + property + " |");
            boolean applies = false;
            for (Judgement judgement : row) {
                Verdict verdict = judgement.verdict(property);
                String why = verdict.why();
                if (why == null) {
                    applies = true;
                } else {
                    properties.computeIfAbsent(why, w -> new LinkedHashSet<>()).add(property.specName());
                    kernels.computeIfAbsent(why, w -> new LinkedHashSet<>())
                            .add(judgement.of().kernel().specName());
                }
                line.append(' ')
                        .append(verdict.says().brief())
                        .append(verdict.length() == null ? "" : " " + verdict.length())
                        .append(" |");
            }
            if (applies) {
                add(line.toString());
            }
        }
        add("");
        int all = Property.of(recipe.arch()).size();
        properties.forEach((why, which) -> add(
                "Does not apply, since " + why + ": "
                        + (which.size() == all ? "anything" : String.join(", ", which))
                        + (kernels.getOrDefault(why, Set.of()).size() == row.size()
                                ? ""
                                : " on " + String.join(", ", kernels.getOrDefault(why, Set.of())))
                        + ".",
                ""));
    }

    private void claims(Matrix matrix) {
        add(
                "## Published claims, and whether the matrix confirms them",
                "",
                "| recipe | claim | by | evidence | property | the matrix |",
                "|---|---|---|---|---|---|");
        for (Matrix.CheckedClaim checked : matrix.claims()) {
            Claim claim = checked.claim();
            add("| " + checked.recipe().name() + (claim.world() == World.USUAL ? "" : "@" + claim.world()) + " | "
                    + claim.says() + " | " + claim.by() + " | "
                    + claim.evidence().name().toLowerCase(Locale.ROOT) + " | " + claim.property()
                    + (claim.fails() ? " fails" : " holds")
                    + (claim.kernel() == null ? "" : " on " + claim.kernel()) + " | " + checked.verdict() + " |");
        }
    }

    private static String sentence(String about) {
        return about.substring(0, 1).toUpperCase(Locale.ROOT) + about.substring(1) + ".";
    }

    private void add(String... more) {
        lines.addAll(List.of(more));
    }
}
