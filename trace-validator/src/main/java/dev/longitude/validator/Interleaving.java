package dev.longitude.validator;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The possible orders of events of several threads: those of one thread are in program order, and none happened before
 * another that had ended when it began.
 */
final class Interleaving {
    private static final ImmutableSet<StateVariable> OF_A_VCPU = Sets.immutableEnumSet(
            StateVariable.TSC_OFFSET,
            StateVariable.PVCLOCK_TSC_TIMESTAMP,
            StateVariable.PVCLOCK_SYSTEM_TIME,
            StateVariable.PVCLOCK_MUL,
            StateVariable.PVCLOCK_SHIFT,
            StateVariable.PVCLOCK_FLAGS);

    private final List<TraceEvent> events;

    Interleaving(List<TraceEvent> events) {
        this.events = events;
    }

    /** The events that can be next, by their places, after some have been taken. */
    List<Integer> next(BitSet taken) {
        Map<Integer, Integer> firstOfThread = new LinkedHashMap<>();
        for (int i = taken.nextClearBit(0); i < events.size(); i = taken.nextClearBit(i + 1)) {
            firstOfThread.putIfAbsent(events.get(i).thread(), i);
        }
        Collection<Integer> pending = firstOfThread.values();
        List<Integer> next = pending.stream()
                .filter(i -> pending.stream()
                        .noneMatch(j ->
                                isBefore(events.get(j).counter(), events.get(i).counter())))
                .toList();
        return next.stream()
                .filter(i -> isBegun(i, taken))
                .findFirst()
                .map(List::of)
                .orElse(next);
    }

    /**
     * Whether the event before this one in its thread has been taken, and no event of another thread need come between.
     * That is so where an entry follows the request that it performs, and where a line of a log shows the result of an
     * entry: such a pair commutes with what other threads do meanwhile.
     */
    private boolean isBegun(int place, BitSet taken) {
        TraceEvent event = events.get(place);
        for (int i = taken.previousSetBit(place - 1); i >= 0; i = taken.previousSetBit(i - 1)) {
            TraceEvent before = events.get(i);
            if (before.thread() == event.thread()) {
                return event.line() > 0
                        && before.line() == event.line()
                        && before.vcpu() == event.vcpu()
                        && (before.operation() == Operation.ASK_FOR_CLOCK_UPDATE || isLook(event));
            }
        }
        return false;
    }

    /** Whether an event shows only state of its vCPU, which no other thread can change meanwhile. */
    private static boolean isLook(TraceEvent event) {
        return event.operation() == Operation.READ_PVCLOCK_PAGE
                && event.results().isEmpty()
                && OF_A_VCPU.containsAll(event.state().keySet());
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

    /** Of the events that can be next, the one whose interval ends first. */
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
