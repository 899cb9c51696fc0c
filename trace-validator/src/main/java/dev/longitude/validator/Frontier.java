package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The candidates of one VM (on arm64, of one host) after the events so far, and the dead ends that rule out all others.
 */
final class Frontier {
    /** With more candidates, only some of them are followed. */
    private static final int MOST_CANDIDATES = 4096;

    /** The same once some have been left out: then the search cannot be exhaustive any more, but it can find a behaviour. */
    private static final int MOST_OF_SOME = 512;

    /** How many at most are followed where there are more than that. */
    private static final int FOLLOWED = 128;

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

    /** How candidates were first left out, and which properties had failed in each by then; null if none were. */
    private @Nullable LeftOut leftOut;

    /**
     * Candidates that are possible and not followed.
     *
     * @param why how many and where, as text
     * @param failed the properties that had failed in every candidate
     */
    record LeftOut(String why, ImmutableSet<String> failed) {}

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

    /**
     * All candidates, or if they are too many some of them: a behaviour that is found shows as much as before, but what is
     * not found in some may be found in others.
     *
     * @param where after which event they are possible, as text
     */
    List<Candidate> followed(List<Candidate> all, Supplier<String> where) {
        return canFollow(all.size())
                ? all
                : requireNonNull(followed(Map.of(0, all), where).get(0));
    }

    /** The same of several kinds of candidates: some of each kind, or, of many kinds, of some. */
    <K> Map<K, List<Candidate>> followed(Map<K, List<Candidate>> all, Supplier<String> where) {
        int count = all.values().stream().mapToInt(List::size).sum();
        if (canFollow(count)) {
            return all;
        }
        String why = "only some of " + count + " states that are possible " + where.get() + " were followed";
        if (leftOut == null) {
            List<Candidate> each = all.values().stream().flatMap(List::stream).toList();
            leftOut =
                    new LeftOut(why, ReportedProperties.together(each).certain().keySet());
        }
        bound = bound == null ? why : bound;
        List<K> kinds = some(List.copyOf(all.keySet()), FOLLOWED);
        Map<K, List<Candidate>> some = new LinkedHashMap<>();
        for (K kind : kinds) {
            some.put(kind, some(requireNonNull(all.get(kind)), FOLLOWED / kinds.size()));
        }
        return some;
    }

    private boolean canFollow(int count) {
        return count <= (leftOut == null ? MOST_CANDIDATES : MOST_OF_SOME);
    }

    /** How candidates were first left out; null if none were. */
    @Nullable
    LeftOut leftOut() {
        return leftOut;
    }

    /** Some of a list, spread evenly. */
    private static <T> List<T> some(List<T> all, int most) {
        if (all.size() <= most) {
            return all;
        }
        List<T> some = new ArrayList<>(most);
        for (int i = 0; i < most; i++) {
            some.add(all.get((int) ((long) i * all.size() / most)));
        }
        return some;
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
