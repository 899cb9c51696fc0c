package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import org.jspecify.annotations.Nullable;

/**
 * An access of a guest.
 *
 * @param msr the MSR that it accessed; null: it read its TSC by rdtsc
 */
record GuestAct(
        Operation operation,
        @Nullable Long msr,
        @Nullable Long value,
        ImmutableMap<Field, Object> args,
        ImmutableMap<Field, Object> results) {
    boolean isWrite() {
        return operation == Operation.GUEST_WRITE_TSC
                || operation == Operation.GUEST_WRITE_TSC_ADJUST
                || operation == Operation.GUEST_WRITE_SYSTEM_TIME;
    }
}
