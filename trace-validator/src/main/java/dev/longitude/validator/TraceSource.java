package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The events of a trace as the validator takes them: one by one, or together where their order is not known. A trace of
 * several threads is read as a whole and split where all events of one part come before those of the next.
 */
public final class TraceSource {
    private interface Events {
        @Nullable
        TraceEvent next() throws TraceFormatException;
    }

    private final TraceHeader header;
    private final Events events;
    private @Nullable Iterator<ImmutableList<TraceEvent>> rest;

    private TraceSource(TraceHeader header, Events events, @Nullable Iterator<ImmutableList<TraceEvent>> rest) {
        this.header = header;
        this.events = events;
        this.rest = rest;
    }

    /** A trace that is read as it is judged. */
    public static TraceSource of(TraceHeader header, TraceReader reader) {
        return new TraceSource(header, reader::next, null);
    }

    /** A trace in memory. */
    public static TraceSource of(Trace trace) {
        Iterator<TraceEvent> each = trace.events().iterator();
        return new TraceSource(trace.header(), () -> each.hasNext() ? each.next() : null, null);
    }

    /** The next event, or the next ones together; none after the last. */
    public List<TraceEvent> next() throws TraceFormatException {
        if (rest == null) {
            TraceEvent event = events.next();
            if (event == null) {
                return List.of();
            }
            if (!header.threads()) {
                return List.of(event);
            }
            List<TraceEvent> kept = new ArrayList<>();
            for (; event != null; event = events.next()) {
                kept.add(event);
            }
            rest = Lookahead.groups(Lookahead.narrowed(header, kept)).iterator();
        }
        return rest.hasNext() ? rest.next() : List.of();
    }
}
