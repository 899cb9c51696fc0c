package dev.longitude.matrix;

/** A recipe that can be read, but not be judged. */
public final class RecipeFaultException extends Exception {
    private static final long serialVersionUID = 1L;

    RecipeFaultException(String message) {
        super(message);
    }
}
