package dev.longitude.recipe;

/** A malformed recipe; the message has file, line and column, and says what was expected. */
public final class RecipeException extends Exception {
    private static final long serialVersionUID = 1L;

    RecipeException(String message) {
        super(message);
    }
}
