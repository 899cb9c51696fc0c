package dev.longitude.unknowns;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import com.google.common.primitives.ImmutableLongArray;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Unknowns that were forgotten together, with their constraints at that time, so that values can be found for them once
 * the others have values.
 *
 * @param unknowns ascending
 * @param greater, lesser, most each {@code greater[i] - lesser[i] <= most[i]}, where {@link #NOTHING} stands for 0
 * @param links that were dropped with them
 * @param lost identifies the information that forgetting lost; {@link #NOTHING_LOST} if all values of the others that
 *     meet the remaining constraints can be completed
 */
record ForgottenUnknowns(
        ImmutableIntArray unknowns,
        ImmutableIntArray greater,
        ImmutableIntArray lesser,
        ImmutableLongArray most,
        ImmutableList<Link> links,
        Object lost,
        @Nullable ForgottenUnknowns earlier) {
    static final int NOTHING = -1;
    static final Object NOTHING_LOST = "nothing lost";

    /** Finds values for the forgotten unknowns, given the values of the remaining ones; false if none are found. */
    boolean complete(Map<Integer, Long> values, Search search) {
        Network network = new Network();
        Map<Integer, Integer> places = new HashMap<>();
        places.put(NOTHING, 0);
        for (int i = 0; i < unknowns.length(); i++) {
            place(unknowns.get(i), network, places, -ExtendedBound.INFINITY, ExtendedBound.INFINITY);
        }
        for (int i = 0; i < most.length(); i++) {
            int from = placeOf(greater.get(i), network, places, values);
            int to = placeOf(lesser.get(i), network, places, values);
            if (!network.bounds().limit(from, to, most.get(i))) {
                return false;
            }
        }
        for (Link link : links) {
            Link moved = link.with(terms -> {
                LinearSum sum = terms.sum();
                int[] at = new int[sum.size()];
                Arrays.setAll(at, i -> placeOf(sum.unknown(i), network, places, values));
                return new Terms(sum, at);
            });
            if (!network.add(moved)) {
                return false;
            }
        }
        long[] found = search.search(network).values;
        for (int i = 0; found != null && i < unknowns.length(); i++) {
            int unknown = unknowns.get(i);
            values.put(unknown, found[places.getOrDefault(unknown, 0)]);
        }
        return found != null;
    }

    private static int placeOf(int unknown, Network network, Map<Integer, Integer> places, Map<Integer, Long> values) {
        Integer place = places.get(unknown);
        if (place != null) {
            return place;
        }
        long value = values.getOrDefault(unknown, 0L);
        return place(unknown, network, places, value, value);
    }

    private static int place(int unknown, Network network, Map<Integer, Integer> places, long least, long most) {
        int place = places.size();
        places.put(unknown, place);
        network.bounds().add(place, least, most);
        return place;
    }
}
