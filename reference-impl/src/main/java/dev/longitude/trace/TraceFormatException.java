package dev.longitude.trace;

/** Input that is not what it should be. The message is one line: file, line, column, and what was expected. */
public final class TraceFormatException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * A fault at a place.
     *
     * @param line from 1
     * @param column from 1
     */
    public TraceFormatException(String source, int line, int column, String message) {
        super(source + ":" + line + ":" + column + ": " + message);
    }

    /** A fault of the file as a whole. */
    public TraceFormatException(String source, String message) {
        super(source + ": " + message);
    }
}
