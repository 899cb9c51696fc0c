package dev.longitude.matrix;

import com.google.common.collect.ImmutableMap;
import dev.longitude.recipe.Property;

/**
 * The verdicts on one case.
 *
 * @param isJudged whether TLC has judged it; otherwise the kernel cannot carry out the recipe
 * @param verdicts for every property of the architecture
 */
public record Judgement(Case of, boolean isJudged, ImmutableMap<Property, Verdict> verdicts) {
    /**
     * The verdict on a property of the architecture.
     *
     * @throws IllegalArgumentException if it is of the other one
     */
    public Verdict verdict(Property property) {
        Verdict verdict = verdicts.get(property);
        if (verdict == null) {
            throw new IllegalArgumentException(
                    property + " is not of " + of.recipe().arch());
        }
        return verdict;
    }
}
