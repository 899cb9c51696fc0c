package dev.longitude.report;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.longitude.matrix.Verdict;

/** How a verdict is marked. The text beside it says the same: colour is never the only sign. */
public enum Mark {
    /** It holds. */
    HOLDS,
    /** It holds within a bound, or may hold: it deserves a look. */
    WARNS,
    /** It fails under a condition. */
    FAILS_SOMETIMES,
    /** It fails. */
    FAILS,
    /** Nobody knows. */
    UNKNOWN,
    /** It does not apply. */
    NONE;

    /** The mark of a recipe's verdict. */
    static Mark of(Verdict verdict) {
        return switch (verdict.says()) {
            case HOLDS -> HOLDS;
            case HOLDS_UP_TO_STEPS -> WARNS;
            case FAILS -> FAILS;
            case FAILS_IF_PREEMPTED, FAILS_IF_PREEMPTED_LONG -> FAILS_SOMETIMES;
            case DOES_NOT_APPLY -> NONE;
            case NOT_MODELLED -> UNKNOWN;
        };
    }

    /** As the page's style sheet names it. */
    @JsonValue
    public String css() {
        return switch (this) {
            case HOLDS -> "holds";
            case WARNS -> "warns";
            case FAILS_SOMETIMES -> "sometimes";
            case FAILS -> "fails";
            case UNKNOWN -> "unknown";
            case NONE -> "none";
        };
    }
}
