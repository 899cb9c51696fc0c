package dev.longitude.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.base.Preconditions;
import org.jspecify.annotations.Nullable;

/**
 * One row of the manifest {@code spec/models.yaml}.
 *
 * @param name the model's name and, with {@code .cfg}, its configuration in {@code spec/models/}
 * @param module the root module
 * @param about what the model shows, in a line
 * @param violates the property that it must violate; null if all hold
 * @param states distinct states that TLC must find
 * @param depth the depth of its search: with a violation, the length of the counterexample;
 *     with one of liveness 0: TLC reports none
 * @param statesWithout with a violation: distinct states when the property is left out
 * @param seconds for the large ones, how long a run took on four shared cores; only a hint, and not compared
 * @param large left out of {@code check} unless requested by name
 */
public record Model(
        @JsonProperty(required = true) String name,
        @JsonProperty(required = true) String module,
        @JsonProperty(required = true) String about,
        @Nullable String violates,
        @JsonProperty(required = true) long states,
        @JsonProperty(required = true) int depth,
        @Nullable Long statesWithout,
        @Nullable Integer seconds,
        boolean large) {
    /** Checks that the row is complete. */
    public Model {
        Preconditions.checkArgument(
                (violates == null) == (statesWithout == null),
                "model %s: violates and statesWithout go together",
                name);
    }
}
