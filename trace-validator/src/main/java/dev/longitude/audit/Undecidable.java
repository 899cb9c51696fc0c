package dev.longitude.audit;

/**
 * What a recording does not show, where a finding depends on it.
 *
 * @param kind the finding that may or may not be there
 * @param line where
 * @param why what is not known, and what to record
 */
public record Undecidable(FindingKind kind, int line, String why) {}
