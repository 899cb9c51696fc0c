package dev.longitude.advise;

import com.google.common.collect.ImmutableList;

/**
 * A step that writes one of the guest's clocks, with the readings that its arguments need.
 *
 * @param before what the restore must read directly before, once
 * @param saved what must be saved in addition, as an item of the save; empty: nothing
 */
record Write(WrittenStep step, ImmutableList<WrittenStep> before, ImmutableList<WrittenItem> saved) {
    /** How many steps it is. */
    int size() {
        return 1
                + before.size()
                + saved.stream().mapToInt(i -> i.steps().size()).sum();
    }
}
