package dev.longitude.validator;

import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/**
 * The host's clocks when KVM read them for an event, as words of the specification, of which any may be unknown.
 *
 * @param counter its counter: on x86 its TSC, on arm64 its physical counter
 * @param nsCounter on x86 its TSC when KVM read the base clock; the same word as {@code counter} where it read both at
 *     one instant, and on arm64
 * @param ns on x86 the base clock of kvmclock, ns; null where it is left out, and on arm64
 * @param realtime on x86 CLOCK_REALTIME, ns; null on arm64
 */
record Clocks(
        Value counter,
        Value nsCounter,
        @Nullable Value ns,
        @Nullable Value realtime) {
    /** Whether KVM read the counter and the base clock at one instant. */
    @SuppressWarnings("ReferenceEquality") // two unknown words may be the same, and are two
    boolean areOfOneInstant() {
        return nsCounter == counter;
    }

    /** The same without the base clock. */
    Clocks withoutBaseClock() {
        return new Clocks(counter, counter, null, realtime);
    }

    /** Clocks of arm64. */
    Clocks(Value counter) {
        this(counter, counter, null, null);
    }
}
