package dev.longitude.unknowns;

import static dev.longitude.unknowns.ForgottenUnknowns.NOTHING;
import static dev.longitude.unknowns.ForgottenUnknowns.NOTHING_LOST;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Selects the unknowns to forget, and eliminates them from a network.
 *
 * <p>Without links an unknown can be eliminated exactly: the closed bounds have all that its differences imply of the
 * others. A link can be dropped exactly if it is fixed, or if the bounds imply all that it implies of the rest. Other
 * links stay, with their unknowns, until too many unknowns that are not live stay. Then the links that are bands around
 * an unknown that is not live are dropped first, and then the oldest: they have narrowed the rest, but will not narrow
 * it again, so the rest has more solutions than before.
 */
final class UnknownElimination {
    /** The most unknowns that are not live and stay for exactness. The cost of a change is quadratic in all. */
    private static final int MOST_MENTIONED = 32;

    private final Network network;
    private final DifferenceBounds bounds;
    private int[] alive;
    private int[] places;
    private final boolean[] needed;
    private final ImmutableList.Builder<Link> dropped = ImmutableList.builder();
    private List<Link> links = new ArrayList<>();
    private boolean isExact;

    UnknownElimination(Network network, int[] alive, int[] places, IntPredicate live) {
        this.network = network;
        this.alive = alive;
        this.places = places;
        bounds = network.bounds();
        isExact = network.isSettled();
        needed = new boolean[bounds.places()];
        for (int i = 0; i < alive.length; i++) {
            needed[places[i]] = live.test(alive[i]);
        }
    }

    int[] alive() {
        return alive;
    }

    int[] places() {
        return places;
    }

    /** Forgets unknowns; returns them together with those forgotten earlier. */
    @Nullable
    ForgottenUnknowns forget(@Nullable ForgottenUnknowns earlier) {
        links = new ArrayList<>(Arrays.asList(network.links()));
        dropped.addAll(links.stream().filter(link -> link.isFixed(bounds)).toList());
        links.removeIf(link -> link.isFixed(bounds));
        dropLeaves(false);
        if (nrOnlyMentioned() > MOST_MENTIONED) {
            dropLeaves(true);
        }
        while (nrOnlyMentioned() > MOST_MENTIONED && dropOldest()) {
            dropLeaves(true);
        }
        if (links.size() < network.links().length) {
            network.keep(links.toArray(Link[]::new));
        }
        links.forEach(link -> link.mark(needed));
        return eliminate(earlier);
    }

    /** The number of unknowns that stay only because links mention them. */
    private int nrOnlyMentioned() {
        boolean[] mentioned = new boolean[needed.length];
        links.forEach(link -> link.mark(mentioned));
        int n = 0;
        for (int place : places) {
            n += mentioned[place] && !needed[place] ? 1 : 0;
        }
        return n;
    }

    /** Drops each redundant link that is the only one of an unknown that is not live. */
    private void dropLeaves(boolean bandsToo) {
        boolean again = true;
        while (again) {
            int[] mentions = new int[needed.length];
            for (Link link : links) {
                for (int place : link.places()) {
                    mentions[place]++;
                }
            }
            again = false;
            for (int i = 0; i < links.size(); i++) {
                if (isLeaf(links.get(i), mentions, bandsToo)) {
                    for (int place : links.get(i).places()) {
                        mentions[place]--;
                    }
                    dropped.add(links.remove(i--));
                    again = true;
                }
            }
        }
    }

    private boolean isLeaf(Link link, int[] mentions, boolean bandsToo) {
        for (int place : link.places()) {
            if (!needed[place] && mentions[place] == 1) {
                if (!isTied(place) && link.isImpliedWithout(place, bounds)) {
                    return true;
                }
                if (bandsToo && link.isBandAround(place, bounds)) {
                    isExact = false;
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Of the links that mention an unknown that is not live, drops the one whose latest unknown is the earliest; false
     * if there is none.
     */
    private boolean dropOldest() {
        int[] unknownAt = new int[needed.length];
        for (int i = 0; i < places.length; i++) {
            unknownAt[places[i]] = alive[i];
        }
        int earliest = Integer.MAX_VALUE;
        int oldest = -1;
        for (int i = 0; i < links.size(); i++) {
            int latest = -1;
            boolean onlyLive = true;
            for (int place : links.get(i).places()) {
                latest = Math.max(latest, unknownAt[place]);
                onlyLive &= needed[place];
            }
            if (!onlyLive && latest < earliest) {
                earliest = latest;
                oldest = i;
            }
        }
        if (oldest < 0) {
            return false;
        }
        dropped.add(links.remove(oldest));
        isExact = false;
        return true;
    }

    private boolean isTied(int place) {
        for (int other : places) {
            if (other != place && (Parts.isTied(bounds, place, other) || Parts.isTied(bounds, other, place))) {
                return true;
            }
        }
        return false;
    }

    private @Nullable ForgottenUnknowns eliminate(@Nullable ForgottenUnknowns earlier) {
        int[] kept =
                IntStream.range(0, alive.length).filter(i -> needed[places[i]]).toArray();
        ImmutableList<Link> gone = dropped.build();
        if (kept.length == alive.length && gone.isEmpty()) {
            return earlier;
        }
        ForgottenUnknowns forgotten = record(gone, earlier);
        for (int place : places) {
            if (!needed[place]) {
                bounds.remove(place);
            }
        }
        int[] before = alive;
        int[] placesBefore = places;
        alive = Arrays.stream(kept).map(i -> before[i]).toArray();
        places = Arrays.stream(kept).map(i -> placesBefore[i]).toArray();
        return forgotten;
    }

    private ForgottenUnknowns record(ImmutableList<Link> gone, @Nullable ForgottenUnknowns earlier) {
        ImmutableIntArray.Builder unknowns = ImmutableIntArray.builder();
        ImmutableIntArray.Builder greater = ImmutableIntArray.builder();
        ImmutableIntArray.Builder lesser = ImmutableIntArray.builder();
        ImmutableLongArray.Builder most = ImmutableLongArray.builder();
        for (int i = 0; i < places.length; i++) {
            if (needed[places[i]]) {
                continue;
            }
            unknowns.add(alive[i]);
            greater.add(alive[i]);
            lesser.add(NOTHING);
            most.add(bounds.greatest(places[i], 0));
            greater.add(NOTHING);
            lesser.add(alive[i]);
            most.add(bounds.greatest(0, places[i]));
            for (int j = 0; j < places.length; j++) {
                if (j == i || (j < i && !needed[places[j]])) {
                    continue; // (that pair is already present)
                }
                if (Parts.isTied(bounds, places[i], places[j])) {
                    greater.add(alive[i]);
                    lesser.add(alive[j]);
                    most.add(bounds.greatest(places[i], places[j]));
                }
                if (Parts.isTied(bounds, places[j], places[i])) {
                    greater.add(alive[j]);
                    lesser.add(alive[i]);
                    most.add(bounds.greatest(places[j], places[i]));
                }
            }
        }
        Object lost = !isExact ? new Object() : earlier == null ? NOTHING_LOST : earlier.lost();
        return new ForgottenUnknowns(
                unknowns.build(), greater.build(), lesser.build(), most.build(), gone, lost, earlier);
    }
}
