package dev.longitude.advise;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What to change in a recipe: an answer for each property that fails, or several if one change does not do in all cases.
 *
 * @param recipe its name
 * @param cases the cases that were asked
 * @param otherWorlds the worlds in which the recipe is judged too, and that were not asked
 * @param undecided what is not known, each a sentence: where there is anything, no failure may have been seen
 */
public record Advice(
        @JsonProperty(required = true) String recipe,
        @JsonProperty(required = true) List<String> cases,
        @JsonProperty(required = true) List<String> otherWorlds,
        @JsonProperty(required = true) List<Answer> answers,

        @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY)
        List<String> undecided) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Copies the lists. */
    public Advice {
        cases = ImmutableList.copyOf(cases);
        otherWorlds = ImmutableList.copyOf(otherWorlds);
        answers = ImmutableList.copyOf(answers);
        undecided = ImmutableList.copyOf(undecided);
    }

    /** Whether everything is known, and there is a change for everything that fails. */
    @JsonIgnore
    public boolean isComplete() {
        return undecided.isEmpty() && answers.stream().allMatch(Answer::isFound);
    }

    /** Without the answers that have a change. */
    public Advice open() {
        return new Advice(
                recipe,
                cases,
                otherWorlds,
                answers.stream().filter(a -> !a.isFound()).toList(),
                undecided);
    }

    /** As JSON, on one line. */
    public String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Several as a JSON array, one a line. */
    public static String json(List<Advice> all) {
        return all.stream().map(Advice::json).collect(Collectors.joining(",\n", "[\n", "\n]\n"));
    }

    /**
     * Reads {@link #json(List)}.
     *
     * @throws JsonProcessingException if the text has another form
     */
    public static ImmutableList<Advice> read(String json) throws JsonProcessingException {
        return ImmutableList.copyOf(JSON.readValue(json, new TypeReference<List<Advice>>() {}));
    }

    /** The answers, those with one change together. */
    ImmutableList<ImmutableList<Answer>> groups() {
        List<List<Answer>> groups = new ArrayList<>();
        for (Answer answer : answers) {
            groups.stream()
                    .filter(g -> g.get(0).isSameChange(answer))
                    .findFirst()
                    .ifPresentOrElse(g -> g.add(answer), () -> groups.add(new ArrayList<>(List.of(answer))));
        }
        return groups.stream().map(ImmutableList::copyOf).collect(ImmutableList.toImmutableList());
    }
}
