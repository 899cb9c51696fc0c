package dev.longitude.matrix;

/** A recipe can be read, but not judged. */
public final class RecipeFaultException extends Exception {
    private static final long serialVersionUID = 1L;

    RecipeFaultException(String message) {
        super(message);
    }
}
