package dev.longitude.properties.arithmetic;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import java.math.BigInteger;
import java.util.Map;

/** Computes terms and facts for given values of the variables. */
final class Computation {
    private final ImmutableMap<String, BigInteger> values;

    /** Values of the variables by name, each below 2 to the power of its width. */
    Computation(Map<String, BigInteger> values) {
        this.values = ImmutableMap.copyOf(values);
    }

    /** A word of 64 bits as a number, unsigned. */
    static BigInteger unsigned(long word) {
        return cut(BigInteger.valueOf(word), Long.SIZE);
    }

    BigInteger of(Term term) {
        if (term instanceof Term.Variable variable) {
            BigInteger value = requireNonNull(values.get(variable.name()), variable.name());
            checkArgument(value.signum() >= 0 && value.bitLength() <= variable.width(), "%s=%s", variable, value);
            return value;
        } else if (term instanceof Term.Constant constant) {
            return constant.value();
        } else if (term instanceof Term.Binary binary) {
            BigInteger left = of(binary.left());
            BigInteger right = of(binary.right());
            return cut(
                    switch (binary.operator()) {
                        case PLUS -> left.add(right);
                        case MINUS -> left.subtract(right);
                        case TIMES -> left.multiply(right);
                    },
                    term.width());
        } else if (term instanceof Term.Shift shift) {
            return cut(of(shift.word()).shiftLeft(shift.by()), term.width());
        } else if (term instanceof Term.Resized resized) {
            return cut(of(resized.word()), term.width());
        } else if (term instanceof Term.Quotient quotient) {
            return of(quotient.word()).divide(of(quotient.divisor()));
        }
        Term.Choice choice = (Term.Choice) term;
        return of(holds(choice.condition()) ? choice.then() : choice.otherwise());
    }

    boolean holds(Fact fact) {
        if (fact instanceof Fact.Comparison comparison) {
            int order = of(comparison.left()).compareTo(of(comparison.right()));
            return switch (comparison.relation()) {
                case LESS -> order < 0;
                case AT_MOST -> order <= 0;
                case EQUAL -> order == 0;
            };
        } else if (fact instanceof Fact.Not not) {
            return !holds(not.fact());
        }
        return ((Fact.All) fact).facts().stream().allMatch(this::holds);
    }

    private static BigInteger cut(BigInteger number, int width) {
        return number.mod(BigInteger.ONE.shiftLeft(width));
    }
}
