package dev.longitude.recipe;

import org.jspecify.annotations.Nullable;

/**
 * What somebody says of a recipe, for the matrix to confirm or to refute.
 *
 * @param says the symptom, or what follows from the reading
 * @param by where: a report, a commit, the survey
 * @param evidence how they know
 * @param property the property that is at stake
 * @param fails whether they say that it fails, or that it holds
 * @param world in which of the recipe's worlds
 * @param kernel under which profile, by its name, or null: under any to which the recipe applies
 */
public record Claim(
        String says,
        String by,
        Evidence evidence,
        Property property,
        boolean fails,
        World world,
        @Nullable String kernel) {
    /** How somebody knows. */
    public enum Evidence {
        /** Users have met it. */
        REPORTED,
        /** Somebody has measured it. */
        MEASURED,
        /** It follows from reading the code. */
        INFERRED
    }
}
