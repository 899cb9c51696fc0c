package dev.longitude.recipe;

import java.util.Locale;

/** How long the VMM is preempted between its steps, shortest first. */
public enum Preemption {
    /** Not at all. */
    NONE,
    /** For less than a second. */
    SHORT,
    /** For more than the second within which KVM takes two writes of a TSC for one. */
    LONG;

    /** The name in the specification. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
