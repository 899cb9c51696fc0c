package dev.longitude.cli;

import dev.longitude.model.Behaviour;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What {@code check --model NAME --show} prints: the behaviour that violates a model's property, or that there is none.
 */
final class BehaviourText {
    private BehaviourText() {}

    /** The text, in a table of at most so many columns. */
    static String of(ModelCheck.Outcome outcome, String properties, int columns) {
        Model model = outcome.model();
        String about = model.name() + ": " + model.about() + ".\n";
        ModelCheck.Violation violation = outcome.violation();
        if (violation == null) {
            return about
                    + (outcome.passed()
                            ? "There is no counterexample: in all " + outcome.states() + " states these hold: "
                                    + properties + "\n"
                            : "No counterexample was found.\n");
        }
        List<Behaviour.Step> steps = violation.behaviour().steps();
        if (steps.isEmpty()) {
            return about + violation.reason() + "\n";
        }
        Table table = new Table("", "what happens", "what changes");
        int number = 1;
        for (Behaviour.Step step : steps) {
            table.row(
                    Integer.toString(number++),
                    step.what(),
                    step.changes().stream().map(Behaviour.Change::toString).collect(Collectors.joining(", ")));
        }
        return about + violation.heading() + ":\n" + table.toString(columns) + violation.reason() + "\n";
    }
}
