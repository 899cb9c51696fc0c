package dev.longitude.recipe;

/** A recipe that cannot be read; the message has file, line and column, and says what would be right. */
public final class RecipeException extends Exception {
    private static final long serialVersionUID = 1L;

    RecipeException(String message) {
        super(message);
    }
}
