package dev.longitude.unknowns;

import java.util.Arrays;

/**
 * The parts of a network that do not depend on each other. A part has unknowns that links mention and that are not
 * fixed; two are in one part if a link mentions both, or if their difference is bounded more tightly than by the bounds
 * of each.
 */
final class Parts {
    private final Network network;
    /** The part of each place, from 1 on; 0 if it is fixed or not mentioned. */
    private final int[] part;

    private int count;

    Parts(Network network) {
        this.network = network;
        DifferenceBounds bounds = network.bounds();
        int places = bounds.places();
        boolean[] mentioned = new boolean[places];
        for (Link link : network.links()) {
            link.mark(mentioned);
        }
        int[] root = new int[places];
        for (int place = 1; place < places; place++) {
            root[place] = mentioned[place] && !isFixed(bounds, place) ? place : 0;
        }
        for (int a = 1; a < places; a++) {
            for (int b = a + 1; root[a] > 0 && b < places; b++) {
                if (root[b] > 0 && root[a] != root[b] && (isTied(bounds, a, b) || isTied(bounds, b, a))) {
                    join(root, root[a], root[b]);
                }
            }
        }
        for (Link link : network.links()) {
            boolean[] ofLink = new boolean[places];
            link.mark(ofLink);
            int first = 0;
            for (int place = 1; place < places; place++) {
                if (ofLink[place] && root[place] > 0) {
                    if (first == 0) {
                        first = place;
                    } else if (root[first] != root[place]) {
                        join(root, root[first], root[place]);
                    }
                }
            }
        }
        part = new int[places];
        int[] number = new int[places];
        for (int place = 1; place < places; place++) {
            if (root[place] > 0) {
                if (number[root[place]] == 0) {
                    number[root[place]] = ++count;
                }
                part[place] = number[root[place]];
            }
        }
    }

    private static void join(int[] root, int kept, int other) {
        for (int place = 1; place < root.length; place++) {
            if (root[place] == other) {
                root[place] = kept;
            }
        }
    }

    static boolean isFixed(DifferenceBounds bounds, int place) {
        return bounds.greatest(place, 0) == -bounds.greatest(0, place);
    }

    /** Whether the bound of a - b is tighter than the bounds of the two alone. */
    static boolean isTied(DifferenceBounds bounds, int a, int b) {
        return bounds.greatest(a, b) < ExtendedBound.plus(bounds.greatest(a, 0), bounds.greatest(0, b));
    }

    int count() {
        return count;
    }

    /** Whether most places of the network are in no part. */
    boolean isMuchSmaller() {
        return 2 * Arrays.stream(part).filter(of -> of > 0).count() < part.length - 2;
    }

    /** The links that mention a place of a part, 0 to {@code count() - 1}. */
    Link[] links(int of) {
        boolean[] places = new boolean[part.length];
        for (int place = 1; place < part.length; place++) {
            places[place] = part[place] == of + 1;
        }
        return Arrays.stream(network.links())
                .filter(link -> link.mentions(places))
                .toArray(Link[]::new);
    }

    /** Numbers from 1 on for all places that the links of a part mention, and 0 for the others. */
    int[] numbers(int of) {
        boolean[] mentioned = new boolean[part.length];
        for (Link link : links(of)) {
            link.mark(mentioned);
        }
        int[] numbers = new int[part.length];
        int next = 1;
        for (int place = 1; place < part.length; place++) {
            if (mentioned[place]) {
                numbers[place] = next++;
            }
        }
        return numbers;
    }

    /** The number of places that the links of a part mention. */
    int size(int of) {
        return Arrays.stream(numbers(of)).max().orElse(0);
    }

    /** The place in any part with the fewest values left; 0 if there is no part. */
    int narrowest() {
        DifferenceBounds bounds = network.bounds();
        int best = 0;
        long fewest = Long.MAX_VALUE;
        for (int place = 1; place < part.length; place++) {
            // (The width of an unbounded place is the greatest, as an unsigned number.)
            long width = bounds.greatest(place, 0) + bounds.greatest(0, place);
            if (part[place] > 0 && (best == 0 || Long.compareUnsigned(width, fewest) < 0)) {
                best = place;
                fewest = width;
            }
        }
        return best;
    }
}
