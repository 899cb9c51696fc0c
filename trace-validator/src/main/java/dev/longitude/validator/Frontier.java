package dev.longitude.validator;

import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The candidates of one VM (on arm64, of one host) after the events so far, and the dead ends that rule out all others.
 */
final class Frontier {
    /** The most candidates that are kept. */
    static final int MOST_CANDIDATES = 4096;

    /** The most dead ends whose constraints are kept for the certificate of a refusal. */
    private static final int MOST_DEAD_ENDS = 4096;

    /** The host as the events before the VM's creation have left it. */
    final TraceHeader.Host host;

    /** The candidates; empty before there is a VM. */
    List<Candidate> candidates = List.of();

    /**
     * The bound that kept the search so far from being exhaustive, so that it cannot refuse; null if there was none.
     */
    @Nullable
    String bound;

    /** The stores of the dead ends. */
    private final List<Store> deadEnds = new ArrayList<>();

    Frontier(TraceHeader.Host host) {
        this.host = host;
    }

    /** Advances to the candidates after an event. */
    void advance(List<Candidate> after, List<Store> newDeadEnds, @Nullable String newBound) {
        candidates = after;
        bound = bound == null ? newBound : bound;
        if (deadEnds.size() + newDeadEnds.size() > MOST_DEAD_ENDS) {
            bound = bound == null ? "more than " + MOST_DEAD_ENDS + " dead ends" : bound;
        } else {
            deadEnds.addAll(newDeadEnds);
        }
    }

    /** Whether a bound or a dead end could still matter. */
    boolean hasDoubts() {
        return bound != null || !deadEnds.isEmpty();
    }

    /** An event showed all of one state: earlier bounds and dead ends matter no more. */
    void decide() {
        bound = null;
        deadEnds.clear();
    }

    List<Store> deadEnds() {
        return deadEnds;
    }
}
