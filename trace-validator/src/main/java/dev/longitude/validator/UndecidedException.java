package dev.longitude.validator;

/** The validator cannot say whether a trace conforms: a bound was hit. The message is one line. */
public final class UndecidedException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param message why, for people
     */
    public UndecidedException(String message) {
        super(message);
    }
}
