package dev.longitude.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.base.Preconditions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A place in a file.
 *
 * @param file its path as the user gave it; of a module of the specification, {@code spec/Module.tla}
 * @param line from 1, or null: the whole file
 * @param endLine the last line of the place, or null: the same
 * @param text what is there, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Location(
        String file,
        @Nullable Integer line,
        @Nullable Integer endLine,
        @Nullable String text) {
    private static final String SPECIFICATION = "spec/";

    /** Checks the lines. */
    public Location {
        Preconditions.checkArgument(line == null || line > 0, "line %s", line);
        Preconditions.checkArgument(
                endLine == null || (line != null && endLine >= line), "lines %s to %s", line, endLine);
    }

    /** A whole file. */
    public static Location of(Path file) {
        return new Location(file.toString(), null, null, null);
    }

    /**
     * A line of a file.
     *
     * @param line from 1; 0: the whole file
     */
    public static Location of(Path file, int line) {
        return new Location(file.toString(), line == 0 ? null : line, null, null);
    }

    /**
     * A line of a module of the specification.
     *
     * @param module the name of its file, {@code KvmX86.tla}
     */
    public static Location ofSpecification(String module, int line, @Nullable String text) {
        return new Location(SPECIFICATION + module, line, null, text);
    }

    /** Whether it is in Longitude's own specification, not in a file of the user. */
    boolean isOfSpecification() {
        return file.startsWith(SPECIFICATION);
    }

    /** {@code file:line}. */
    @Override
    public String toString() {
        return file + (line == null ? "" : ":" + line + (endLine == null ? "" : "-" + endLine));
    }
}
