package dev.longitude.validator;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.longitude.trace.TraceEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The properties that failed on the path to a candidate, by name, each with the event at which it failed.
 *
 * @param certain those that failed, whatever the unknowns are
 * @param possible those that failed for some values of the unknowns
 */
record Failures(ImmutableMap<String, TraceEvent> certain, ImmutableMap<String, TraceEvent> possible) {
    static final Failures NONE = new Failures(ImmutableMap.of(), ImmutableMap.of());

    /** These, and that a property fails at an event. */
    Failures certainly(String property, TraceEvent event) {
        return certain.containsKey(property) ? this : new Failures(with(certain, property, event), possible);
    }

    /** These, and that a property may fail at an event. */
    Failures possibly(String property, TraceEvent event) {
        return certain.containsKey(property) || possible.containsKey(property)
                ? this
                : new Failures(certain, with(possible, property, event));
    }

    /**
     * The failures when either these or the others are the case. Certain are those certain in both, at the later event;
     * possible is whatever is in either, at the earlier event.
     */
    Failures orElse(Failures other) {
        if (equals(other)) {
            return this;
        }
        ImmutableMap.Builder<String, TraceEvent> both = ImmutableMap.builder();
        Map<String, TraceEvent> either = new LinkedHashMap<>(possible);
        other.possible.forEach((property, event) -> either.merge(property, event, Failures::earlier));
        certain.forEach((property, event) -> {
            TraceEvent there = other.certain.get(property);
            if (there != null) {
                both.put(property, earlier(event, there).equals(event) ? there : event);
            } else {
                either.merge(property, event, Failures::earlier);
            }
        });
        other.certain.forEach((property, event) -> {
            if (!certain.containsKey(property)) {
                either.merge(property, event, Failures::earlier);
            }
        });
        return new Failures(both.buildOrThrow(), ImmutableMap.copyOf(either));
    }

    /** The same, with only these properties certain. */
    Failures certainOnlyOf(Set<String> properties) {
        Failures weaker = new Failures(ImmutableMap.copyOf(Maps.filterKeys(certain, properties::contains)), possible);
        for (Map.Entry<String, TraceEvent> each : certain.entrySet()) {
            weaker = weaker.possibly(each.getKey(), each.getValue());
        }
        return weaker;
    }

    private static TraceEvent earlier(TraceEvent one, TraceEvent other) {
        return other.counter().lo() - one.counter().lo() < 0 ? other : one;
    }

    private static ImmutableMap<String, TraceEvent> with(
            ImmutableMap<String, TraceEvent> some, String property, TraceEvent event) {
        return ImmutableMap.<String, TraceEvent>builderWithExpectedSize(some.size() + 1)
                .putAll(some)
                .put(property, event)
                .buildOrThrow();
    }
}
