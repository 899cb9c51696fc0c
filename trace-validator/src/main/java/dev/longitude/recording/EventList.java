package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The events of a log as an importer creates them: in the order of each thread. */
final class EventList {
    private final List<TraceEvent> events = new ArrayList<>();
    private int lanes;
    private boolean threads;

    /**
     * @param lanes how many threads the log has
     * @param threads whether their operations overlap
     */
    EventList(int lanes, boolean threads) {
        this.lanes = lanes;
        this.threads = threads;
    }

    /** Adds a thread for an event that may have happened at any time within an operation. */
    int newLane() {
        threads = true;
        return lanes++;
    }

    int size() {
        return events.size();
    }

    /** Adds an event that happened within {@code when}. */
    void add(
            Segment segment,
            int lane,
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state) {
        events.add(event(segment, lane, when, operation, args, results, state));
    }

    /** Adds an event that may not have happened. */
    void addOptional(Segment segment, int lane, Interval when, Operation operation, Map<Field, Object> args) {
        addOptional(segment, lane, when, operation, args, Map.of());
    }

    /** The same, with its result if it happened. */
    void addOptional(
            Segment segment,
            int lane,
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results) {
        events.add(
                event(segment, lane, when, operation, args, results, Map.of()).maybe());
    }

    /** Adds an event of the host that happened within {@code when}. */
    void addOfHost(int line, int lane, Interval when, Operation operation, ImmutableMap<Field, Object> args) {
        events.add(new TraceEvent(
                line,
                TraceEvent.HOST,
                new HostTime(when, null, null),
                operation,
                args,
                ImmutableMap.of(),
                ImmutableMap.of(),
                lane,
                false));
    }

    private static TraceEvent event(
            Segment segment,
            int lane,
            Interval when,
            Operation operation,
            Map<Field, Object> args,
            Map<Field, Object> results,
            Map<StateVariable, Object> state) {
        // The kernel reads the base clock after the TSC; a thread may be preempted in between.
        Interval nsCounter = switch (operation) {
            case WRITE_TSC, CREATE_VCPU, SET_TSC_OFFSET, ENTER_GUEST, CANCEL_ENTRY, REENTER_GUEST, X86_VCPU_LOAD ->
                segment.from(when.lo());
            default -> null;
        };
        return new TraceEvent(
                        segment.record().line(),
                        Math.max(segment.vm(), 0),
                        new HostTime(when, null, segment.realtime(), nsCounter),
                        operation,
                        ImmutableMap.copyOf(args),
                        ImmutableMap.copyOf(results),
                        ImmutableMap.copyOf(state))
                .by(lane);
    }

    /** Whether only the events of one thread are in order. */
    boolean threads() {
        return threads;
    }

    /** The events ordered by start, those of one thread in its order. */
    ImmutableList<TraceEvent> inOrder() {
        if (events.isEmpty()) {
            return ImmutableList.of();
        }
        long origin = events.get(0).counter().lo();
        List<TraceEvent> sorted = new ArrayList<>(events);
        if (threads) {
            sorted.sort((a, b) ->
                    Long.compare(a.counter().lo() - origin, b.counter().lo() - origin));
            return ImmutableList.copyOf(sorted);
        }
        return sorted.stream().map(e -> e.by(0)).collect(ImmutableList.toImmutableList());
    }
}
