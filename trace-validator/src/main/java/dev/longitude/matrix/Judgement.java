package dev.longitude.matrix;

import com.google.common.collect.ImmutableMap;
import dev.longitude.recipe.Property;

/**
 * The verdicts on one case.
 *
 * @param states the distinct states that TLC saw; 0 if the kernel cannot carry out the recipe, and nothing was run
 * @param verdicts for every property of the architecture
 */
public record Judgement(Case of, long states, ImmutableMap<Property, Verdict> verdicts) {
    Verdict verdict(Property property) {
        Verdict verdict = verdicts.get(property);
        if (verdict == null) {
            throw new IllegalArgumentException(
                    property + " is not of " + of.recipe().arch());
        }
        return verdict;
    }
}
