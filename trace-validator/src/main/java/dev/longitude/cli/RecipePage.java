package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.report.RecipeSubject;
import dev.longitude.report.Report;
import dev.longitude.report.Subject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The cases of recipes for {@code --report}. */
final class RecipePage {
    private final RecipeOptions options;
    private final Judge judge;
    private final boolean isAsked;
    private final ImmutableList.Builder<Subject> subjects = ImmutableList.builder();

    /**
     * No case yet.
     *
     * @param isAsked whether there will be a page; otherwise nothing is done
     */
    RecipePage(RecipeOptions options, Judge judge, boolean isAsked) {
        this.options = options;
        this.judge = judge;
        this.isAsked = isAsked;
    }

    /**
     * Adds a case.
     *
     * @param opened the counterexamples at hand
     * @param openAll whether to look for the counterexamples of the other properties: each is a run of TLC
     */
    void add(Judgement judgement, List<Property> asked, Map<Property, Counterexample> opened, boolean openAll)
            throws IOException, InterruptedException {
        if (!isAsked) {
            return;
        }
        Map<Property, Counterexample> all = new LinkedHashMap<>(opened);
        for (Property property : asked) {
            Verdict verdict = judgement.verdict(property);
            if (openAll && verdict.canBeShown() && !all.containsKey(property)) {
                all.put(property, judge.open(judgement.of(), property, verdict));
            }
        }
        subjects.add(RecipeSubject.of(
                judgement,
                asked,
                all,
                options.notJudged(judgement.of().recipe()),
                property -> options.command(judgement.of(), property)));
    }

    Report report(String command) {
        ImmutableList<Subject> all = subjects.build();
        return Report.of(all.size() == 1 ? all.get(0).name() : "Longitude: " + all.size() + " cases", command, all);
    }
}
