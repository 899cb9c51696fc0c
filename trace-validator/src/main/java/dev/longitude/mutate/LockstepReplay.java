package dev.longitude.mutate;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Iterables;
import dev.longitude.lockstep.Difference;
import dev.longitude.lockstep.Lockstep;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import java.io.IOException;
import java.util.Optional;

/** A model in which a mutant and the reference implementation are explored together. */
final class LockstepReplay {
    private LockstepReplay() {}

    /**
     * How they differ.
     *
     * @param name the model's
     * @param replaced the mutant's text, by the module's name
     * @return empty if they agree in every step and the states are as many as the model has
     */
    static Optional<String> difference(String name, ImmutableMap<String, String> replaced) throws IOException {
        Model model = Manifest.load().named(name).orElseThrow();
        Long without = model.statesWithout();
        long states = without == null ? model.states() : without;
        Lockstep search = new Lockstep(model.module(), name, states + 1, null, null, null);
        Lockstep.Outcome outcome;
        try {
            outcome = search.run(replaced);
        } catch (RuntimeException | StackOverflowError e) { // (That it can be loaded, the traces have shown.)
            return Optional.of("it cannot be evaluated: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
        if (outcome instanceof Lockstep.Differs differs) {
            Difference difference = differs.difference();
            return Optional.of(Iterables.getLast(difference.steps()) + ": " + difference.what());
        }
        return outcome instanceof Lockstep.Agrees agrees && agrees.states() != states
                ? Optional.of((agrees.isComplete() ? "" : "more than ") + Math.min(agrees.states(), states)
                        + " distinct states, expected " + states)
                : Optional.empty();
    }
}
