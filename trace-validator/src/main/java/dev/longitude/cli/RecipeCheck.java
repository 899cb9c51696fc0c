package dev.longitude.cli;

import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;

/** {@code check --recipe}: what a VMM author wants to know of a recipe. */
final class RecipeCheck {
    private RecipeCheck() {}

    /**
     * Judges, reports each property, and shows the shortest counterexample of each case that fails.
     *
     * @param strict whether a property must hold exactly, not only up to the time that steps take
     * @param page of a single case it shows every counterexample; of several, the same as the text
     */
    static int run(RecipeOptions options, boolean strict, ReportOption page, PrintWriter out)
            throws IOException, InterruptedException, ExecutionException {
        Judge judge = options.judge();
        List<Judgement> judgements = options.judgements(options.cases(), judge);
        RecipePage subjects = new RecipePage(options, judge, page.isAsked());
        boolean fails = false;
        Set<Verdict.Outcome> said = EnumSet.noneOf(Verdict.Outcome.class);
        for (Judgement judgement : judgements) {
            List<Property> asked = options.properties(judgement.of());
            Table table = new Table(judgement.of().toString(), "");
            asked.forEach(p -> table.row(p.specName(), text(p, judgement)));
            out.println(table);
            asked.forEach(p -> said.add(judgement.verdict(p).says()));
            Optional<Property> shortest = shortest(judgement, asked, strict);
            Optional<Counterexample> shown = Optional.empty();
            if (shortest.isPresent()) {
                fails = true;
                shown = show(judgement, shortest.get(), judge, out);
                out.println();
            }
            subjects.add(judgement, asked, shown, judgements.size() == 1);
        }
        page.write(subjects.report(page.command()));
        judgements.stream()
                .map(j -> j.of().recipe())
                .distinct()
                .forEach(recipe -> options.notJudged(recipe).forEach(out::println));
        out.println(summary(fails, said));
        out.flush();
        return fails
                ? ExitCode.VIOLATED
                : said.contains(Verdict.Outcome.NOT_MODELLED) ? ExitCode.UNDECIDED : ExitCode.HOLDS;
    }

    private static String summary(boolean fails, Set<Verdict.Outcome> said) {
        if (fails) {
            return "A property fails. `matrix --recipe R --kernel K --property P` shows any other counterexample.";
        }
        if (said.contains(Verdict.Outcome.NOT_MODELLED)) {
            return "No property is known to fail, but not all could be judged.";
        }
        return said.contains(Verdict.Outcome.HOLDS_UP_TO_STEPS)
                ? "All properties that apply hold, some only up to the time that steps take (--strict: these fail)."
                : "All properties that apply hold.";
    }

    private static String text(Property property, Judgement judgement) {
        Verdict verdict = judgement.verdict(property);
        return verdict + (verdict.isFailure() ? ": " + property.symptom() : "");
    }

    /** One without preemption comes first, since it is simpler to understand. */
    private static Optional<Property> shortest(Judgement judgement, List<Property> asked, boolean strict) {
        List<Map.Entry<Property, Verdict>> failing = new ArrayList<>();
        judgement.verdicts().entrySet().stream()
                .filter(e -> asked.contains(e.getKey())
                        && (e.getValue().isFailure() || (strict && e.getValue().canBeShown())))
                .forEach(failing::add);
        return failing.stream()
                .min(Comparator.comparing((Map.Entry<Property, Verdict> e) ->
                                e.getValue().isFailure() ? e.getValue().says() : Verdict.Outcome.DOES_NOT_APPLY)
                        .thenComparingInt(
                                e -> Optional.ofNullable(e.getValue().length()).orElseThrow()))
                .map(Map.Entry::getKey);
    }

    /** Shows a cell; returns its counterexample, if it has one. */
    static Optional<Counterexample> show(Judgement judgement, Property property, Judge judge, PrintWriter out)
            throws IOException, InterruptedException {
        Verdict verdict = judgement.verdict(property);
        if (!verdict.canBeShown()) {
            out.println(judgement.of() + ": " + property + " " + verdict + ".");
            out.flush();
            return Optional.empty();
        }
        Counterexample counterexample = judge.open(judgement.of(), property, verdict);
        out.print(CounterexampleText.of(counterexample, verdict));
        out.flush();
        return Optional.of(counterexample);
    }
}
