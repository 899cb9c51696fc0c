package dev.longitude.unknowns;

import java.util.Arrays;

/** The bounds of differences and the links between them, propagated to a common fixed point after each change. */
final class Network {
    /**
     * Links that approach their fixed point in steps of 1 are stopped before they reach it: the bounds are then weaker.
     */
    private static final int MOST_ROUNDS = 100;

    private static final Link[] NO_LINKS = {};

    private final DifferenceBounds bounds;
    private Link[] links;
    private boolean infeasible;
    private boolean settled = true;

    Network() {
        this(new DifferenceBounds(), NO_LINKS, false);
    }

    private Network(DifferenceBounds bounds, Link[] links, boolean infeasible) {
        this.bounds = bounds;
        this.links = links;
        this.infeasible = infeasible;
    }

    Network copy() {
        Network copy = new Network(bounds.copy(), links, infeasible);
        copy.settled = settled;
        return copy;
    }

    DifferenceBounds bounds() {
        return bounds;
    }

    /** Callers must not change the array. */
    Link[] links() {
        return links;
    }

    void keep(Link[] kept) {
        links = kept;
    }

    boolean isInfeasible() {
        return infeasible;
    }

    /** Whether the bounds are at a fixed point of the links; false once the propagation was stopped early. */
    boolean isSettled() {
        return settled;
    }

    /** Marks the network as infeasible; returns false. */
    boolean refute() {
        infeasible = true;
        return false;
    }

    /** Narrows a sum; false if it became infeasible. */
    boolean limit(Terms terms, long least, long most) {
        int since = bounds.clock();
        return terms.limit(bounds, least, most) ? settle(since, false) : refute();
    }

    /** Adds a link; false if it became infeasible. */
    boolean add(Link link) {
        links = Arrays.copyOf(links, links.length + 1);
        links[links.length - 1] = link;
        return settle(bounds.clock(), true);
    }

    /** The same network renumbered, with only the places and links that are kept. */
    Network renumbered(int[] numbers, int count, Link[] kept) {
        Link[] moved = new Link[kept.length];
        for (int i = 0; i < kept.length; i++) {
            moved[i] = kept[i].renumbered(numbers);
        }
        return new Network(bounds.renumbered(numbers, count), moved, infeasible);
    }

    /** Applies each link with a changed bound, until nothing changes. */
    private boolean settle(int since, boolean hasNew) {
        if (links.length == 0 || (!hasNew && bounds.clock() == since)) {
            return true;
        }
        int[] last = new int[links.length];
        Arrays.fill(last, since);
        if (hasNew) {
            last[links.length - 1] = -1;
        }
        // What two equations imply together does not change with the bounds, except where a difference becomes a
        // constant.
        int equated = hasNew && links[links.length - 1].isEquation() ? -1 : since;
        boolean again = true;
        for (int round = 0; again && round < MOST_ROUNDS; round++) {
            again = false;
            for (int i = 0; i < links.length; i++) {
                if (last[i] < 0 || links[i].isWoken(bounds, last[i])) {
                    last[i] = bounds.clock();
                    if (!links[i].narrow(bounds)) {
                        return refute();
                    }
                    again = true;
                }
            }
            if (!again && bounds.lastTied() > equated) {
                equated = bounds.clock();
                if (!Equations.narrow(bounds, links)) {
                    return refute();
                }
                again = bounds.clock() != equated;
            }
        }
        settled &= !again;
        return true;
    }
}
