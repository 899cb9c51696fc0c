package dev.longitude.unknowns;

import static dev.longitude.unknowns.Forgotten.NOTHING;
import static dev.longitude.unknowns.Forgotten.NOTHING_LOST;

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
 * Decides which unknowns go, and takes them out of a network.
 *
 * <p>Without links an unknown can be taken out exactly: what its differences say of the others is in the bounds already.
 * Nothing is lost either with a link that is fixed, or if the bounds say all that it says of the rest. Other links stay, with
 * what they mention, until too many unknowns stay that are not live. Then those go first that are bands around an unknown that
 * is not live, and then the oldest: what they said has narrowed the rest, and will not narrow it again, so that the rest has
 * more solutions than it had.
 */
final class Forgetting {
    /** How many unknowns that are not live may stay so that nothing is lost. The cost of a change is quadratic in all. */
    private static final int MOST_MENTIONED = 32;

    private final Network network;
    private final DifferenceBounds bounds;
    private int[] alive;
    private int[] places;
    private final boolean[] needed;
    private final ImmutableList.Builder<Link> dropped = ImmutableList.builder();
    private List<Link> links = new ArrayList<>();
    private boolean isExact;

    Forgetting(Network network, int[] alive, int[] places, IntPredicate live) {
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

    /** What has been forgotten, with what was before. */
    @Nullable
    Forgotten forget(@Nullable Forgotten earlier) {
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

    /** How many unknowns stay only because links mention them. */
    private int nrOnlyMentioned() {
        boolean[] mentioned = new boolean[needed.length];
        links.forEach(link -> link.mark(mentioned));
        int n = 0;
        for (int place : places) {
            n += mentioned[place] && !needed[place] ? 1 : 0;
        }
        return n;
    }

    /** Drops the links that are the only one of an unknown that is not live, and that the rest can do without. */
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

    /** Drops the link whose latest unknown is the earliest, of those that mention an unknown that is not live; false if none do. */
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

    private @Nullable Forgotten eliminate(@Nullable Forgotten earlier) {
        int[] kept =
                IntStream.range(0, alive.length).filter(i -> needed[places[i]]).toArray();
        ImmutableList<Link> gone = dropped.build();
        if (kept.length == alive.length && gone.isEmpty()) {
            return earlier;
        }
        Forgotten forgotten = record(gone, earlier);
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

    private Forgotten record(ImmutableList<Link> gone, @Nullable Forgotten earlier) {
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
                    continue; // (that pair is there already)
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
        return new Forgotten(unknowns.build(), greater.build(), lesser.build(), most.build(), gone, lost, earlier);
    }
}
