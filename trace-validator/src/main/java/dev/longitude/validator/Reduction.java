package dev.longitude.validator;

import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.evaluator.Words64;
import dev.longitude.spec.Specification;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/**
 * Merges judged candidates whose states are equivalent, and drops those that are equivalent to another one but at a
 * later instant: whatever can follow a state can also follow the same state at an earlier instant. A failure in a
 * dropped candidate becomes a possible failure of the one that represents it.
 */
final class Reduction {
    /** So many steps that need not have happened are considered together. */
    private static final int MOST_UNDONE = 4;

    /** With fewer candidates, looking for later ones does not pay. */
    private static final int MANY = 12;

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

    /** The first of two equivalent candidates; what fails in the other may fail in it. */
    private static Candidate standingFor(Candidate one, Candidate other) {
        return one.failing(one.failures.orElse(other.failures));
    }

    /**
     * A candidate and its instant.
     *
     * @param from its earliest possible instant
     * @param earliest an instant that is possible, whatever else is the case
     */
    private record TimedCandidate(Candidate candidate, long from, long earliest) {}

    private List<Candidate> withoutLater(List<Candidate> all) {
        Map<Object, List<TimedCandidate>> alike = new LinkedHashMap<>();
        for (Candidate each : all) {
            add(each, alike);
        }
        List<Candidate> left = new ArrayList<>();
        for (List<TimedCandidate> those : alike.values()) {
            long origin = those.get(0).from;
            those.sort(Comparator.comparingLong(t -> t.earliest - origin));
            List<TimedCandidate> kept = new ArrayList<>();
            for (TimedCandidate each : those) {
                int earlier = earlierOf(each, kept);
                if (earlier >= 0) {
                    TimedCandidate stays = kept.get(earlier);
                    kept.set(
                            earlier,
                            new TimedCandidate(
                                    standingFor(stays.candidate, each.candidate), stays.from, stays.earliest));
                } else {
                    kept.add(each);
                }
            }
            kept.forEach(k -> left.add(k.candidate));
        }
        return left;
    }

    private static int earlierOf(TimedCandidate candidate, List<TimedCandidate> others) {
        for (int i = 0; i < others.size(); i++) {
            if (others.get(i).earliest - candidate.from <= 0) {
                return i;
            }
        }
        return -1;
    }

    /** The relevant part of a judged state: without the last step's reply. */
    private Value matters(State state) {
        return specification.essence(Specification.REPLY.set(state, NO_REPLY));
    }

    /** Adds a candidate to those that are equivalent to it but for the time. */
    private void add(Candidate candidate, Map<Object, List<TimedCandidate>> alike) {
        Value counter = platform.counter().in(candidate.state);
        LinearSum sum = SymbolicWords.sum(counter);
        State timeless = platform.counter().set(candidate.state, Words64.word(0));
        Value matters = matters(timeless);
        long constant = SymbolicWords.constant(counter);
        Store store = candidate.store == null ? new Store() : candidate.store;
        if (platform.since(candidate) != candidate.state || sum.size() > 1) {
            alike.put(candidate, new ArrayList<>(List.of(new TimedCandidate(candidate, constant, constant))));
            return;
        }
        BitSet mentioned = new BitSet();
        Unknowns.simplified(timeless, store, mentioned);
        Object key = key(matters, store, mentioned, null, 0);
        long least = sum.isZero() ? 0 : store.least(sum);
        boolean isFree = !sum.isZero() && key.equals(key(matters, store, mentioned, sum, least));
        long most = sum.isZero() ? 0 : store.greatest(sum);
        alike.computeIfAbsent(key, k -> new ArrayList<>())
                .add(new TimedCandidate(candidate, constant + least, constant + (isFree ? least : most)));
    }

    /** The key of equivalent candidates, where a sum has a value or none. */
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
     * The candidates after an event that need not have happened.
     *
     * @param happened those after it, judged
     * @param passedBy those before it
     */
    List<Candidate> withPassedBy(List<Candidate> happened, List<Candidate> passedBy) {
        // (A candidate is another object once something has failed in it; its state is not.)
        IdentityHashMap<State, Integer> places = new IdentityHashMap<>();
        for (int i = 0; i < passedBy.size(); i++) {
            places.put(passedBy.get(i).state, i);
        }
        List<Candidate> all = new ArrayList<>(passedBy);
        for (Candidate each : happened) {
            int place = placeOfSame(each, places);
            if (place < 0) {
                all.add(each);
            } else {
                all.set(place, standingFor(all.get(place), each));
            }
        }
        return all;
    }

    /**
     * The place of the candidate that represents a later one: none of the steps between them need have happened, and
     * together they changed nothing but the time. -1 if there is none.
     */
    private int placeOfSame(Candidate later, IdentityHashMap<State, Integer> places) {
        Candidate from = later.before;
        for (int steps = 1; steps <= MOST_UNDONE && from != null; steps++) {
            Integer place = places.get(from.state);
            if (place != null && isSameButForTime(from, later)) {
                return place;
            }
            from = from.step != null && from.step.event().optional() ? from.before : null;
        }
        return -1;
    }

    private boolean isSameButForTime(Candidate from, Candidate later) {
        State timed = platform.at(platform.now(from.state), later.state);
        return ValueKey.isSame(matters(from.state), matters(timed));
    }
}
