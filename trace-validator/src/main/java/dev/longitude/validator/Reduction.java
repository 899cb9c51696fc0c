package dev.longitude.validator;

import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.evaluator.Words64;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/**
 * Leaves candidates out, once they are judged, that others stand for: of which the same matters, or of which the same matters but for the time, and
 * that is later. What may come of a state may come of the same state at an earlier instant too.
 */
final class Reduction {
    /** So many steps that need not have happened are looked at together. */
    private static final int MOST_UNDONE = 4;

    /** With fewer candidates it does not pay to look for later ones. */
    private static final int MANY = 12;

    private static final String REPLY = "reply";
    private static final Value NO_REPLY = IntValue.gen(0);

    private final Specification specification;
    private final Platform platform;

    Reduction(Specification specification, Platform platform) {
        this.specification = specification;
        this.platform = platform;
    }

    /** The candidates that are left. */
    List<Candidate> reduced(List<Candidate> all) {
        if (all.size() <= 1) {
            return all;
        }
        Map<Object, Candidate> distinct = new LinkedHashMap<>();
        for (Candidate each : all) {
            distinct.merge(Transitions.key(matters(each.state), each), each, Reduction::standingFor);
        }
        List<Candidate> left = List.copyOf(distinct.values());
        return left.size() < MANY ? left : withoutLater(left);
    }

    /** The first of two candidates of which the same matters; what fails in the other may fail in it. */
    private static Candidate standingFor(Candidate one, Candidate other) {
        return one.failing(one.failures.orElse(other.failures));
    }

    /**
     * A candidate and its instant.
     *
     * @param from not before this
     * @param earliest it can be so early, whatever else is the case
     */
    private record Timed(Candidate candidate, long from, long earliest) {}

    private List<Candidate> withoutLater(List<Candidate> all) {
        Map<Object, List<Timed>> alike = new LinkedHashMap<>();
        for (Candidate each : all) {
            add(each, alike);
        }
        List<Candidate> left = new ArrayList<>();
        for (List<Timed> those : alike.values()) {
            List<Timed> kept = new ArrayList<>();
            for (Timed each : those) {
                int earlier = earlierOf(each, kept);
                if (earlier >= 0) {
                    Timed stays = kept.get(earlier);
                    kept.set(
                            earlier,
                            new Timed(standingFor(stays.candidate, each.candidate), stays.from, stays.earliest));
                } else {
                    kept.add(each);
                }
            }
            kept.forEach(k -> left.add(k.candidate));
        }
        return left;
    }

    private static int earlierOf(Timed candidate, List<Timed> others) {
        for (int i = 0; i < others.size(); i++) {
            if (others.get(i).earliest - candidate.from <= 0) {
                return i;
            }
        }
        return -1;
    }

    /** What matters of a state that is judged: no longer what the last step replied. */
    private Value matters(State state) {
        return specification.essence(Specification.with(state, REPLY, NO_REPLY));
    }

    /** Adds a candidate to those of which the same matters but for the time. */
    private void add(Candidate candidate, Map<Object, List<Timed>> alike) {
        Value counter = specification.look(platform.counter(), candidate.state);
        LinearSum sum = SymbolicWords.sum(counter);
        State timeless = Specification.with(candidate.state, platform.counter(), Words64.word(0));
        Value matters = matters(timeless);
        long constant = SymbolicWords.constant(counter);
        Store store = candidate.store == null ? new Store() : candidate.store;
        if (platform.since(candidate) != candidate.state || sum.size() > 1) {
            alike.put(candidate, List.of(new Timed(candidate, constant, constant)));
            return;
        }
        BitSet mentioned = new BitSet();
        Unknowns.simplified(timeless, store, mentioned);
        Object key = key(matters, store, mentioned, null, 0);
        long least = sum.isZero() ? 0 : store.least(sum);
        boolean isFree = !sum.isZero() && key.equals(key(matters, store, mentioned, sum, least));
        long most = sum.isZero() ? 0 : store.greatest(sum);
        alike.computeIfAbsent(key, k -> new ArrayList<>())
                .add(new Timed(candidate, constant + least, constant + (isFree ? least : most)));
    }

    /** What tells candidates apart, where a sum has a value or none. */
    private static Object key(Value matters, Store known, BitSet mentioned, @Nullable LinearSum sum, long value) {
        Store store = known.copy();
        if (sum != null) {
            store.require(sum, value, value);
        }
        store.forget(mentioned::get);
        List<Integer> order = new ArrayList<>();
        ValueKey renumbered = new ValueKey(Unknowns.renumbered(matters, order));
        return List.of(renumbered, store.signature(order));
    }

    /**
     * Whether the last steps to a candidate, of which none need have happened, have together changed nothing but the time: then
     * the candidate before them, which is one of those that are passed by, stands for it.
     */
    boolean changesNothing(Candidate later, Set<Candidate> passedBy) {
        Candidate from = later.before;
        for (int steps = 1; steps <= MOST_UNDONE && from != null; steps++) {
            if (passedBy.contains(from) && isSameButForTime(from, later)) {
                return true;
            }
            from = from.step != null && from.step.event().optional() ? from.before : null;
        }
        return false;
    }

    private boolean isSameButForTime(Candidate from, Candidate later) {
        State timed = platform.at(platform.now(from.state), later.state);
        return ValueKey.isSame(matters(from.state), matters(timed));
    }
}
