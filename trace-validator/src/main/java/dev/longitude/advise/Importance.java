package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.Property;
import java.util.Comparator;

/**
 * Which property matters more, where one can be had only for another: whether the guest comes back; then whether its
 * time is consistent; then whether it is the right time; then whether the result can be relied on; then how it runs.
 */
final class Importance {
    private static final ImmutableList<Property> MOST_FIRST = ImmutableList.of(
            Property.COMPLETES,
            Property.MONOTONIC_ACROSS,
            Property.SAME_LINE,
            Property.SAME_RATE,
            Property.TIMER_ON_TIME,
            Property.TSC_CONTINUOUS,
            Property.CLOCK_CONTINUOUS,
            Property.VIRTUAL_CONTINUOUS,
            Property.PHYSICAL_CONTINUOUS,
            Property.CLOCKS_STAY_TOGETHER,
            Property.BROADCAST_COMPLETE,
            Property.RESTORE_TAKES_EFFECT,
            Property.IDEMPOTENT_RESTORE,
            Property.STOPPED_IS_SHOWN,
            Property.MASTER_CLOCK_IS_ON);

    /** What matters most first; a property that is not ranked comes last, as it was declared. */
    static final Comparator<Property> ORDER =
            Comparator.comparingInt(Importance::rank).thenComparing(Comparator.naturalOrder());

    private Importance() {}

    private static int rank(Property property) {
        int rank = MOST_FIRST.indexOf(property);
        return rank < 0 ? MOST_FIRST.size() : rank;
    }

    /** Whether one matters more than another. */
    static boolean isMore(Property one, Property than) {
        return ORDER.compare(one, than) < 0;
    }
}
