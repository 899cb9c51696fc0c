package dev.longitude.audit;

import com.google.common.collect.ImmutableList;

/**
 * One finding.
 *
 * @param lines the lines of the log that show it, the decisive one first
 * @param detail the numbers, or empty
 */
public record Finding(FindingKind kind, ImmutableList<Integer> lines, String detail) {}
