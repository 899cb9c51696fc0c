package dev.longitude.mutate;

import java.util.Locale;

/** A kind of change to an operator. */
public enum Mutation {
    /** A conjunct is TRUE. */
    CONJUNCT_DROPPED("conjunct dropped"),
    /** A disjunct is FALSE. */
    DISJUNCT_DROPPED("disjunct dropped"),
    /** A conjunct or disjunct of a state is its negation. */
    GUARD_NEGATED("guard negated"),
    /** The left side of an implication is TRUE. */
    ANTECEDENT_DROPPED("antecedent dropped"),
    /** The right side of an implication is TRUE. */
    CONSEQUENT_DROPPED("consequent dropped"),
    /** A comparison by size is strict where it was not, or the other way round. */
    EQUALITY_MOVED("comparison strict or not"),
    /** {@code =} for {@code #}, {@code \in} for {@code \notin}, and the other way round. */
    COMPARISON_INVERTED("comparison inverted"),
    /** Plus for minus, and the other way round, of numbers and of words. */
    SIGN_CHANGED("plus and minus"),
    /** {@code \cup} for {@code \}, and the other way round. */
    SET_CHANGED("union and difference"),
    /** Two arguments of an operator for which the order counts change places. */
    ARGUMENTS_SWAPPED("arguments swapped"),
    /** Another variable of the same kind. */
    VARIABLE_SWAPPED("another variable"),
    /** The variable stays as it is. */
    UPDATE_DROPPED("update dropped"),
    /** A field of an EXCEPT stays as it is. */
    FIELD_KEPT("EXCEPT's field kept"),
    /** A switch of the kernel the other way. */
    SWITCH_INVERTED("switch inverted"),
    /** The branches of an IF change places. */
    BRANCHES_SWAPPED("branches swapped"),
    /** {@code \A} for {@code \E}, and the other way round. */
    QUANTIFIER_CHANGED("quantifier changed");

    private final String text;

    Mutation(String text) {
        this.text = text;
    }

    /** As tables have it. */
    @Override
    public String toString() {
        return text;
    }

    /** The mutation of that text. */
    static Mutation of(String text) {
        for (Mutation each : values()) {
            if (each.text.equals(text.toLowerCase(Locale.ROOT)) || each.text.equals(text)) {
                return each;
            }
        }
        throw new IllegalArgumentException("unknown mutation: " + text);
    }
}
