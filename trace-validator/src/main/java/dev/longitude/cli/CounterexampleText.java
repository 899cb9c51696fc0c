package dev.longitude.cli;

import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.MigratedGuest;
import dev.longitude.matrix.Verdict;
import java.util.ArrayList;
import java.util.List;

/** A counterexample as text: what happened, step by step, and what the guest's clocks showed after each step. */
final class CounterexampleText {
    private CounterexampleText() {}

    static String of(Counterexample counterexample, Verdict verdict) {
        MigratedGuest guest = MigratedGuest.of(counterexample.of().recipe().arch());
        String first = guest.counter();
        String second = guest.secondClock();
        Table table =
                new Table("", "what happens", "vCPU", "tick", first + " 0", second + " 0", first + " 1", second + " 1");
        int number = 1;
        for (Counterexample.Step step : counterexample.steps()) {
            List<String> cells = new ArrayList<>();
            cells.add(Integer.toString(number++));
            cells.add(step.what());
            cells.add(step.vcpu().map(String::valueOf).orElse(""));
            cells.add(Integer.toString(step.now()));
            for (int vcpu = 0; vcpu < 2; vcpu++) {
                int of = vcpu;
                var clocks = step.clocks().stream().filter(c -> c.vcpu() == of).findFirst();
                cells.add(clocks.map(c -> Integer.toString(c.counter())).orElse(""));
                cells.add(clocks.flatMap(Counterexample.Clocks::second)
                        .map(String::valueOf)
                        .orElse(""));
            }
            table.row(cells.toArray(String[]::new));
        }
        return counterexample.of() + ": " + counterexample.property() + " "
                + verdict.says() + ": " + counterexample.property().symptom() + ".\n"
                + "A shortest behaviour that shows it, of " + verdict.length()
                + " steps; a tick is a cycle of the guest's counter, and 1/" + counterexample.ticksPerSecond()
                + " s:\n" + table
                + "The last step makes " + counterexample.property() + " false.\n";
    }
}
