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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/** {@code check --recipe}: what a VMM author wants to know of a recipe. */
final class RecipeCheck {
    private RecipeCheck() {}

    /** Judges, reports each property, and shows the shortest counterexample of each case that fails. */
    static int run(RecipeOptions options, PrintWriter out)
            throws IOException, InterruptedException, ExecutionException {
        Judge judge = options.judge();
        List<Judgement> judgements = options.judgements(options.cases(), judge);
        boolean fails = false;
        for (Judgement judgement : judgements) {
            List<Property> asked = options.properties(judgement.of());
            Table table = new Table(judgement.of().toString(), "");
            asked.forEach(p -> table.row(p.specName(), text(p, judgement)));
            out.println(table);
            Optional<Property> shortest = shortest(judgement, asked);
            if (shortest.isPresent()) {
                fails = true;
                show(judgement, shortest.get(), judge, out);
                out.println();
            }
        }
        out.println(
                fails
                        ? "A property fails. `matrix --recipe R --kernel K --property P` shows any other counterexample."
                        : "All properties that apply hold.");
        out.flush();
        return fails ? ExitCode.VIOLATED : ExitCode.HOLDS;
    }

    private static String text(Property property, Judgement judgement) {
        Verdict verdict = verdict(property, judgement);
        return verdict + (verdict.isFailure() ? ": " + property.symptom() : "");
    }

    private static Verdict verdict(Property property, Judgement judgement) {
        return Optional.ofNullable(judgement.verdicts().get(property)).orElseThrow();
    }

    /** One without preemption comes first, since it is simpler to understand. */
    private static Optional<Property> shortest(Judgement judgement, List<Property> asked) {
        List<Map.Entry<Property, Verdict>> failing = new ArrayList<>();
        judgement.verdicts().entrySet().stream()
                .filter(e -> asked.contains(e.getKey()) && e.getValue().isFailure())
                .forEach(failing::add);
        return failing.stream()
                .min(Comparator.comparing(
                                (Map.Entry<Property, Verdict> e) -> e.getValue().says())
                        .thenComparingInt(
                                e -> Optional.ofNullable(e.getValue().length()).orElseThrow()))
                .map(Map.Entry::getKey);
    }

    /** Shows a cell; returns whether it fails. */
    static boolean show(Judgement judgement, Property property, Judge judge, PrintWriter out)
            throws IOException, InterruptedException {
        Verdict verdict = verdict(property, judgement);
        if (!verdict.isFailure()) {
            out.println(judgement.of() + ": " + property + " " + verdict + ".");
            out.flush();
            return false;
        }
        Counterexample counterexample = judge.open(judgement.of(), property, verdict);
        out.print(CounterexampleText.of(counterexample, verdict));
        out.flush();
        return true;
    }
}
