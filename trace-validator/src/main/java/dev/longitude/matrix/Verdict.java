package dev.longitude.matrix;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.longitude.recipe.Preemption;
import org.jspecify.annotations.Nullable;

/**
 * A cell of the matrix.
 *
 * @param says whether the property holds
 * @param length if it fails: the steps of a shortest behaviour that shows it, with the least preemption that is
 *     necessary
 * @param why the reason if it does not apply
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Verdict(
        @JsonProperty(required = true) Outcome says,
        @Nullable Integer length,
        @Nullable String why) {
    /** Whether a property holds. */
    public enum Outcome {
        /** Always. */
        HOLDS("holds", "+"),
        /** It fails though the VMM is not preempted. */
        FAILS("fails", "FAILS"),
        /** It fails if the VMM is preempted; less than a second is enough. */
        FAILS_IF_PREEMPTED("fails if preempted", "preempted"),
        /** It fails only if the VMM is preempted for more than a second. */
        FAILS_IF_PREEMPTED_LONG("fails if preempted for over a second", "over 1 s"),
        /** It does not apply. */
        DOES_NOT_APPLY("does not apply", "");

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

        /** Whether the property fails, of some VMM. */
        public boolean isFailure() {
            return this != HOLDS && this != DOES_NOT_APPLY;
        }

        /** The preemption of the VMM in the counterexample. */
        Preemption preemption() {
            return switch (this) {
                case FAILS_IF_PREEMPTED -> Preemption.SHORT;
                case FAILS_IF_PREEMPTED_LONG -> Preemption.LONG;
                default -> Preemption.NONE;
            };
        }

        /** Whether a VMM that is preempted like this may show the failure. */
        public boolean isShownBy(Preemption by) {
            return isFailure() && by.compareTo(preemption()) >= 0;
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

    static final Verdict HOLDS = new Verdict(Outcome.HOLDS, null, null);

    static Verdict fails(Outcome how, int length) {
        return new Verdict(how, length, null);
    }

    static Verdict doesNotApply(String why) {
        return new Verdict(Outcome.DOES_NOT_APPLY, null, why);
    }

    /** Whether the property fails, of some VMM. */
    @JsonIgnore
    public boolean isFailure() {
        return says.isFailure();
    }

    @Override
    public String toString() {
        return switch (says) {
            case HOLDS -> says.text;
            case FAILS, FAILS_IF_PREEMPTED, FAILS_IF_PREEMPTED_LONG -> says + ", shown by " + length + " steps";
            case DOES_NOT_APPLY -> says + ": " + why;
        };
    }
}
