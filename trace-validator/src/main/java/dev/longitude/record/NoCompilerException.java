package dev.longitude.record;

/** A C program cannot be built here. The message says what is missing, or why the compiler failed. */
public final class NoCompilerException extends Exception {
    private static final long serialVersionUID = 1L;

    NoCompilerException(String message) {
        super(message);
    }
}
