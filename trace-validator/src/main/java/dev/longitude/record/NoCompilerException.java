package dev.longitude.record;

/** Nothing can build the recorder here. The message says what is missing, or why the compiler refused. */
public final class NoCompilerException extends Exception {
    private static final long serialVersionUID = 1L;

    NoCompilerException(String message) {
        super(message);
    }
}
