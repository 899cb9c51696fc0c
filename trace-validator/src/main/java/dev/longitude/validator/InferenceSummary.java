package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.ValueKey;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * How much of a trace's behaviour is known, by observation or inference.
 *
 * @param unknown instants and arguments that the trace leaves open and the observations do not determine
 * @param silentSteps steps that no line shows, in the behaviour that has the fewest
 * @param variables variables of the states after the last events
 * @param variablesOpen those of them that differ between the states that are possible there
 */
public record InferenceSummary(long unknown, long silentSteps, int variables, ImmutableList<String> variablesOpen) {
    static InferenceSummary of(Collection<Frontier> frontiers) {
        Set<String> open = new LinkedHashSet<>();
        long unknown = 0;
        int variables = 0;
        long silent = 0;
        for (Frontier frontier : frontiers) {
            List<Candidate> candidates = frontier.candidates;
            if (candidates.isEmpty()) {
                continue;
            }
            silent += candidates.stream().mapToInt(c -> c.silentSteps).min().orElse(0);
            unknown += candidates.stream()
                    .mapToLong(c -> c.store == null ? 0 : c.store.size())
                    .max()
                    .orElse(0);
            for (UniqueString variable : State.variables()) {
                Value first = candidates.get(0).state.lookup(variable);
                if (first == null) {
                    continue; // the other architecture's
                }
                variables++;
                for (Candidate each : candidates) {
                    Value value = each.state.lookup(variable);
                    boolean isOpen = value != null && !each.isKnown && Unknowns.areIn(value);
                    if (value == null || isOpen || !ValueKey.isSame(first, value)) {
                        open.add(variable.toString());
                    }
                }
            }
        }
        return new InferenceSummary(unknown, silent, variables, ImmutableList.copyOf(open));
    }
}
