package dev.longitude.mutate;

import dev.longitude.mutate.Mutant.Place;

/**
 * A part of the specification that some model should reach.
 *
 * @param kind what it is
 * @param module its module
 * @param name a name that stays as long as the text does
 * @param place the part that is evaluated only if it is reached; of a switch, all of its uses count
 */
public record Element(Kind kind, String module, String name, Place place) {
    /** The kinds. */
    public enum Kind {
        /** A disjunct of Step: some state allows it. */
        ACTION("action"),
        /** The left side of an implication in an invariant: it is true in some state. */
        ANTECEDENT("antecedent"),
        /** A switch with one of its values: an expression with it is evaluated under such a kernel. */
        SWITCH("switch"),
        /** A branch of an IF or CASE, or a disjunct, of a step. */
        BRANCH("branch");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    @Override
    public String toString() {
        return kind + " " + module + " " + name;
    }
}
