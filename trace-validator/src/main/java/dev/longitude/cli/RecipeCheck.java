package dev.longitude.cli;

import com.google.common.collect.ImmutableMap;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;

/** {@code check --recipe}: what a VMM author wants to know of a recipe. */
final class RecipeCheck {
    /** One line over many properties. */
    static final Summary SUMMARY = new Summary("property", "properties", "hold", "fail");

    private RecipeCheck() {}

    /**
     * Judges, reports each property, and shows the shortest counterexample of each case that fails.
     *
     * @param strict whether a property must hold exactly, not only up to the time that steps take
     * @param page of a single case it shows every counterexample; of several, the same as the text
     */
    static int run(
            RecipeOptions options, boolean strict, ResultOptions results, ViewerOptions viewers, ReportOption page)
            throws IOException, InterruptedException, ExecutionException {
        Judge judge = options.judge();
        List<Judgement> judgements = options.judgements(options.cases(), judge, results.showsProgress());
        RecipePage subjects = new RecipePage(options, judge, page.isAsked());
        boolean fails = false;
        Set<Verdict.Outcome> said = EnumSet.noneOf(Verdict.Outcome.class);
        List<String> others = new ArrayList<>();
        for (Judgement judgement : judgements) {
            List<Property> asked = options.properties(judgement.of());
            asked.forEach(p -> said.add(judgement.verdict(p).says()));
            Optional<Property> shortest = shortest(judgement, asked, strict);
            print(judgement, asked, strict, results);
            Map<Property, Counterexample> opened = new LinkedHashMap<>();
            if (shortest.isPresent()) {
                fails = true;
                Property property = shortest.get();
                Counterexample counterexample = judge.open(judgement.of(), property, judgement.verdict(property));
                opened.put(property, counterexample);
                viewers.write(counterexample);
                results.faults()
                        .println(
                                CounterexampleText.of(counterexample, judgement.verdict(property), Terminal.columns()));
                asked.stream()
                        .filter(p -> p != property && isFault(judgement.verdict(p), strict))
                        .map(p -> options.command(judgement.of(), p))
                        .forEach(others::add);
            }
            for (Property property : asked) {
                if (results.wantsPlaces()
                        && isFault(judgement.verdict(property), strict)
                        && !opened.containsKey(property)) {
                    opened.put(property, judge.open(judgement.of(), property, judgement.verdict(property)));
                }
                results.add(result(judgement, property, strict, options, opened));
            }
            subjects.add(judgement, asked, opened, judgements.size() == 1);
        }
        page.write(subjects.report(page.command()));
        judgements.stream()
                .map(j -> j.of().recipe())
                .distinct()
                .forEach(recipe -> options.notJudged(recipe).forEach(results.text()::println));
        viewers.missing().ifPresent(results.text()::println);
        List<String> unknown = judgements.stream()
                .map(j -> j.of().recipe())
                .distinct()
                .flatMap(r -> r.unknown().stream().map(u -> r.name() + ": unknown: " + u))
                .toList();
        unknown.forEach(results.faults()::println);
        (fails || !unknown.isEmpty() || nothingApplies(said) || said.contains(Verdict.Outcome.NOT_MODELLED)
                        ? results.faults()
                        : results.text())
                .println(
                        unknown.isEmpty()
                                ? summary(fails, said, others)
                                : "The verdicts are of the recipe without what is unknown; of the VMM they show nothing.");
        int code = results.finish(SUMMARY);
        return code == ExitCode.HOLDS && nothingApplies(said) ? ExitCode.UNDECIDED : code;
    }

    private static boolean nothingApplies(Set<Verdict.Outcome> said) {
        return said.equals(EnumSet.of(Verdict.Outcome.DOES_NOT_APPLY));
    }

    /** The verdicts of a case; with {@code --quiet} those that are no success. */
    private static void print(Judgement judgement, List<Property> asked, boolean strict, ResultOptions results) {
        Recipe recipe = judgement.of().recipe();
        Table table = new Table(judgement.of().toString(), recipe.unknown().isEmpty() ? "" : "without what is unknown");
        boolean isFault = false;
        for (Property property : asked) {
            Verdict verdict = judgement.verdict(property);
            boolean isOne = status(recipe, verdict, strict).isFault();
            isFault |= isOne;
            if (isOne || !results.isQuiet()) {
                table.row(property.specName(), text(property, verdict));
            }
        }
        (isFault ? results.faults() : results.text()).println(table);
    }

    private static String summary(boolean fails, Set<Verdict.Outcome> said, List<String> others) {
        if (fails) {
            return "A property fails."
                    + (others.isEmpty()
                            ? ""
                            : " The counterexample of another one; the same for each that fails:\n  " + others.get(0));
        }
        if (said.contains(Verdict.Outcome.NOT_MODELLED)) {
            return "No property is known to fail, but not all could be judged.";
        }
        if (nothingApplies(said)) {
            return "No property applies: nothing is known to hold.";
        }
        return said.contains(Verdict.Outcome.HOLDS_UP_TO_STEPS)
                ? "All properties that apply hold, some only up to the time that steps take (--strict: these fail)."
                : "All properties that apply hold.";
    }

    /** A verdict, and what a user then sees. */
    static String text(Property property, Verdict verdict) {
        return verdict + (verdict.isFailure() ? ": " + property.symptom() : "");
    }

    /** What must stand before a verdict that is not about the whole recipe; otherwise "holds" could be taken for its. */
    private static String without(Recipe recipe, Status status) {
        return status == Status.UNDECIDED && !recipe.unknown().isEmpty() ? "without what is unknown: " : "";
    }

    private static boolean isFault(Verdict verdict, boolean strict) {
        return verdict.isFailure() || (strict && verdict.canBeShown());
    }

    /** A property in a case, as a result; its places are known if its counterexample was opened. */
    static CaseResult result(
            Judgement judgement,
            Property property,
            boolean strict,
            RecipeOptions options,
            Map<Property, Counterexample> opened)
            throws IOException {
        Verdict verdict = judgement.verdict(property);
        Status status = status(judgement.of().recipe(), verdict, strict);
        CaseResult result = CaseResult.of(
                        "recipe " + judgement.of(),
                        property.specName(),
                        status,
                        property.specName(),
                        without(judgement.of().recipe(), status) + text(property, verdict))
                .with(details(judgement, verdict));
        if (!status.isFault()) {
            return result;
        }
        RecipePlaces places = options.places(judgement.of().recipe());
        Counterexample counterexample = opened.get(property);
        return counterexample == null ? result.at(places.whole()) : result.at(places.of(counterexample));
    }

    /** Of a recipe that lacks something nothing is certain. */
    static Status status(Recipe recipe, Verdict verdict, boolean strict) {
        if (verdict.says() == Verdict.Outcome.DOES_NOT_APPLY) {
            return Status.DOES_NOT_APPLY;
        }
        if (!recipe.unknown().isEmpty() || verdict.says() == Verdict.Outcome.NOT_MODELLED) {
            return Status.UNDECIDED;
        }
        return isFault(verdict, strict) ? Status.VIOLATED : Status.HOLDS;
    }

    private static ImmutableMap<String, Object> details(Judgement judgement, Verdict verdict) {
        ImmutableMap.Builder<String, Object> details = ImmutableMap.builder();
        details.put("recipe", judgement.of().recipe().name());
        details.put("world", judgement.of().world().specName());
        details.put("kernel", judgement.of().kernel().specName());
        details.put("says", verdict.says().toString());
        if (verdict.length() != null) {
            details.put("steps", verdict.length());
        }
        return details.buildOrThrow();
    }

    /** One without preemption comes first, since it is simpler to understand. */
    private static Optional<Property> shortest(Judgement judgement, List<Property> asked, boolean strict) {
        List<Map.Entry<Property, Verdict>> failing = new ArrayList<>();
        judgement.verdicts().entrySet().stream()
                .filter(e -> asked.contains(e.getKey()) && isFault(e.getValue(), strict))
                .forEach(failing::add);
        return failing.stream()
                .min(Comparator.comparing((Map.Entry<Property, Verdict> e) ->
                                e.getValue().isFailure() ? e.getValue().says() : Verdict.Outcome.DOES_NOT_APPLY)
                        .thenComparingInt(
                                e -> Optional.ofNullable(e.getValue().length()).orElseThrow()))
                .map(Map.Entry::getKey);
    }
}
