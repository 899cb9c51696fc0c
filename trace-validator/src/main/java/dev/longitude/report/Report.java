package dev.longitude.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/**
 * What a page shows: the page's script reads it as JSON. All texts are plain text, whatever they contain.
 *
 * @param title a few words
 * @param command the command line that wrote it
 * @param subjects what was judged: each a recipe in a world on a kernel, a model or a file
 * @param matrix the cells of a matrix, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Report(
        String title,
        String command,
        ImmutableList<Subject> subjects,
        @Nullable MatrixGrid matrix) {
    /** A page about subjects. */
    public static Report of(String title, String command, ImmutableList<Subject> subjects) {
        return new Report(title, command, subjects, null);
    }

    /** A page about a matrix. */
    public static Report of(String title, String command, MatrixGrid matrix) {
        return new Report(title, command, ImmutableList.of(), matrix);
    }
}
