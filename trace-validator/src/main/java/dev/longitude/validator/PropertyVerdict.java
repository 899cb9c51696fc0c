package dev.longitude.validator;

/** Whether the behaviour that a trace shows keeps a property of the report. */
public enum PropertyVerdict {
    /** It holds after each event, in every possibility that is left. */
    KEPT("kept"),
    /** It fails after some event, in every possibility that is left. */
    NOT_KEPT("not kept"),
    /** It fails in some of the possibilities that are left, or not all of the trace could be judged. */
    MAY_NOT_BE_KEPT("may not be kept");

    private final String text;

    PropertyVerdict(String text) {
        this.text = text;
    }

    /** As the report and its JSON name it. */
    @Override
    public String toString() {
        return text;
    }
}
