package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import java.util.Comparator;

/**
 * A recipe with one or more changes.
 *
 * @param changes what was changed, a sentence each
 * @param steps how many steps were touched, at most
 * @param how the last change's kind
 * @param after the steps after it
 */
record Change(ImmutableList<String> changes, int steps, How how, WrittenRecipe after) {
    /** Kinds of changes, in the order in which they are tried among those that touch equally many steps. */
    enum How {
        /** A step or a block stands elsewhere. */
        MOVED,
        /** A block is done once, in turn or in parallel; it was split, or joined with the next. */
        BLOCK,
        /** A step takes another value. */
        VALUE,
        /** Another step stands in its place. */
        REPLACED,
        /** There is one step more. */
        ADDED,
        /** There is one step less. */
        LEFT_OUT
    }

    /** The cheapest first. */
    static final Comparator<Change> CHEAPEST = Comparator.comparing(
                    (Change c) -> c.changes().size())
            .thenComparing(Change::steps)
            .thenComparing(Change::how);

    static Change of(String what, int steps, How how, WrittenRecipe after) {
        return new Change(ImmutableList.of(what), steps, how, after);
    }

    /** This one after an earlier one. */
    Change after(Change earlier) {
        return new Change(
                ImmutableList.<String>builder()
                        .addAll(earlier.changes)
                        .addAll(changes)
                        .build(),
                earlier.steps + steps,
                how,
                after);
    }
}
