package dev.longitude.lockstep;

import dev.longitude.trace.StateVariable;

/**
 * What events would show of a VM of the reference implementation: words and counts as they are, flags as 1 and 0. (The
 * maps of an event cost more than the rest of a step.)
 */
interface Shown {
    /** The value of a variable of the VM or its host. */
    long value(StateVariable variable);

    /** The number of a set's elements, or of the values that a map has. */
    int size(StateVariable variable);

    /** Whether a set contains a vCPU, or a map has a value for a vCPU or CPU. */
    boolean has(StateVariable variable, int index);

    /** The value that a map {@linkplain #has has} for a vCPU or CPU. */
    long value(StateVariable variable, int index);
}
