package dev.longitude.validator;

/** The validator cannot say whether a trace conforms: a bound was hit. The message is one line. */
public sealed class UndecidedException extends Exception permits TraceValidator.UntoldException {
    private static final long serialVersionUID = 1;

    UndecidedException(String message) {
        super(message);
    }
}
