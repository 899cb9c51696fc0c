package dev.longitude.cli;

import com.google.common.collect.ImmutableSet;
import dev.longitude.matrix.Cause;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.MigratedGuest;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A counterexample as text: what happened, step by step, and what the guest's clocks showed after each step. */
final class CounterexampleText {
    private CounterexampleText() {}

    /** What KVM records of TSC writes decides these. */
    private static final ImmutableSet<Property> OF_THE_BOOKKEEPING = ImmutableSet.of(
            Property.SAME_LINE,
            Property.MASTER_CLOCK_IS_ON,
            Property.RESTORE_TAKES_EFFECT,
            Property.IDEMPOTENT_RESTORE);

    /** The text, in a table of at most so many columns. */
    static String of(Counterexample counterexample, Verdict verdict, int columns) {
        MigratedGuest guest = MigratedGuest.of(counterexample.of().recipe().arch());
        boolean bookkeeping = OF_THE_BOOKKEEPING.contains(counterexample.property())
                && counterexample.steps().stream().anyMatch(s -> s.bookkeeping().isPresent());
        Cause cause = Cause.of(counterexample);
        int vcpus = counterexample.steps().stream()
                .flatMap(s -> s.clocks().stream())
                .mapToInt(Counterexample.Clocks::vcpu)
                .max()
                .orElse(0);
        List<String> heads = new ArrayList<>(List.of("", "", "what happens", "vCPU", "tick"));
        for (int vcpu = 0; vcpu <= vcpus; vcpu++) {
            heads.add(guest.counter() + " " + vcpu);
            heads.add(guest.secondClock() + " " + vcpu);
        }
        if (bookkeeping) {
            heads.add("KVM");
        }
        Table table = new Table(heads.toArray(String[]::new));
        int number = 1;
        String before = "";
        for (Counterexample.Step step : counterexample.steps()) {
            List<String> cells = new ArrayList<>();
            cells.add(cause.steps().contains(number) ? "*" : "");
            cells.add(Integer.toString(number++));
            cells.add(step.what());
            cells.add(step.vcpu().map(String::valueOf).orElse(""));
            cells.add(Integer.toString(step.now()));
            for (int vcpu = 0; vcpu <= vcpus; vcpu++) {
                int of = vcpu;
                var clocks = step.clocks().stream().filter(c -> c.vcpu() == of).findFirst();
                cells.add(clocks.map(c -> Integer.toString(c.counter())).orElse(""));
                cells.add(clocks.flatMap(Counterexample.Clocks::second)
                        .map(String::valueOf)
                        .orElse(""));
            }
            if (bookkeeping) {
                String now = step.bookkeeping()
                        .map(Counterexample.Bookkeeping::toString)
                        .orElse("");
                cells.add(now.equals(before) ? "" : now);
                before = now;
            }
            table.row(cells.toArray(String[]::new));
        }
        return counterexample.of() + ": " + counterexample.property() + " "
                + verdict.says()
                + (verdict.isFailure() ? ": " + counterexample.property().symptom() : "") + ".\n"
                + "A shortest behaviour that shows it, of " + verdict.length()
                + " steps; a tick is a cycle of the guest's counter, and 1/" + counterexample.ticksPerSecond()
                + " s. It rests on the steps with *:\n" + table.toString(columns)
                + cause.says(counterexample).stream().map(s -> s + "\n").collect(Collectors.joining())
                + "The last step makes " + counterexample.property() + " false.\n";
    }
}
