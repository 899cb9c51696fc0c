package dev.longitude.trace;

import static java.util.Objects.requireNonNullElse;

import org.jspecify.annotations.Nullable;

/**
 * What befell the host, as version 1 of the format tells it: a line for each VM that there was then. The first of them is
 * the event, for all VMs; the others say again what is known. What such a line shows of its VM's state is not used: the
 * VM's next line shows it.
 */
final class HostEventsOfVms {
    private TraceHeader.Host host;
    private @Nullable TraceEvent lastResume;

    HostEventsOfVms(TraceHeader header) {
        this.host = header.host();
    }

    /** Whether an event is one of the host that was told before, of another VM. */
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
