package dev.longitude.audit;

import org.jspecify.annotations.Nullable;

/**
 * What a recording does not show, where a finding depends on it.
 *
 * @param kind the finding that may or may not be there; null: any
 * @param line where
 * @param why what is not known, and what to record
 */
public record Undecidable(@Nullable FindingKind kind, int line, String why) {
    /** The finding's identifier, or {@code order}. */
    public String id() {
        return kind == null ? "order" : kind.id();
    }
}
