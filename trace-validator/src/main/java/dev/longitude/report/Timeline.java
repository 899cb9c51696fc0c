package dev.longitude.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What happened, step by step: operations in lanes, what clocks showed, and the state.
 *
 * @param title what it shows
 * @param numbered what a step's number counts: "step", or "line" of a file
 * @param says sentences about it, the most important first
 * @param mark of what it shows
 * @param unit what the curves' values are, such as ticks
 * @param lanes who acts; the curves of a lane have its colour
 * @param columns the heads of the steps' cells
 * @param curves what clocks showed after each step
 * @param wanted where a clock was expected, or null
 * @param spans consecutive steps with a name: a host, a blackout, a preemption
 * @param gap the distance that is the fault, or null
 * @param first the state before the first step, by place
 * @param wordBits the bits of a word, or 0 if the numbers are none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Timeline(
        String title,
        String numbered,
        ImmutableList<String> says,
        Mark mark,
        String unit,
        ImmutableList<String> lanes,
        ImmutableList<String> columns,
        ImmutableList<Step> steps,
        ImmutableList<Curve> curves,
        @Nullable Wanted wanted,
        ImmutableList<Span> spans,
        @Nullable Gap gap,
        ImmutableMap<String, String> first,
        int wordBits) {

    /** How a step is marked. */
    public enum Role {
        /** It is of no special interest. */
        PLAIN,
        /** The fault rests on it. */
        CAUSE,
        /** It shows the fault. */
        FAULT
    }

    /**
     * A step.
     *
     * @param number what the reader calls it: its number among the steps, or its line
     * @param lane which lane, from 0
     * @param seconds when, since any beginning; null if unknown
     * @param cells its columns' text
     * @param changes what it changes in the state
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Step(
            int number,
            String what,
            int lane,
            @Nullable Double seconds,
            Role role,
            ImmutableList<String> cells,
            ImmutableList<Change> changes) {}

    /** A change of the state; {@code before} or {@code after} is null where there is no value. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Change(
            String place, @Nullable String before, @Nullable String after) {
        /** The differences between two states, by place. */
        static ImmutableList<Change> between(Map<String, String> before, Map<String, String> after) {
            return Sets.union(before.keySet(), after.keySet()).stream()
                    .filter(place -> !Objects.equals(before.get(place), after.get(place)))
                    .sorted()
                    .map(place -> new Change(place, before.get(place), after.get(place)))
                    .collect(ImmutableList.toImmutableList());
        }
    }

    /**
     * What a clock showed.
     *
     * @param second whether it is the guest's second clock, which is drawn dotted
     * @param values after each step; null where there is none
     * @param inside after which steps the vCPU was in the guest, so that the guest could read it
     */
    public record Curve(String name, int lane, boolean second, List<@Nullable Double> values, List<Boolean> inside) {}

    /** Where a clock was expected: after each step between {@code low} and {@code high}; null where nothing is. */
    public record Wanted(String name, List<@Nullable Double> low, List<@Nullable Double> high) {}

    /**
     * Consecutive steps with a name, from 0, both included.
     *
     * @param kind {@code place}, {@code blackout}, {@code preemption} or {@code unjudged}
     */
    public record Span(int first, int last, String kind, String name) {}

    /** A distance to mark after a step, counted from 0: between two values of curves. */
    public record Gap(int step, double from, double to, String text) {}
}
