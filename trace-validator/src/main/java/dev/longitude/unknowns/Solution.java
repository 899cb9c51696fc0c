package dev.longitude.unknowns;

import com.google.common.primitives.ImmutableLongArray;

/** The result of a search for values that meet all constraints. */
public sealed interface Solution {
    /**
     * Values of all unknowns that the store ever had, by their numbers; they meet all constraints that were ever
     * imposed.
     */
    record Found(ImmutableLongArray values) implements Solution {
        public long value(int unknown) {
            return values.get(unknown);
        }

        public long at(LinearSum sum) {
            return sum.at(values::get);
        }
    }

    /** There are no such values: all possibilities were exhausted. */
    record Refuted() implements Solution {}

    /** The budget was used up without a result. */
    record GaveUp() implements Solution {}
}
