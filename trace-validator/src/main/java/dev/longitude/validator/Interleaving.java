package dev.longitude.validator;

import dev.longitude.trace.Interval;
import dev.longitude.trace.TraceEvent;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The orders of events of several threads: those of one thread stand in order, and none happened before another that had
 * ended when it began.
 */
final class Interleaving {
    private final List<TraceEvent> events;

    Interleaving(List<TraceEvent> events) {
        this.events = events;
    }

    /** The events that can be the next, by their places, when some have been taken. */
    List<Integer> next(BitSet taken) {
        Set<Integer> threads = new HashSet<>();
        List<Integer> pending = new java.util.ArrayList<>();
        for (int i = taken.nextClearBit(0); i < events.size(); i = taken.nextClearBit(i + 1)) {
            if (threads.add(events.get(i).thread())) {
                pending.add(i);
            }
        }
        return pending.stream()
                .filter(i -> pending.stream()
                        .noneMatch(j ->
                                isBefore(events.get(j).counter(), events.get(i).counter())))
                .toList();
    }

    private static boolean isBefore(Interval one, Interval other) {
        return other.lo() - one.hi() > 0;
    }

    TraceEvent event(int place) {
        return events.get(place);
    }

    int size() {
        return events.size();
    }

    /** Of the events that can be the next, the one that must have happened first. */
    TraceEvent mostUrgent(BitSet taken) {
        List<Integer> pending = next(taken);
        TraceEvent event = events.get(pending.get(0));
        for (int i : pending) {
            if (events.get(i).counter().hi() - event.counter().hi() < 0) {
                event = events.get(i);
            }
        }
        return event;
    }
}
