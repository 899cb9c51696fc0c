package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What later reads show of a counter that was set by value: each read of a value within an interval bounds the offset,
 * and an offset within all bounds is one that the log allows. Of those the two ends are tried.
 */
final class Arm64Hindsight {
    /** One of the two counters: what sets it by value, what reads it, and what else may move it. */
    private record Counter(Operation set, Set<Operation> reads, Operation readInGuest, StateVariable shadow) {}

    private static final Counter VIRTUAL = new Counter(
            Operation.SET_TIMER_CNT,
            Set.of(Operation.GET_TIMER_CNT, Operation.GUEST_READ_CNTVCT),
            Operation.GUEST_READ_CNTVCT,
            StateVariable.SHADOW_CNTVOFF);
    private static final Counter PHYSICAL = new Counter(
            Operation.SET_PTIMER_CNT,
            Set.of(Operation.GET_PTIMER_CNT, Operation.GUEST_READ_CNTPCT),
            Operation.GUEST_READ_CNTPCT,
            StateVariable.SHADOW_CNTPOFF);

    private final List<TraceEvent> events;

    private Arm64Hindsight(List<TraceEvent> events) {
        this.events = events;
    }

    /** The same events, those that set a counter with what is seen of it later. */
    static ImmutableList<TraceEvent> of(List<TraceEvent> events) {
        return new Arm64Hindsight(events).revealed();
    }

    private ImmutableList<TraceEvent> revealed() {
        List<TraceEvent> revealed = new ArrayList<>(events);
        // (The physical counter first: where it is known, it bounds the virtual one, which guests read just before.)
        Interval[] physical = new Interval[events.size()];
        for (int i = 0; i < events.size(); i++) {
            if (events.get(i).operation() == PHYSICAL.set && succeeded(events.get(i))) {
                physical[i] = offsets(i, PHYSICAL, (long) events.get(i).arg(Field.VALUE), physical);
                revealed.set(i, revealing(events.get(i), physical[i]));
            } else if (isCreation(events.get(i))) {
                physical[i] = Interval.exactly(0);
            } else if (events.get(i).operation() == Operation.SET_COUNTER_OFFSET && succeeded(events.get(i))) {
                physical[i] = Interval.exactly((long) events.get(i).arg(Field.OFFSET));
            }
        }
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            if (isCreation(event)) {
                revealed.set(i, revealing(event, offsets(i, VIRTUAL, 0, physical)));
            } else if (event.operation() == VIRTUAL.set && succeeded(event)) {
                revealed.set(i, revealing(event, offsets(i, VIRTUAL, (long) event.arg(Field.VALUE), physical)));
            }
        }
        return ImmutableList.copyOf(revealed);
    }

    private static TraceEvent revealing(TraceEvent event, Interval offsets) {
        return event.revealing(ImmutableSet.of(offsets.lo(), offsets.hi()), event.state());
    }

    private static boolean succeeded(TraceEvent event) {
        return Integer.valueOf(0).equals(event.results().get(Field.ERRNO));
    }

    private static boolean isCreation(TraceEvent event) {
        return event.operation() == Operation.CREATE_VCPU || event.operation() == Operation.BEGIN_CREATE_VCPU;
    }

    /** The offsets that a counter may have had after event {@code from} set it to {@code value}. */
    private Interval offsets(int from, Counter counter, long value, @Nullable Interval[] physical) {
        TraceEvent set = events.get(from);
        Interval range = minus(set.counter(), value);
        for (int i = from + 1; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            if (event.vm() != set.vm()) {
                continue;
            }
            if (moves(event, counter)) {
                // (The end of a creation belongs to its begin.)
                if (event.operation() == Operation.CREATE_VCPU && event.line() == set.line()) {
                    continue;
                }
                break;
            }
            // (A loop is the set's own: no other begins before it has ended.)
            if (event.operation() == Operation.BROADCAST_TO
                    && event.state().get(counter.shadow) instanceof Map<?, ?> shown
                    && shown.get(event.vcpu()) instanceof Long offset
                    && range.contains(offset)) {
                return Interval.exactly(offset);
            }
            Object seen = event.results().get(Field.VALUE);
            if (seen != null && counter.reads.contains(event.operation())) {
                Interval narrowed = intersection(range, minus(readAt(i, physical), (long) seen));
                if (narrowed == null) {
                    break; // the log contradicts itself here, and the validator will say so
                }
                range = narrowed;
            }
        }
        return range;
    }

    private static boolean moves(TraceEvent event, Counter counter) {
        return isCreation(event)
                || ((event.operation() == counter.set || event.operation() == Operation.SET_COUNTER_OFFSET)
                        && succeeded(event));
    }

    /** When event {@code i} read: a guest's read of CNTVCT not later than its read of CNTPCT just after. */
    private Interval readAt(int i, @Nullable Interval[] physical) {
        TraceEvent event = events.get(i);
        TraceEvent next = i + 1 < events.size() ? events.get(i + 1) : event;
        if (event.operation() != VIRTUAL.readInGuest
                || next.operation() != PHYSICAL.readInGuest
                || !(next.results().get(Field.VALUE) instanceof Long later)) {
            return event.counter();
        }
        for (int before = i; before >= 0; before--) {
            Interval offset = physical[before];
            if (offset != null && events.get(before).vm() == event.vm()) {
                long latest = later + offset.hi();
                return event.counter().contains(latest)
                        ? new Interval(event.counter().lo(), latest)
                        : event.counter();
            }
        }
        return event.counter();
    }

    private static Interval minus(Interval when, long value) {
        return new Interval(when.lo() - value, when.hi() - value);
    }

    private static @Nullable Interval intersection(Interval one, Interval other) {
        long lo = other.lo() - one.lo() > 0 ? other.lo() : one.lo();
        long hi = other.hi() - one.hi() < 0 ? other.hi() : one.hi();
        return hi - lo < 0 ? null : new Interval(lo, hi);
    }
}
