package dev.longitude.viewer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A behaviour in the Informal Trace Format, which Apalache and Quint write and their viewers read
 * (https://apalache-mc.org/docs/adr/015adr-trace.html).
 */
public final class Itf {
    private static final JsonMapper JSON = new JsonMapper();

    private Itf() {}

    /**
     * The text of the file.
     *
     * @param description of the behaviour, for a reader
     * @param states for each state its variables, by name; the values are of the form that {@link ItfValue} makes
     */
    public static String of(String description, List<? extends Map<String, ?>> states) {
        Set<String> variables = new LinkedHashSet<>();
        states.forEach(s -> variables.addAll(s.keySet()));
        List<Map<String, Object>> written = new ArrayList<>();
        for (Map<String, ?> state : states) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("#meta", Map.of("index", written.size()));
            all.putAll(state);
            written.add(all);
        }
        Map<String, Object> meta = new LinkedHashMap<>();
        meta.put("format", "ITF");
        meta.put("format-description", "https://apalache-mc.org/docs/adr/015adr-trace.html");
        meta.put("description", description);
        Map<String, Object> trace = new LinkedHashMap<>();
        trace.put("#meta", meta);
        trace.put("vars", variables);
        trace.put("states", written);
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(trace) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
