package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;

/** An advice as text, for a terminal or for a page. */
public final class AdviceText {
    private final List<String> lines = new ArrayList<>();
    private final boolean page;

    private AdviceText(boolean page) {
        this.page = page;
    }

    /** For a terminal. */
    public static String of(Advice advice) {
        AdviceText text = new AdviceText(false);
        text.add(advice);
        return text.text();
    }

    /** The page of all advice, in Markdown. */
    public static String page(List<Advice> all) {
        AdviceText text = new AdviceText(true);
        text.lines.addAll(List.of(
                "# What to change in each recipe",
                "",
                "Written by `longitude advise --all --bless`; `longitude advise --all` compares with it. For each property of a",
                "bundled recipe that fails: the smallest change of the recipe under which it holds, in every behaviour of the",
                "model, and what that costs. [How it is searched](recipes/README.md#advice).",
                ""));
        for (Advice advice : all) {
            text.lines.addAll(List.of("## " + advice.recipe(), ""));
            text.add(advice);
        }
        return text.text();
    }

    private String text() {
        return String.join("\n", lines) + "\n";
    }

    private void add(Advice advice) {
        String cases = "Judged: " + String.join(", ", advice.cases()) + "."
                + (advice.otherWorlds().isEmpty()
                        ? ""
                        : " Not judged here, each with --world: " + String.join(", ", advice.otherWorlds()) + ".");
        lines.addAll(List.of(cases, ""));
        advice.undecided().forEach(u -> lines.add(bullet(u)));
        if (!advice.undecided().isEmpty()) {
            lines.add("");
        }
        if (advice.answers().isEmpty()) {
            lines.addAll(List.of(
                    advice.undecided().isEmpty()
                            ? "Nothing fails in what was judged."
                            : "Nothing is known to fail, but not all is known.",
                    ""));
            return;
        }
        for (ImmutableList<Answer> group : advice.groups()) {
            group.forEach(a -> lines.add(bullet(name(a.property()) + ": " + String.join("; ", a.fails()))));
            if (page) {
                lines.add("");
            }
            add(group.get(0), group);
            if (!page) {
                lines.add("");
            }
        }
    }

    private void add(Answer answer, List<Answer> group) {
        if (!answer.isFound()) {
            paragraph("No change was found: " + answer.tried() + ".");
        } else {
            paragraph(changes(answer.change()));
            if (page) {
                lines.add("```diff");
            }
            lines.addAll(answer.diff().lines().toList());
            if (page) {
                lines.addAll(List.of("```", ""));
            }
            effects(answer, group);
        }
        String nearest = answer.nearest();
        if (nearest != null) {
            paragraph("The nearest bundled recipe under which " + answer.property() + " holds: " + nearest + ".");
        }
    }

    private static String changes(List<String> changes) {
        return changes.size() == 1 ? changes.get(0) + "." : "First: " + String.join(". Then: ", changes) + ".";
    }

    private void effects(Answer answer, List<Answer> group) {
        List<String> fixes = answer.fixes().stream()
                .filter(f -> group.stream().noneMatch(a -> f.startsWith(a.property() + " ")))
                .toList();
        if (!fixes.isEmpty()) {
            paragraph("Then these hold too: " + String.join(", ", fixes) + ".");
        }
        paragraph(
                answer.breaks().isEmpty()
                        ? "It breaks nothing in what was judged."
                        : "But it breaks: " + String.join("; ", answer.breaks()) + ".");
        if (!answer.unfit().isEmpty()) {
            paragraph("It cannot be carried out on " + String.join(", ", answer.unfit()) + ".");
        }
        if (answer.wallClocks()) {
            paragraph("It depends on the hosts' wall clocks, on which the recipe does not depend now.");
        }
    }

    private String name(String property) {
        return page ? "**" + property + "**" : property;
    }

    private String bullet(String text) {
        return page ? "- " + text : text;
    }

    private void paragraph(String text) {
        lines.add(text);
        if (page) {
            lines.add("");
        }
    }
}
