package dev.longitude.recipe;

import java.util.Locale;

/** How long what passes between two steps of the VMM is, shortest first. */
public enum Preemption {
    /** Steps take no time. */
    NONE,
    /** Steps take time: microseconds. */
    STEPS,
    /** The VMM is preempted within the window in which KVM treats two writes of a TSC as one. */
    SHORT,
    /** The VMM is preempted beyond that window. */
    LONG;

    /** The name in the specification. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
