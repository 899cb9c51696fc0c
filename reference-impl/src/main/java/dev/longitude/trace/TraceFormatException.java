package dev.longitude.trace;

import org.jspecify.annotations.Nullable;

/** Malformed input. The message is one line: file, line, column, and what was expected. */
public final class TraceFormatException extends Exception {
    private static final long serialVersionUID = 1;

    private final @Nullable String accepted;

    /**
     * A fault at a place.
     *
     * @param line from 1
     * @param column from 1
     */
    public TraceFormatException(String source, int line, int column, String message) {
        this(source + ":" + line + ":" + column + ": " + message, null, null);
    }

    /** A fault of the file as a whole. */
    public TraceFormatException(String source, String message) {
        this(source + ": " + message, null, null);
    }

    private TraceFormatException(
            @Nullable String message, @Nullable TraceFormatException cause, @Nullable String accepted) {
        super(message, cause);
        this.accepted = accepted;
    }

    /** The same fault, with one line that says what is accepted and where that is documented. */
    public TraceFormatException accepting(String what) {
        return new TraceFormatException(getMessage(), this, what);
    }

    /** One line that says what is accepted and where that is documented; null if the fault is not in the format. */
    public @Nullable String accepted() {
        return accepted;
    }
}
