package dev.longitude.properties;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The traces that a property plays. A property notes each before it plays or judges it; they are kept only while a
 * failure is repeated, to show it ({@link FailureWitness}).
 */
final class PlayedTraces {
    private record Noted(TraceHeader header, List<TraceEvent> events) {}

    /** Of this thread; null while none is kept. */
    private static final ThreadLocal<@Nullable List<Noted>> NOTED = new ThreadLocal<>();

    private PlayedTraces() {}

    /** Whether traces are kept: then their events should show the state. */
    static boolean areKept() {
        return NOTED.get() != null;
    }

    /**
     * Notes a trace.
     *
     * @param events grows while the trace is played
     */
    static void note(TraceHeader header, List<TraceEvent> events) {
        List<Noted> noted = NOTED.get();
        if (noted != null) {
            noted.add(new Noted(header, events));
        }
    }

    /** Notes a trace that is complete. */
    static void note(Trace trace) {
        note(trace.header(), trace.events());
    }

    /** What may fail. */
    interface Body {
        void run() throws Exception;
    }

    /** The traces that a body notes before it ends or fails, as far as it plays them. */
    static ImmutableList<Trace> during(Body body) {
        List<Noted> noted = new ArrayList<>();
        NOTED.set(noted);
        try {
            body.run();
        } catch (Exception e) {
            // It is repeated because it fails: jqwik has reported how.
        } finally {
            NOTED.remove();
        }
        return noted.stream()
                .map(n -> new Trace(n.header, ImmutableList.copyOf(n.events)))
                .collect(ImmutableList.toImmutableList());
    }
}
