package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which event of several threads can be next. */
class InterleavingTest {
    private static TraceEvent event(int line, int thread, long lo, long hi, Operation operation) {
        return new TraceEvent(
                        line,
                        0,
                        new HostTime(new Interval(lo, hi), null, null),
                        operation,
                        ImmutableMap.of(Field.VCPU, thread),
                        ImmutableMap.of(),
                        ImmutableMap.of())
                .by(thread);
    }

    private static TraceEvent look(int line, int thread, long lo, long hi, StateVariable variable) {
        return new TraceEvent(
                        line,
                        0,
                        new HostTime(new Interval(lo, hi), null, null),
                        Operation.READ_PVCLOCK_PAGE,
                        ImmutableMap.of(Field.VCPU, thread),
                        ImmutableMap.of(),
                        ImmutableMap.of(variable, Map.of(thread, 5L)))
                .by(thread);
    }

    private static List<Integer> next(List<TraceEvent> events, int... taken) {
        BitSet those = new BitSet();
        for (int each : taken) {
            those.set(each);
        }
        return new Interleaving(events).next(those);
    }

    @Test
    void anyThreadMayBeNextWhoseEventNoneMustPrecede() {
        List<TraceEvent> events = List.of(
                event(1, 0, 10, 30, Operation.READ_TSC),
                event(2, 1, 20, 40, Operation.READ_TSC),
                event(3, 2, 31, 50, Operation.READ_TSC));
        assertThat(next(events)).containsExactly(0, 1);
        assertThat(next(events, 0)).containsExactly(1, 2);
    }

    @Test
    void aRequestAndWhatAnEntryCameToAreFollowedUpAtOnce() {
        List<TraceEvent> events = List.of(
                event(1, 0, 10, 50, Operation.ASK_FOR_CLOCK_UPDATE),
                event(1, 0, 10, 50, Operation.ENTER_GUEST),
                look(1, 0, 10, 50, StateVariable.TSC_OFFSET),
                event(2, 1, 20, 40, Operation.READ_TSC));
        assertThat(next(events)).containsExactly(0, 3);
        assertThat(next(events, 0)).containsExactly(1);
        assertThat(next(events, 0, 1)).containsExactly(2);
    }

    /**
     * Between an entry and an exit any event may happen; and state that others can change is compared at its own event.
     */
    @Test
    void otherEventsLeaveRoomForOtherThreads() {
        List<TraceEvent> entered = List.of(
                event(1, 0, 10, 50, Operation.ENTER_GUEST),
                event(1, 0, 10, 50, Operation.EXIT_GUEST),
                event(2, 1, 20, 40, Operation.READ_TSC));
        assertThat(next(entered, 0)).containsExactly(1, 2);
        List<TraceEvent> shared = List.of(
                event(1, 0, 10, 50, Operation.ENTER_GUEST),
                look(1, 0, 10, 50, StateVariable.USE_MASTER_CLOCK),
                event(2, 1, 20, 40, Operation.READ_TSC));
        assertThat(next(shared, 0)).containsExactly(1, 2);
        List<TraceEvent> otherLine = List.of(
                event(1, 0, 10, 50, Operation.ASK_FOR_CLOCK_UPDATE),
                event(3, 0, 10, 50, Operation.ENTER_GUEST),
                event(2, 1, 20, 40, Operation.READ_TSC));
        assertThat(next(otherLine, 0)).containsExactly(1, 2);
    }

    @Test
    void whatMustComeBeforeComesBefore() {
        List<TraceEvent> events = List.of(
                event(1, 0, 10, 50, Operation.ASK_FOR_CLOCK_UPDATE),
                event(1, 0, 45, 50, Operation.ENTER_GUEST),
                event(2, 1, 20, 40, Operation.READ_TSC));
        assertThat(next(events, 0)).containsExactly(2);
    }
}
