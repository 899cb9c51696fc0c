package dev.longitude.evaluator;

/** Too little is known of a word to evaluate what depends on it. */
public final class TooLittleKnownException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The message names what could not be evaluated. */
    public TooLittleKnownException(String message) {
        super(message);
    }
}
