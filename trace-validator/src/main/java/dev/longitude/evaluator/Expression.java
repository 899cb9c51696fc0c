package dev.longitude.evaluator;

import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Value;

/** An expression, ready to be evaluated. */
abstract class Expression {
    /** What it comes to. */
    abstract Value value(Frame frame);

    /** Whether it is true. */
    boolean holds(Frame frame) {
        return ((BoolValue) value(frame)).val;
    }

    /** The bits of the word that it is. */
    long bits(Frame frame) {
        return Words64.bits(value(frame));
    }

    /** Whether it is the same in every frame. */
    boolean isConstant() {
        return false;
    }

    /** Whether it costs no more than keeping its value. */
    boolean isSimple() {
        return isConstant();
    }

    /** What is true or false. */
    abstract static class Condition extends Expression {
        @Override
        final Value value(Frame frame) {
            return holds(frame) ? BoolValue.ValTrue : BoolValue.ValFalse;
        }

        @Override
        abstract boolean holds(Frame frame);
    }

    /** A word. */
    abstract static class Word extends Expression {
        @Override
        final Value value(Frame frame) {
            return Words64.word(bits(frame));
        }

        @Override
        abstract long bits(Frame frame);
    }

    /** A value that is known. */
    static final class Constant extends Expression {
        private final Value value;

        Constant(Value value) {
            this.value = value;
        }

        @Override
        Value value(Frame frame) {
            return value;
        }

        @Override
        boolean isConstant() {
            return true;
        }
    }
}
