package dev.longitude.matrix;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.Preemption;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A cell of the matrix.
 *
 * @param says whether the property holds
 * @param preemption if it fails, or holds up to the time that steps take: how long what passes between two steps is in
 *     a shortest behaviour that shows it; the shortest that is enough
 * @param length the steps of that behaviour
 * @param between where it holds up to the time that steps take: the pairs of steps whose distance is the error
 * @param why the reason if it does not apply, or was not judged
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Verdict(
        @JsonProperty(required = true) Outcome says,
        @Nullable Preemption preemption,
        @Nullable Integer length,
        @Nullable List<String> between,
        @Nullable String why) {
    /** Whether a property holds. */
    public enum Outcome {
        /** Always. */
        HOLDS("holds", "+"),
        /** A clock is off by the time between two steps, and by nothing more. */
        HOLDS_UP_TO_STEPS("holds up to the time that steps take", "+ steps"),
        /** It fails at every restore: though steps take no time, or because they take some. */
        FAILS("fails", "FAILS"),
        /** It fails if the VMM is preempted between two steps, within the window. */
        FAILS_IF_PREEMPTED("fails if preempted within the window", "preempted"),
        /** It fails only if such a preemption lasts for as long as the window, or longer. */
        FAILS_IF_PREEMPTED_LONG("fails if preempted beyond the window", "beyond"),
        /** It does not apply. */
        DOES_NOT_APPLY("does not apply", ""),
        /** The specification does not model what happens there. */
        NOT_MODELLED("not judged", "?");

        private final String text;
        private final String brief;

        Outcome(String text, String brief) {
            this.text = text;
            this.brief = brief;
        }

        /** Its text in a cell of a table. */
        public String brief() {
            return brief;
        }

        /** Whether the property holds, be it up to the time that steps take. */
        public boolean isHolding() {
            return this == HOLDS || this == HOLDS_UP_TO_STEPS;
        }

        /** Whether the property fails. */
        public boolean isFailure() {
            return this == FAILS || this == FAILS_IF_PREEMPTED || this == FAILS_IF_PREEMPTED_LONG;
        }

        @JsonValue
        @Override
        public String toString() {
            return text;
        }

        @JsonCreator
        static Outcome of(String text) {
            for (Outcome says : values()) {
                if (says.text.equals(text)) {
                    return says;
                }
            }
            throw new IllegalArgumentException("no verdict: " + text);
        }
    }

    /** How many pairs of steps a text names. */
    private static final int MOST_NAMED = 3;

    static final Verdict HOLDS = new Verdict(Outcome.HOLDS, null, null, null, null);

    static Verdict fails(Preemption preemption, int length) {
        Outcome says = switch (preemption) {
            case NONE, STEPS -> Outcome.FAILS;
            case SHORT -> Outcome.FAILS_IF_PREEMPTED;
            case LONG -> Outcome.FAILS_IF_PREEMPTED_LONG;
        };
        return new Verdict(says, preemption, length, null, null);
    }

    static Verdict holdsUpToSteps(Preemption preemption, int length, List<String> between) {
        return new Verdict(Outcome.HOLDS_UP_TO_STEPS, preemption, length, ImmutableList.copyOf(between), null);
    }

    static Verdict doesNotApply(String why) {
        return new Verdict(Outcome.DOES_NOT_APPLY, null, null, null, why);
    }

    static Verdict notModelled(String why) {
        return new Verdict(Outcome.NOT_MODELLED, null, null, null, why);
    }

    /** Whether the property fails. */
    @JsonIgnore
    public boolean isFailure() {
        return says.isFailure();
    }

    /** Whether there is a behaviour to show: the property fails, or holds only up to the time that steps take. */
    @JsonIgnore
    public boolean canBeShown() {
        return length != null;
    }

    /**
     * Whether a run may show the failure.
     *
     * @param by how long what passes between its steps is
     * @param beyondSteps whether the run fails by more than that time
     */
    public boolean isShownBy(Preemption by, boolean beyondSteps) {
        return preemption != null
                && by.compareTo(preemption) >= 0
                && (says != Outcome.HOLDS_UP_TO_STEPS || !beyondSteps);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(says.text);
        if (says == Outcome.FAILS && preemption == Preemption.STEPS) {
            text.append(", because steps take time");
        }
        if (between != null) {
            text.append(", between ").append(between.stream().limit(MOST_NAMED).collect(Collectors.joining("; ")));
            if (between.size() > MOST_NAMED) {
                text.append("; and ").append(between.size() - MOST_NAMED).append(" other pairs of steps");
            }
        }
        if (length != null) {
            text.append(", shown by ").append(length).append(" steps");
        }
        if (why != null) {
            text.append(": ").append(why);
        }
        return text.toString();
    }
}
