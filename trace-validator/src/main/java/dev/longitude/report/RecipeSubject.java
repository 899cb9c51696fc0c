package dev.longitude.report;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** A recipe in a world on a kernel, as a subject of a report. */
public final class RecipeSubject {
    /** Stands before a verdict that is about a part of the recipe only. */
    private static final String WITHOUT = "without what is unknown: ";

    private RecipeSubject() {}

    /**
     * The verdicts on a case.
     *
     * @param asked the properties to report
     * @param shown the counterexamples at hand, by their property
     * @param notJudged in which worlds the recipe was not judged, each with the reason
     * @param command what shows the counterexample of a property that is not at hand
     */
    public static Subject of(
            Judgement judgement,
            List<Property> asked,
            Map<Property, Counterexample> shown,
            List<String> notJudged,
            Function<Property, String> command) {
        Case of = judgement.of();
        ImmutableList.Builder<Subject.Row> rows = ImmutableList.builder();
        ImmutableList.Builder<Timeline> timelines = ImmutableList.builder();
        int count = 0;
        boolean whole = of.recipe().unknown().isEmpty();
        for (Property property : asked) {
            Verdict verdict = judgement.verdict(property);
            Counterexample counterexample = shown.get(property);
            if (counterexample != null) {
                timelines.add(CounterexampleTimeline.of(counterexample, verdict));
            }
            rows.add(new Subject.Row(
                    property.specName(),
                    mark(of.recipe(), verdict),
                    (whole ? "" : WITHOUT) + verdict.says(),
                    detail(verdict, property),
                    counterexample == null ? null : count++,
                    counterexample == null && verdict.canBeShown() ? command.apply(property) : null));
        }
        return new Subject(
                of.recipe().name() + " on " + of.kernel() + ", world " + of.world(),
                mark(judgement, asked),
                says(judgement, asked),
                about(of.recipe()),
                rows.build(),
                sections(of.recipe(), notJudged),
                timelines.build());
    }

    /** What the verdict says besides its first words. */
    static String detail(Verdict verdict, Property property) {
        String text = verdict.toString().substring(verdict.says().toString().length());
        String rest = text.replaceFirst("^[,:] ", "");
        return verdict.isFailure() ? property.symptom() + (rest.isEmpty() ? "" : "; " + rest) : rest;
    }

    /** Of a recipe that lacks something nothing is known, whatever the rest of it does. */
    static Mark mark(Recipe recipe, Verdict verdict) {
        Mark mark = Mark.of(verdict);
        return recipe.unknown().isEmpty() || mark == Mark.NONE ? mark : Mark.UNKNOWN;
    }

    /** The worst mark. */
    private static Mark mark(Judgement judgement, List<Property> asked) {
        List<Mark> marks = asked.stream()
                .map(p -> mark(judgement.of().recipe(), judgement.verdict(p)))
                .toList();
        for (Mark worst : List.of(Mark.FAILS, Mark.FAILS_SOMETIMES, Mark.UNKNOWN, Mark.WARNS, Mark.HOLDS)) {
            if (marks.contains(worst)) {
                return worst;
            }
        }
        return Mark.NONE;
    }

    private static String says(Judgement judgement, List<Property> asked) {
        if (!judgement.isJudged()) {
            return "does not apply";
        }
        if (!judgement.of().recipe().unknown().isEmpty()) {
            return "undecided: the recipe lacks what is unknown";
        }
        long fail = asked.stream().filter(p -> judgement.verdict(p).isFailure()).count();
        long unknown = asked.stream()
                .filter(p -> judgement.verdict(p).says() == Verdict.Outcome.NOT_MODELLED)
                .count();
        String text = fail + " of " + asked.size() + (asked.size() == 1 ? " property" : " properties")
                + (fail == 1 ? " fails" : " fail");
        return unknown == 0 ? text : text + ", " + unknown + " not judged";
    }

    static String about(Recipe recipe) {
        return recipe.about() + " (" + recipe.arch() + ", policy "
                + recipe.policy().name().toLowerCase(Locale.ROOT) + ")";
    }

    private static ImmutableList<Subject.Section> sections(Recipe recipe, List<String> notJudged) {
        ImmutableMap.Builder<String, ImmutableList<String>> sections = ImmutableMap.builder();
        sections.put("Unknown", recipe.unknown());
        sections.put("Not judged", ImmutableList.copyOf(notJudged));
        sections.put("Source", recipe.sources());
        return sections.buildOrThrow().entrySet().stream()
                .filter(e -> !e.getValue().isEmpty())
                .map(e -> Subject.Section.ofLines(e.getKey(), e.getValue()))
                .collect(ImmutableList.toImmutableList());
    }
}
