package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.Multisets;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.stream.Collectors;

/**
 * A recording as a trace.
 *
 * @param notModelled the operations of the log that the specification does not have, by name
 * @param disturbances the first operation for a VM that is not modelled and may have changed what is: nothing after it
 *     can be judged
 * @param tracepoints what was done with the companion, for the summary
 */
public record ImportedTrace(
        TraceHeader header,
        ImmutableList<TraceEvent> events,
        ImmutableMultiset<String> notModelled,
        ImmutableList<Disturbance> disturbances,
        String tracepoints) {

    /** From {@code line} on, VM {@code vm} cannot be judged, because of {@code operation}. */
    public record Disturbance(int line, int vm, String operation) {}

    /** {@code not modelled: 12 events of 3 kinds (A 8, B 3, C 1)}; empty if everything is modelled. */
    public String notModelledSummary() {
        if (notModelled.isEmpty()) {
            return "";
        }
        return "not modelled: " + notModelled.size() + " events of "
                + notModelled.elementSet().size() + " kinds ("
                + Multisets.copyHighestCountFirst(notModelled).entrySet().stream()
                        .map(e -> e.getElement() + " " + e.getCount())
                        .collect(Collectors.joining(", "))
                + ")";
    }
}
