package dev.longitude.properties.arithmetic;

import com.microsoft.z3.BitVecExpr;
import com.microsoft.z3.BitVecSort;
import com.microsoft.z3.BoolExpr;
import com.microsoft.z3.Context;
import com.microsoft.z3.Expr;
import java.math.BigInteger;

/** Z3 on words of fixed width. */
final class Z3Words extends Z3.Encoding<BitVecSort> {
    Z3Words(Context context) {
        super(context);
    }

    private Expr<BitVecSort> of(Term term) {
        if (term instanceof Term.Variable variable) {
            return variable(variable.name(), name -> context.mkBVConst(name, variable.width()));
        } else if (term instanceof Term.Constant constant) {
            return number(constant.value(), constant.width());
        } else if (term instanceof Term.Binary binary) {
            Expr<BitVecSort> left = of(binary.left());
            Expr<BitVecSort> right = of(binary.right());
            return switch (binary.operator()) {
                case PLUS -> context.mkBVAdd(left, right);
                case MINUS -> context.mkBVSub(left, right);
                case TIMES -> context.mkBVMul(left, right);
            };
        } else if (term instanceof Term.Shift shift) {
            Expr<BitVecSort> by = number(BigInteger.valueOf(Math.abs(shift.by())), term.width());
            Expr<BitVecSort> word = of(shift.word());
            return shift.by() > 0 ? context.mkBVSHL(word, by) : context.mkBVLSHR(word, by);
        } else if (term instanceof Term.Resized resized) {
            int before = resized.word().width();
            Expr<BitVecSort> word = of(resized.word());
            return resized.width() > before
                    ? context.mkZeroExt(resized.width() - before, word)
                    : context.mkExtract(resized.width() - 1, 0, word);
        }
        if (term instanceof Term.Quotient quotient) {
            Expr<BitVecSort> divisor = of(quotient.divisor());
            define(context.mkNot(context.mkEq(divisor, number(BigInteger.ZERO, term.width()))));
            return context.mkBVUDiv(of(quotient.word()), divisor);
        }
        Term.Choice choice = (Term.Choice) term;
        return context.mkITE(of(choice.condition()), of(choice.then()), of(choice.otherwise()));
    }

    private BitVecExpr number(BigInteger value, int width) {
        return context.mkBV(value.toString(), width);
    }

    @Override
    BoolExpr compared(Fact.Comparison comparison) {
        Expr<BitVecSort> left = of(comparison.left());
        Expr<BitVecSort> right = of(comparison.right());
        return switch (comparison.relation()) {
            case LESS -> context.mkBVULT(left, right);
            case AT_MOST -> context.mkBVULE(left, right);
            case EQUAL -> context.mkEq(left, right);
        };
    }
}
