package dev.longitude.data;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of a trace that concerns one state: on x86 a VM's, on arm64 the host's; see {@link TraceHeader.Host#subject}.
 *
 * @param header with the host as it was when the first event happened
 * @param events its events, at least one
 * @param places the places of these events in the trace, from 0; an event of the host is one of each VM that exists
 */
public record Subject(TraceHeader header, ImmutableList<TraceEvent> events, ImmutableList<Integer> places) {
    /** The parts of a trace, by their first event. An event of the host before all others is in none. */
    public static ImmutableList<Subject> of(Trace trace) {
        Map<Integer, TraceHeader> headers = new LinkedHashMap<>();
        Map<Integer, List<Integer>> places = new LinkedHashMap<>();
        TraceHeader header = trace.header();
        for (int i = 0; i < trace.events().size(); i++) {
            TraceEvent event = trace.events().get(i);
            if (event.operation().isOfHost()) {
                header = header.withHost(header.host().after(event));
                for (List<Integer> each : places.values()) {
                    each.add(i);
                }
            } else {
                int subject = header.host().subject(event);
                headers.putIfAbsent(subject, header);
                places.computeIfAbsent(subject, s -> new ArrayList<>()).add(i);
            }
        }
        ImmutableList.Builder<Subject> subjects = ImmutableList.builder();
        headers.forEach((subject, of) -> {
            ImmutableList<Integer> those = ImmutableList.copyOf(places.getOrDefault(subject, List.of()));
            ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
            those.forEach(place -> events.add(trace.events().get(place)));
            subjects.add(new Subject(of, events.build(), those));
        });
        return subjects.build();
    }

    /** The same as a trace of its own. */
    public Trace alone() {
        return new Trace(header, events);
    }
}
