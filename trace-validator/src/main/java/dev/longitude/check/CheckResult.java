package dev.longitude.check;

import dev.longitude.model.ModelCheck;
import dev.longitude.verdict.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * The result of one check.
 *
 * @param what the model, recipe, scenario or recording
 * @param expected what must come out
 * @param size how much was checked, such as {@code 22446 states}
 * @param seconds how long it took
 * @param fault what is wrong, or null
 * @param outcome what TLC found, of a model; null for all else
 */
public record CheckResult(
        String what,
        String expected,
        String size,
        double seconds,
        Status status,
        @Nullable String fault,
        ModelCheck.@Nullable Outcome outcome) {
    /** Whether what came out is right. */
    public enum Status {
        /** It is. */
        HOLDS("ok"),
        /** It is not. */
        FAILS("FAILED"),
        /** The validator could not decide it. */
        UNDECIDED("undecided");

        private final String text;

        Status(String text) {
            this.text = text;
        }

        static Status of(@Nullable String fault) {
            return fault == null ? HOLDS : FAILS;
        }

        /** That of a trace which must conform, or be refused, and for which {@code fault} says what is wrong. */
        static Status of(@Nullable String fault, Verdict verdict) {
            return fault != null && verdict.undecided() != null ? UNDECIDED : of(fault);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
