package dev.longitude.advise;

import java.util.Comparator;

/** A change under which a property holds, and its effects. */
record Remedy(Candidate candidate, Effects effects) {
    /** The smaller change first. */
    static final Comparator<Change> SIZE =
            Comparator.comparing((Change c) -> c.changes().size()).thenComparing(Change::steps);
}
