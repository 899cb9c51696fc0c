package dev.longitude.tamper;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/** The validator's verdicts on tampered traces. */
public final class TamperTable {
    private TamperTable() {}

    /** The verdict on a mutant. */
    public enum Fate {
        /** Refused at the event that was changed. */
        REFUSED_THERE,
        /** Refused after it. */
        REFUSED_LATER,
        /** The validator cannot decide whether it conforms. */
        UNDECIDED,
        /** Accepted. */
        ACCEPTED
    }

    /**
     * A mutant and its fate.
     *
     * @param refusedAt the index of the event that is refused, if one is
     * @param witness if it is accepted: a behaviour that matches it, with every instant
     */
    public record JudgedMutant(TraceMutator.Mutant mutant, Fate fate, OptionalInt refusedAt, Optional<Trace> witness) {}

    /**
     * Tampers with a trace in every way, and validates the mutants.
     *
     * @param recording whether it is a recording's
     * @param most the most mutants of each kind
     */
    public static ImmutableList<JudgedMutant> of(Trace good, boolean recording, int most, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ImmutableList.Builder<JudgedMutant> judged = ImmutableList.builder();
        for (TraceMutator kind : TraceMutator.values()) {
            for (TraceMutator.Mutant mutant : kind.of(good, most, random.split())) {
                judged.add(judge(mutant, recording));
            }
        }
        return judged.build();
    }

    private static JudgedMutant judge(TraceMutator.Mutant mutant, boolean recording) {
        TraceValidator validator = TraceValidator.keepingWitness(mutant.trace().header(), recording);
        int index = 0;
        try {
            for (TraceEvent event : mutant.trace().events()) {
                if (validator.accept(event).isPresent()) {
                    return new JudgedMutant(
                            mutant,
                            mutant.at() < 0 || index <= mutant.at() ? Fate.REFUSED_THERE : Fate.REFUSED_LATER,
                            OptionalInt.of(index),
                            Optional.empty());
                }
                index++;
            }
            validator.finish();
        } catch (UndecidedException e) {
            return new JudgedMutant(mutant, Fate.UNDECIDED, OptionalInt.empty(), Optional.empty());
        }
        return new JudgedMutant(
                mutant,
                Fate.ACCEPTED,
                OptionalInt.empty(),
                Optional.of(new Trace(mutant.trace().header(), validator.witness())));
    }
}
