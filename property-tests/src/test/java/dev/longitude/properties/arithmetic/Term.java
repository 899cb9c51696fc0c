package dev.longitude.properties.arithmetic;

import static com.google.common.base.Preconditions.checkArgument;

import java.math.BigInteger;

/** An unsigned word of fixed width, as an expression. Sums, differences and products are modulo 2^width. */
sealed interface Term {
    /** Its bits. */
    int width();

    /** Any word. */
    record Variable(String name, int width) implements Term {}

    /** A number below 2^width. */
    record Constant(BigInteger value, int width) implements Term {
        public Constant {
            checkArgument(value.signum() >= 0 && value.bitLength() <= width, "%s has not %s bits", value, width);
        }
    }

    /** Two words of one width, and so is the result. */
    record Binary(Operator operator, Term left, Term right) implements Term {
        public Binary {
            checkArgument(left.width() == right.width(), "%s bits and %s bits", left.width(), right.width());
        }

        @Override
        public int width() {
            return left.width();
        }
    }

    /** What is computed of two words. */
    enum Operator {
        PLUS,
        MINUS,
        TIMES
    }

    /** To the left if positive, to the right if negative; zeros come in, and what leaves is lost. */
    record Shift(Term word, int by) implements Term {
        @Override
        public int width() {
            return word.width();
        }
    }

    /** With zeros before it if wider, otherwise the low bits. */
    record Resized(Term word, int width) implements Term {}

    /** The whole part of a quotient. Solvers leave out the values for which the divisor is 0. */
    record Quotient(Term word, Term divisor) implements Term {
        public Quotient {
            checkArgument(word.width() == divisor.width(), "%s bits and %s bits", word.width(), divisor.width());
        }

        @Override
        public int width() {
            return word.width();
        }
    }

    /** One of two words of one width. */
    record Choice(Fact condition, Term then, Term otherwise) implements Term {
        public Choice {
            checkArgument(then.width() == otherwise.width(), "%s bits and %s bits", then.width(), otherwise.width());
        }

        @Override
        public int width() {
            return then.width();
        }
    }

    /** Any word of 64 bits. */
    static Term word(String name) {
        return new Variable(name, Long.SIZE);
    }

    /** Any word of some bits. */
    static Term word(String name, int width) {
        return new Variable(name, width);
    }

    /** This number, as wide as this word. */
    default Term number(long value) {
        return new Constant(BigInteger.valueOf(value), width());
    }

    /** 2 to the power of {@code exponent}, as wide as this word. */
    default Term powerOfTwo(int exponent) {
        return new Constant(BigInteger.ONE.shiftLeft(exponent), width());
    }

    default Term plus(Term other) {
        return new Binary(Operator.PLUS, this, other);
    }

    default Term plus(long number) {
        return plus(number(number));
    }

    default Term minus(Term other) {
        return new Binary(Operator.MINUS, this, other);
    }

    default Term times(Term other) {
        return new Binary(Operator.TIMES, this, other);
    }

    default Term times(long number) {
        return times(number(number));
    }

    default Term dividedBy(Term divisor) {
        return new Quotient(this, divisor);
    }

    default Term dividedBy(long divisor) {
        return dividedBy(number(divisor));
    }

    default Term shiftedLeft(int bits) {
        return bits == 0 ? this : new Shift(this, bits);
    }

    default Term shiftedRight(int bits) {
        return bits == 0 ? this : new Shift(this, -bits);
    }

    default Term resized(int width) {
        return width == width() ? this : new Resized(this, width);
    }

    default Fact isLess(Term other) {
        return new Fact.Comparison(Fact.Relation.LESS, this, other);
    }

    default Fact isAtMost(Term other) {
        return new Fact.Comparison(Fact.Relation.AT_MOST, this, other);
    }

    default Fact isAtMost(long number) {
        return isAtMost(number(number));
    }

    default Fact isAtLeast(long number) {
        return number(number).isAtMost(this);
    }

    default Fact equalTo(long number) {
        return equalTo(number(number));
    }

    default Fact equalTo(Term other) {
        return new Fact.Comparison(Fact.Relation.EQUAL, this, other);
    }
}
