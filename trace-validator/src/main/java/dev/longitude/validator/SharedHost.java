package dev.longitude.validator;

import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state that the VMs of one host share on x86: the host as the events so far have left it, and its time. */
final class SharedHost {
    private TraceHeader.Host now;

    /** The VM of the last event, and the latest lower bound of an instant of its events. */
    private int vm = TraceEvent.HOST;

    private long latest;
    private boolean any;

    /** The same of the other VMs. */
    private final Map<Integer, Long> others = new HashMap<>();

    SharedHost(TraceHeader.Host atFirst) {
        this.now = atFirst;
    }

    /** The host as it is now. */
    TraceHeader.Host now() {
        return now;
    }

    /** Something befalls the host. */
    void befalls(TraceEvent event) {
        now = now.after(event);
        if (event.operation() == Operation.HOST_RESUMES) { // its TSC has gone back
            others.clear();
            any = false;
        }
    }

    /**
     * An instant of another VM.
     *
     * @param tsc the host's TSC, cycles, unsigned
     */
    record Instant(int vm, long tsc) {}

    /**
     * Takes an event's instant. Its line comes after those of all events so far.
     *
     * @return an event of another VM that certainly happened later; null if there is none
     */
    @Nullable
    Instant takeInstant(TraceEvent event) {
        long lo = event.counter().lo();
        if (any && vm == event.vm() && others.isEmpty()) {
            latest = lo - latest > 0 ? lo : latest;
            return null;
        }
        if (any && vm != event.vm()) {
            others.put(vm, latest);
            Long own = others.remove(event.vm());
            latest = own == null ? lo : own;
        } else if (!any) {
            latest = lo;
        }
        any = true;
        vm = event.vm();
        for (Map.Entry<Integer, Long> other : others.entrySet()) {
            if (event.counter().hi() - other.getValue() < 0) {
                return new Instant(other.getKey(), other.getValue());
            }
        }
        latest = lo - latest > 0 ? lo : latest;
        return null;
    }
}
