package dev.longitude.evaluator;

/** So little is known of a word that what depends on it cannot be followed. */
public final class TooLittleKnownException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With what could not be followed. */
    public TooLittleKnownException(String message) {
        super(message);
    }
}
