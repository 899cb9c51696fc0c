package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.Multisets;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A recording as a trace.
 *
 * @param modelled how many operations of the log that concern the guest's time the specification has
 * @param notModelled those that it does not have, by name
 * @param unrelated the operations that have nothing to do with it, by name
 * @param disturbances the first operation for a VM that is not modelled and may have changed what is: nothing after it
 *     can be judged
 * @param tracepoints what was done with the companion, for the summary
 */
public record ImportedTrace(
        TraceHeader header,
        ImmutableList<TraceEvent> events,
        int modelled,
        ImmutableMultiset<String> notModelled,
        ImmutableMultiset<String> unrelated,
        ImmutableList<Disturbance> disturbances,
        String tracepoints) {

    /** From {@code line} on, VM {@code vm} cannot be judged, because of {@code operation}. */
    public record Disturbance(int line, int vm, String operation) {}

    /** {@code modelled: 77 of 80 operations that concern the guest's time (96.3 %); 12 others}. */
    public String summary() {
        int all = modelled + notModelled.size();
        return String.format(
                Locale.ROOT,
                "modelled: %d of %d operations that concern the guest's time (%.1f %%)%s; %d others",
                modelled,
                all,
                all == 0 ? 0 : 100.0 * modelled / all,
                notModelled.isEmpty() ? "" : ", not " + counted(notModelled),
                unrelated.size());
    }

    /** {@code A 8, B 3, C 1}. */
    private static String counted(ImmutableMultiset<String> those) {
        return Multisets.copyHighestCountFirst(those).entrySet().stream()
                .map(e -> e.getElement() + " " + e.getCount())
                .collect(Collectors.joining(", "));
    }
}
