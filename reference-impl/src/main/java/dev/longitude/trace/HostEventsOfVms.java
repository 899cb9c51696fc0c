package dev.longitude.trace;

import static java.util.Objects.requireNonNullElse;

import org.jspecify.annotations.Nullable;

/**
 * Events of the host in version 1 of the format: one line for each VM that existed then. The first line is the event,
 * for all VMs; the others repeat it. The reader ignores the VM's state in such a line: the VM's next line shows it.
 */
final class HostEventsOfVms {
    private TraceHeader.Host host;
    private @Nullable TraceEvent lastResume;

    HostEventsOfVms(TraceHeader header) {
        this.host = header.host();
    }

    /** Whether an event of the host repeats one that another VM's line has shown. */
    boolean isRepeated(TraceEvent event) {
        if (!(host instanceof TraceHeader.X86 x86) || !event.operation().isOfHost()) {
            lastResume = null;
            return false;
        }
        if (event.operation() == Operation.HOST_RESUMES) {
            boolean again = lastResume != null
                    && lastResume.args().equals(event.args())
                    && lastResume.when().equals(event.when());
            lastResume = requireNonNullElse(again ? lastResume : null, event);
            return again;
        }
        lastResume = null;
        if (!event.hasArgs()) {
            return false;
        }
        TraceHeader.X86 after = x86.after(event);
        boolean again = after.equals(x86);
        host = after;
        return again;
    }
}
