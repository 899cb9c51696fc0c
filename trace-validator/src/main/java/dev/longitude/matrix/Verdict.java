package dev.longitude.matrix;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * What a cell of the matrix says.
 *
 * @param says whether the property holds
 * @param length if it fails: how many steps the shortest behaviour has that shows it, of a VMM that is prompt if that
 *     one fails
 * @param why if it does not apply: why not
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Verdict(
        @JsonProperty(required = true) Says says,
        @Nullable Integer length,
        @Nullable String why) {
    /** Whether a property holds. */
    public enum Says {
        /** Always. */
        HOLDS("holds", "+"),
        /** It fails, but only if the VMM is preempted. */
        FAILS_IF_PREEMPTED("fails if preempted", "preempted"),
        /** It fails also if the VMM is prompt. */
        FAILS("fails", "FAILS"),
        /** It does not apply. */
        DOES_NOT_APPLY("does not apply", "");

        private final String text;
        private final String brief;

        Says(String text, String brief) {
            this.text = text;
            this.brief = brief;
        }

        /** In a cell of a table. */
        public String brief() {
            return brief;
        }

        @JsonValue
        @Override
        public String toString() {
            return text;
        }

        @JsonCreator
        static Says of(String text) {
            for (Says says : values()) {
                if (says.text.equals(text)) {
                    return says;
                }
            }
            throw new IllegalArgumentException("no verdict: " + text);
        }
    }

    static final Verdict HOLDS = new Verdict(Says.HOLDS, null, null);

    static Verdict fails(Says how, int length) {
        return new Verdict(how, length, null);
    }

    static Verdict doesNotApply(String why) {
        return new Verdict(Says.DOES_NOT_APPLY, null, why);
    }

    /** Whether the property fails, of some VMM. */
    public boolean isFailure() {
        return says == Says.FAILS || says == Says.FAILS_IF_PREEMPTED;
    }

    @Override
    public String toString() {
        return switch (says) {
            case HOLDS -> says.text;
            case FAILS, FAILS_IF_PREEMPTED -> says + ", shown by " + length + " steps";
            case DOES_NOT_APPLY -> says + ": " + why;
        };
    }
}
