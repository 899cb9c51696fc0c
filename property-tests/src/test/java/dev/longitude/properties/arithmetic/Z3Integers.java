package dev.longitude.properties.arithmetic;

import com.microsoft.z3.ArithExpr;
import com.microsoft.z3.BoolExpr;
import com.microsoft.z3.Context;
import com.microsoft.z3.Expr;
import com.microsoft.z3.IntSort;
import java.math.BigInteger;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Z3 on whole numbers: a word is a number below 2 to the power of its width, and what may be larger is taken modulo that.
 * Where no result can be larger, what is left is arithmetic of numbers, which Z3 decides where it gives up on the same of
 * words.
 */
final class Z3Integers extends Z3.Encoding<IntSort> {
    /** A number and its largest value. */
    private record Bounded(ArithExpr<IntSort> number, BigInteger most) {}

    /** By identity: a term that is used twice is one number. */
    private final IdentityHashMap<Term, Bounded> done = new IdentityHashMap<>();

    Z3Integers(Context context) {
        super(context);
    }

    private Bounded of(Term term) {
        Bounded known = done.get(term);
        if (known == null) {
            known = encoded(term);
            done.put(term, known);
        }
        return known;
    }

    private Bounded encoded(Term term) {
        if (term instanceof Term.Variable variable) {
            return new Bounded(
                    (ArithExpr<IntSort>) variable(variable.name(), name -> ranged(name, variable.width())),
                    largest(variable.width()));
        } else if (term instanceof Term.Constant constant) {
            return new Bounded(number(constant.value()), constant.value());
        } else if (term instanceof Term.Binary binary) {
            Bounded left = of(binary.left());
            Bounded right = of(binary.right());
            return switch (binary.operator()) {
                case PLUS -> cut(context.mkAdd(left.number, right.number), left.most.add(right.most), term.width());
                case MINUS -> cut(context.mkSub(left.number, right.number), null, term.width());
                case TIMES ->
                    cut(context.mkMul(left.number, right.number), left.most.multiply(right.most), term.width());
            };
        } else if (term instanceof Term.Shift shift) {
            Bounded word = of(shift.word());
            ArithExpr<IntSort> factor = number(BigInteger.ONE.shiftLeft(Math.abs(shift.by())));
            return shift.by() > 0
                    ? cut(context.mkMul(word.number, factor), word.most.shiftLeft(shift.by()), term.width())
                    : new Bounded(context.mkDiv(word.number, factor), word.most.shiftRight(-shift.by()));
        } else if (term instanceof Term.Resized resized) {
            Bounded word = of(resized.word());
            return cut(word.number, word.most, term.width());
        } else if (term instanceof Term.Quotient quotient) {
            return defined(of(quotient.word()), of(quotient.divisor()));
        }
        Term.Choice choice = (Term.Choice) term;
        Bounded then = of(choice.then());
        Bounded otherwise = of(choice.otherwise());
        return new Bounded(
                (ArithExpr<IntSort>) context.mkITE(of(choice.condition()), then.number, otherwise.number),
                then.most.max(otherwise.most));
    }

    private Expr<IntSort> ranged(String name, int width) {
        ArithExpr<IntSort> variable = context.mkIntConst(name);
        define(context.mkLe(number(BigInteger.ZERO), variable));
        define(context.mkLe(variable, number(largest(width))));
        return variable;
    }

    /** A number of its own: its product with the divisor is at most the dividend, and less than a divisor smaller. */
    private Bounded defined(Bounded word, Bounded divisor) {
        ArithExpr<IntSort> result = context.mkIntConst("q_" + done.size());
        ArithExpr<IntSort> product = context.mkMul(result, divisor.number);
        define(context.mkLe(number(BigInteger.ZERO), result));
        define(context.mkLe(result, number(word.most)));
        define(context.mkLe(product, word.number));
        define(context.mkLt(word.number, context.mkAdd(product, divisor.number)));
        return new Bounded(result, word.most);
    }

    private Bounded cut(ArithExpr<IntSort> number, @Nullable BigInteger most, int width) {
        return most != null && most.bitLength() <= width
                ? new Bounded(number, most)
                : new Bounded(context.mkMod(number, number(BigInteger.ONE.shiftLeft(width))), largest(width));
    }

    private static BigInteger largest(int width) {
        return BigInteger.ONE.shiftLeft(width).subtract(BigInteger.ONE);
    }

    private ArithExpr<IntSort> number(BigInteger value) {
        return context.mkInt(value.toString());
    }

    @Override
    BoolExpr compared(Fact.Comparison comparison) {
        ArithExpr<IntSort> left = of(comparison.left()).number;
        ArithExpr<IntSort> right = of(comparison.right()).number;
        return switch (comparison.relation()) {
            case LESS -> context.mkLt(left, right);
            case AT_MOST -> context.mkLe(left, right);
            case EQUAL -> context.mkEq(left, right);
        };
    }
}
