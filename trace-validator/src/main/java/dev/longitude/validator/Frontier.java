package dev.longitude.validator;

import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All that may be the case of one VM (on arm64, of one host) after the events so far, and what speaks against the rest. */
final class Frontier {
    /** The most candidates that are kept. */
    static final int MOST_CANDIDATES = 4096;

    /** The most dead ends whose constraints are kept for the certificate of a refusal. */
    private static final int MOST_DEAD_ENDS = 4096;

    /** The host as the events before this beginning have left it. */
    final TraceHeader.Host host;

    /** The candidates; empty before there is a VM. */
    List<Candidate> candidates = List.of();

    /** What was not all tried on the way here, so that a refusal cannot be; null if everything was. */
    @Nullable
    String bound;

    /** What is known on the ways that led nowhere. */
    private final List<Store> deadEnds = new ArrayList<>();

    Frontier(TraceHeader.Host host) {
        this.host = host;
    }

    /** Goes on to the candidates after an event. */
    void advance(List<Candidate> after, List<Store> newDeadEnds, @Nullable String newBound) {
        candidates = after;
        bound = bound == null ? newBound : bound;
        if (deadEnds.size() + newDeadEnds.size() > MOST_DEAD_ENDS) {
            bound = bound == null ? "more than " + MOST_DEAD_ENDS + " ways that led nowhere" : bound;
        } else {
            deadEnds.addAll(newDeadEnds);
        }
    }

    /** Whether anything that was before leaves something open. */
    boolean hasDoubts() {
        return bound != null || !deadEnds.isEmpty();
    }

    /** An event showed all of one state: nothing that was before leaves anything open. */
    void decide() {
        bound = null;
        deadEnds.clear();
    }

    List<Store> deadEnds() {
        return deadEnds;
    }
}
