package dev.longitude.trace;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;

/** The contents of an event's line while it is read. */
final class EventLine {
    int seq;

    /** {@link TraceEvent#HOST} if the line names none. */
    int vm;

    int thread;

    @Nullable
    Interval counter;

    @Nullable
    Interval ns;

    @Nullable
    Interval realtime;

    @Nullable
    Interval nsCounter;

    @Nullable
    Operation operation;

    ImmutableMap<Field, Object> args = ImmutableMap.of();
    ImmutableMap<Field, Object> results = ImmutableMap.of();
    ImmutableMap<StateVariable, Object> state = ImmutableMap.of();

    EventLine() {
        clear();
    }

    /** Resets to an empty line. */
    void clear() {
        seq = -1;
        vm = TraceEvent.HOST;
        thread = -1;
        counter = null;
        ns = null;
        realtime = null;
        nsCounter = null;
        operation = null;
        args = ImmutableMap.of();
        results = ImmutableMap.of();
        state = ImmutableMap.of();
    }

    /**
     * The event.
     *
     * @param source what the line was read from
     * @param earliest the host's counter at the previous event, unsigned: a lower bound where the line shows no counter
     * @param hostIsNoVm whether an event of the host names no VM and shows no VM's state (since version 2)
     */
    TraceEvent event(LineSource source, TraceHeader header, long earliest, boolean hostIsNoVm)
            throws TraceFormatException {
        if (operation == null) {
            throw source.fault(1, "expected action in the event");
        }
        boolean ofHost = operation.isOfHost();
        if (ofHost && hostIsNoVm && (vm != TraceEvent.HOST || !state.isEmpty())) {
            throw source.fault(
                    1, "expected neither vm nor state: " + operation + " happens to the host, and so to all its VMs");
        }
        if (header.threads() != (thread >= 0)) {
            throw source.fault(
                    1,
                    header.threads()
                            ? "expected thread in the event, because the header says threads"
                            : "expected no thread in the event, because the header does not say threads");
        }
        if (header.threads() && operation == Operation.HOST_RESUMES) {
            throw source.fault(1, "the host's TSC gives the order of threads, and " + operation + " sets it back");
        }
        return new TraceEvent(
                source.line(),
                ofHost ? TraceEvent.HOST : Math.max(0, vm),
                new HostTime(counter == null ? Interval.from(earliest) : counter, ns, realtime, nsCounter),
                operation,
                args,
                results,
                ofHost ? ImmutableMap.of() : state,
                Math.max(0, thread),
                false);
    }
}
