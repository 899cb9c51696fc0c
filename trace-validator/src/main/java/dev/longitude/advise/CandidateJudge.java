package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Judges recipes that nobody has written: the only way of {@code advise} to a verdict. */
@FunctionalInterface
public interface CandidateJudge {
    /**
     * Judges cases.
     *
     * @return for each case its judgement, in the same order; empty if no behaviour completes the recipe
     */
    ImmutableList<Optional<Judgement>> judge(List<Case> cases) throws IOException, InterruptedException;
}
