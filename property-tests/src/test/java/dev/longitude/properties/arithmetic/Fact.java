package dev.longitude.properties.arithmetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;

/** What holds or does not hold of words. */
sealed interface Fact {
    /** Two words of one width, compared as unsigned numbers. */
    record Comparison(Relation relation, Term left, Term right) implements Fact {
        public Comparison {
            checkArgument(left.width() == right.width(), "%s bits and %s bits", left.width(), right.width());
        }
    }

    /** How words are compared. */
    enum Relation {
        LESS,
        AT_MOST,
        EQUAL
    }

    /** All of them hold. */
    record All(ImmutableList<Fact> facts) implements Fact {}

    /** It does not hold. */
    record Not(Fact fact) implements Fact {}

    static Fact all(Fact... facts) {
        return new All(ImmutableList.copyOf(facts));
    }

    default Fact and(Fact other) {
        return all(this, other);
    }

    default Fact not() {
        return new Not(this);
    }

    default Fact or(Fact other) {
        return not().and(other.not()).not();
    }

    default Fact implies(Fact other) {
        return and(other.not()).not();
    }

    default Fact sameAs(Fact other) {
        return implies(other).and(other.implies(this));
    }

    default Term choose(Term then, Term otherwise) {
        return new Term.Choice(this, then, otherwise);
    }
}
