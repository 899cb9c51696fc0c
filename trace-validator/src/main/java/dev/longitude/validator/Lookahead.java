package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Narrows the instants of a trace's events by their order. */
final class Lookahead {
    private Lookahead() {}

    /** The events, each instant no earlier than those before it and no later than those after it. */
    static ImmutableList<TraceEvent> narrowed(TraceHeader header, List<TraceEvent> events) {
        Interval[] when = new Interval[events.size()];
        Map<ProgramOrder, Interval> neighbour = new HashMap<>();
        for (int i = 0; i < when.length; i++) {
            when[i] = events.get(i).counter();
            for (Interval earlier : beside(header, events.get(i), neighbour)) {
                if (when[i].contains(earlier.lo())) {
                    when[i] = new Interval(earlier.lo(), when[i].hi());
                }
            }
            neighbour.put(ProgramOrder.of(header, events.get(i)), when[i]);
            forgetAtResume(events.get(i), neighbour);
        }
        neighbour.clear();
        for (int i = when.length - 1; i >= 0; i--) {
            forgetAtResume(events.get(i), neighbour);
            for (Interval later : beside(header, events.get(i), neighbour)) {
                if (when[i].contains(later.hi())) {
                    when[i] = new Interval(when[i].lo(), later.hi());
                }
            }
            neighbour.put(ProgramOrder.of(header, events.get(i)), when[i]);
        }
        ImmutableList.Builder<TraceEvent> narrowed = ImmutableList.builderWithExpectedSize(when.length);
        for (int i = 0; i < when.length; i++) {
            TraceEvent event = events.get(i);
            narrowed.add(event.at(new HostTime(
                    when[i],
                    event.when().ns(),
                    event.when().realtime(),
                    event.when().nsCounter())));
        }
        return narrowed.build();
    }

    /** A host resumes from suspend with another TSC. */
    private static void forgetAtResume(TraceEvent event, Map<ProgramOrder, Interval> neighbour) {
        if (event.operation() == Operation.HOST_RESUMES) {
            neighbour.clear();
        }
    }

    /** The neighbours of an event in program order; an event of the host is in order with those of all VMs. */
    private static List<Interval> beside(TraceHeader header, TraceEvent event, Map<ProgramOrder, Interval> neighbour) {
        ProgramOrder own = ProgramOrder.of(header, event);
        return neighbour.entrySet().stream()
                .filter(e -> e.getKey().equals(own)
                        || (e.getKey().thread == event.thread()
                                && (event.operation().isOfHost() || e.getKey().subject == TraceEvent.HOST)))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** The key of events that are in program order. */
    private record ProgramOrder(int subject, int thread) {
        static ProgramOrder of(TraceHeader header, TraceEvent event) {
            return new ProgramOrder(header.host().subject(event), event.thread());
        }
    }

    /** The events of several threads, in groups: each group ends before the next begins. */
    static ImmutableList<ImmutableList<TraceEvent>> groups(List<TraceEvent> events) {
        List<TraceEvent> sorted = new ArrayList<>(events);
        long origin = events.isEmpty() ? 0 : events.get(0).counter().lo();
        sorted.sort(Comparator.comparingLong(e -> e.counter().lo() - origin));
        ImmutableList.Builder<ImmutableList<TraceEvent>> groups = ImmutableList.builder();
        List<TraceEvent> group = new ArrayList<>();
        long end = origin;
        for (TraceEvent event : sorted) {
            if (!group.isEmpty() && event.counter().lo() - end > 0) {
                groups.add(ImmutableList.copyOf(group));
                group.clear();
            }
            end = group.isEmpty() || event.counter().hi() - end > 0
                    ? event.counter().hi()
                    : end;
            group.add(event);
        }
        return group.isEmpty()
                ? groups.build()
                : groups.add(ImmutableList.copyOf(group)).build();
    }
}
