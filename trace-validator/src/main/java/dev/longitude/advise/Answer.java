package dev.longitude.advise;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.collect.ImmutableList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to do about one property that fails.
 *
 * @param fails the cases in which it fails, each with its verdict
 * @param change the changes, a sentence each; empty if none was found
 * @param diff the same as a unified difference of the recipe's file
 * @param fixes what else holds then, and failed before
 * @param breaks what held before and does not then
 * @param unfit kernels that can carry out the recipe and cannot carry out the changed one
 * @param wallClocks whether the changed recipe depends on the hosts' wall clocks, and the recipe does not
 * @param tried how far the search went
 * @param nearest the nearest bundled recipe under which the property holds, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Answer(
        @JsonProperty(required = true) String property,
        @JsonProperty(required = true) List<String> fails,
        @JsonProperty(required = true) List<String> change,
        @JsonProperty(required = true) String diff,
        @JsonProperty(required = true) List<String> fixes,
        @JsonProperty(required = true) List<String> breaks,
        @JsonProperty(required = true) List<String> unfit,
        @JsonProperty(required = true) boolean wallClocks,
        @JsonProperty(required = true) Tried tried,
        @Nullable String nearest) {
    /** Copies the lists. */
    public Answer {
        fails = ImmutableList.copyOf(fails);
        change = ImmutableList.copyOf(change);
        fixes = ImmutableList.copyOf(fixes);
        breaks = ImmutableList.copyOf(breaks);
        unfit = ImmutableList.copyOf(unfit);
    }

    /** Whether a change was found. */
    @JsonIgnore
    public boolean isFound() {
        return !change.isEmpty();
    }

    /** Whether another answer has the same change. */
    boolean isSameChange(Answer other) {
        return isFound() && diff.equals(other.diff);
    }
}
