package dev.longitude.recipe;

import org.jspecify.annotations.Nullable;

/**
 * A published claim about a recipe, for the matrix to confirm or refute.
 *
 * @param says the symptom, or what follows from the code
 * @param by the source: a report, a commit, the survey
 * @param evidence what the claim is based on
 * @param property the property that is at stake
 * @param fails whether it is claimed to fail, or to hold
 * @param world one of the recipe's worlds
 * @param kernel the profile, by its name; null: any to which the recipe applies
 */
public record Claim(
        String says,
        String by,
        Evidence evidence,
        Property property,
        boolean fails,
        World world,
        @Nullable String kernel) {
    /** What a claim is based on. */
    public enum Evidence {
        /** Users have seen it. */
        REPORTED,
        /** Somebody has measured it. */
        MEASURED,
        /** It follows from reading the code. */
        INFERRED
    }
}
