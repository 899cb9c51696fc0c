package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
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

/** What the events of a trace tell of each other's instants, where those were not seen exactly. */
final class Lookahead {
    private Lookahead() {}

    /** Whether an event's instant and its arguments were seen: then nothing later tells more of them. */
    static boolean isSeen(TraceHeader header, TraceEvent event) {
        Interval ns = event.when().ns();
        return event.hasArgs()
                && event.counter().isExact()
                && (header.arch() == Arch.ARM64 || (ns != null && ns.isExact()));
    }

    /** The same events, with what the others tell of when they were. */
    static ImmutableList<TraceEvent> of(TraceHeader header, List<TraceEvent> events) {
        ImmutableList<TraceEvent> narrowed = narrowed(header, events);
        // A step that nobody saw may have moved what later events show.
        if (header.threads() || !header.silent().isEmpty() || !events.stream().allMatch(TraceEvent::hasArgs)) {
            return narrowed;
        }
        return header.arch() == Arch.X86 ? Hindsight.shown(narrowed) : Arm64Hindsight.of(narrowed);
    }

    /** Each instant not before those that stand before it, and not after those that stand after it. */
    private static ImmutableList<TraceEvent> narrowed(TraceHeader header, List<TraceEvent> events) {
        Interval[] when = new Interval[events.size()];
        Map<List<Integer>, Interval> neighbour = new HashMap<>();
        for (int i = 0; i < when.length; i++) {
            when[i] = events.get(i).counter();
            Interval earlier = neighbour.get(line(header, events.get(i)));
            if (earlier != null && when[i].contains(earlier.lo())) {
                when[i] = new Interval(earlier.lo(), when[i].hi());
            }
            neighbour.put(line(header, events.get(i)), when[i]);
            forgetAtResume(header, events.get(i), neighbour);
        }
        neighbour.clear();
        for (int i = when.length - 1; i >= 0; i--) {
            forgetAtResume(header, events.get(i), neighbour);
            Interval later = neighbour.get(line(header, events.get(i)));
            if (later != null && when[i].contains(later.hi())) {
                when[i] = new Interval(when[i].lo(), later.hi());
            }
            neighbour.put(line(header, events.get(i)), when[i]);
        }
        ImmutableList.Builder<TraceEvent> narrowed = ImmutableList.builderWithExpectedSize(when.length);
        for (int i = 0; i < when.length; i++) {
            TraceEvent event = events.get(i);
            narrowed.add(event.at(
                    new HostTime(when[i], event.when().ns(), event.when().realtime())));
        }
        return narrowed.build();
    }

    /** A host that comes back from suspend does so with another TSC. */
    private static void forgetAtResume(TraceHeader header, TraceEvent event, Map<List<Integer>, Interval> neighbour) {
        if (event.operation() == Operation.HOST_RESUMES) {
            neighbour.remove(line(header, event));
        }
    }

    /** Events that stand in order have the same line. */
    private static List<Integer> line(TraceHeader header, TraceEvent event) {
        return header.arch() == Arch.X86 ? List.of(event.vm(), event.thread()) : List.of(event.thread());
    }

    /** The events of several threads, in groups: each group is wholly before the next. */
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
