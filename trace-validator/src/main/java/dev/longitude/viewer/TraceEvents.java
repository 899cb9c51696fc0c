package dev.longitude.viewer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A timeline in the trace-event format of Chrome, which Perfetto (ui.perfetto.dev) opens: a track for each vCPU. */
public final class TraceEvents {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int PROCESS = 1;

    /** The track of what is done once, for the VM. */
    private static final int VM_TRACK = 1;

    private static final int FIRST_VCPU_TRACK = 2;

    private final List<Map<String, Object>> events = new ArrayList<>();
    private final Map<Integer, String> tracks = new LinkedHashMap<>();

    /**
     * An empty timeline.
     *
     * @param title what it shows
     */
    public TraceEvents(String title) {
        events.add(event("process_name", "M", 0, VM_TRACK, Map.of("name", title)));
    }

    /**
     * Adds something that happens at an instant.
     *
     * @param us when, in microseconds
     * @param vcpu on or for which vCPU; empty: for the VM
     * @param details shown when a reader selects it
     */
    public void instant(String what, double us, Optional<Integer> vcpu, Map<String, ?> details) {
        Map<String, Object> event = event(what, "i", us, track(vcpu), details);
        event.put("s", "t");
        events.add(event);
    }

    /** Adds the begin of something that lasts; {@link #end} ends the last one of the same vCPU. */
    public void begin(String what, double us, Optional<Integer> vcpu) {
        events.add(event(what, "B", us, track(vcpu), Map.of()));
    }

    /** Ends what lasts. */
    public void end(String what, double us, Optional<Integer> vcpu) {
        events.add(event(what, "E", us, track(vcpu), Map.of()));
    }

    /** Adds the values of a counter at an instant. */
    public void counter(String name, double us, Map<String, ?> values) {
        events.add(event(name, "C", us, VM_TRACK, values));
    }

    private int track(Optional<Integer> vcpu) {
        int track = vcpu.map(v -> FIRST_VCPU_TRACK + v).orElse(VM_TRACK);
        if (!tracks.containsKey(track)) {
            String name = vcpu.map(v -> "vCPU " + v).orElse("VM");
            tracks.put(track, name);
            events.add(event("thread_name", "M", 0, track, Map.of("name", name)));
        }
        return track;
    }

    private static Map<String, Object> event(String name, String phase, double us, int track, Map<String, ?> args) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("name", name);
        event.put("ph", phase);
        event.put("ts", us);
        event.put("pid", PROCESS);
        event.put("tid", track);
        event.put("args", args);
        return event;
    }

    /** The text of the file. */
    public String json() {
        try {
            return JSON.writerWithDefaultPrettyPrinter()
                            .writeValueAsString(Map.of("displayTimeUnit", "ms", "traceEvents", events))
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
