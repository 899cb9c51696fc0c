package dev.longitude.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/**
 * One thing that was judged.
 *
 * @param name unique on the page
 * @param mark of all of it
 * @param says its verdict in a few words
 * @param about what it is, a sentence; may be empty
 * @param rows the verdict on each property
 * @param sections what else there is to say
 * @param timelines the behaviours that show verdicts
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Subject(
        String name,
        Mark mark,
        String says,
        String about,
        ImmutableList<Row> rows,
        ImmutableList<Section> sections,
        ImmutableList<Timeline> timelines) {
    /**
     * The verdict on a property.
     *
     * @param detail the rest of the verdict; may be empty
     * @param timeline which timeline shows it, from 0, or null
     * @param command a command that shows more, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Row(
            String name,
            Mark mark,
            String says,
            String detail,
            @Nullable Integer timeline,
            @Nullable String command) {}

    /**
     * A part of the page with a heading.
     *
     * @param heads of a table's columns; empty if there is no table
     * @param table its rows
     */
    public record Section(
            String heading,
            ImmutableList<String> lines,
            ImmutableList<String> heads,
            ImmutableList<ImmutableList<String>> table) {
        static Section ofLines(String heading, ImmutableList<String> lines) {
            return new Section(heading, lines, ImmutableList.of(), ImmutableList.of());
        }
    }
}
