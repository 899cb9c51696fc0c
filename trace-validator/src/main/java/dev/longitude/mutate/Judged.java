package dev.longitude.mutate;

/**
 * What became of a mutant.
 *
 * @param fate what became of it
 * @param by the check that caught it: {@code model NAME}, {@code scenario NAME KERNEL}, {@code recording FILE},
 *     {@code recipe NAME KERNEL}; of a survivor, {@code -}
 * @param why what the check found, in one line; not committed
 * @param seconds how long that took
 * @param checks a hash of the check that caught it; of a survivor, of all checks
 */
public record Judged(Mutant mutant, Fate fate, String by, String why, double seconds, String checks) {
    /** What can become of a mutant. */
    public enum Fate {
        /** A check found another verdict or count than the committed one. */
        CAUGHT("caught"),
        /** No check did. */
        SURVIVES("survives"),
        /** It is no specification: it cannot be parsed. */
        INVALID("invalid");

        private final String text;

        Fate(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** The kind of the check that caught it: the first word. */
    public String kind() {
        return by.replaceFirst(" .*", "");
    }
}
