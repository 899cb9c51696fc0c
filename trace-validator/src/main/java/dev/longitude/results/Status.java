package dev.longitude.results;

/** Whether something holds. Only {@link #HOLDS} is a success; every form of a result keeps it so. */
public enum Status {
    /** It holds, or conforms. */
    HOLDS("holds"),
    /** It is violated, or refused. */
    VIOLATED("violated"),
    /** It could not be decided. */
    UNDECIDED("undecided"),
    /** The input could not be judged at all. */
    UNUSABLE("unusable"),
    /** There was nothing to judge: the property means nothing there. */
    DOES_NOT_APPLY("does not apply");

    private final String text;

    Status(String text) {
        this.text = text;
    }

    /** Whether somebody has to look at it: it neither holds nor is without meaning. */
    public boolean isFault() {
        return this != HOLDS && this != DOES_NOT_APPLY;
    }

    /** Its name in every form. */
    @Override
    public String toString() {
        return text;
    }
}
