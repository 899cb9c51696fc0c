package dev.longitude.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The result of one thing that a command judged: a model, a trace, a property of a recipe in one case.
 *
 * @param suite what kind of thing it is, with what several results share: {@code recipe mine v6.12}
 * @param name its name among these
 * @param status whether it holds
 * @param rule what was asked of it: the name of a property, or {@code conforms}
 * @param message the reason, one or more lines of text; empty if there is nothing to say
 * @param where the place that the result rests on, then others that belong to it; may be empty
 * @param seconds how long it took, or null if that was not measured for it alone
 * @param details more values of this kind of result, by name
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record CaseResult(
        String suite,
        String name,
        Status status,
        String rule,
        String message,
        ImmutableList<Location> where,
        @Nullable Double seconds,
        ImmutableMap<String, Object> details) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .build();

    /** A result without a place and details, which took an unknown time. */
    public static CaseResult of(String suite, String name, Status status, String rule, String message) {
        return new CaseResult(suite, name, status, rule, message, ImmutableList.of(), null, ImmutableMap.of());
    }

    /** The same with the places that it rests on, the first one first. */
    public CaseResult at(Location... places) {
        return new CaseResult(suite, name, status, rule, message, ImmutableList.copyOf(places), seconds, details);
    }

    /** The same, which took so long. */
    public CaseResult took(double time) {
        return new CaseResult(suite, name, status, rule, message, where, time, details);
    }

    /** The same with more values. */
    public CaseResult with(Map<String, ?> more) {
        return new CaseResult(suite, name, status, rule, message, where, seconds, ImmutableMap.copyOf(more));
    }

    /** As a JSON object on one line; {@code result.schema.json} describes it. */
    public String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The message's first line, or the status if there is none. */
    String headline() {
        return message.lines().findFirst().filter(line -> !line.isBlank()).orElse(status.toString());
    }
}
