package dev.longitude.properties.arithmetic;

import com.microsoft.z3.BitVecExpr;
import com.microsoft.z3.BitVecSort;
import com.microsoft.z3.BoolExpr;
import com.microsoft.z3.Context;
import com.microsoft.z3.Expr;
import com.microsoft.z3.Params;
import com.microsoft.z3.Status;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;

/** Z3 on words of fixed width: a second opinion. It has another calculus, and its own encoding here. */
final class Z3 implements Solver {
    /** The most that one fact may cost, in the solver's own unit, so that it ends the same on any machine. */
    private static final int EFFORT = 20_000_000;

    @Override
    public Result solve(Fact fact) {
        try (Context context = new Context()) {
            com.microsoft.z3.Solver solver = context.mkSolver();
            Params params = context.mkParams();
            params.add("rlimit", EFFORT);
            solver.setParameters(params);
            Encoding encoding = new Encoding(context);
            solver.add(new BoolExpr[] {encoding.of(fact)});
            Status status = solver.check();
            if (status == Status.UNKNOWN) {
                return new Result(Answer.UNKNOWN, Map.of());
            } else if (status == Status.UNSATISFIABLE) {
                return new Result(Answer.UNSATISFIABLE, Map.of());
            }
            Map<String, BigInteger> values = new LinkedHashMap<>();
            encoding.variables.forEach((name, word) -> values.put(
                    name, new BigInteger(solver.getModel().eval(word, true).toString())));
            return new Result(Answer.SATISFIABLE, values);
        }
    }

    private static final class Encoding {
        private final Context context;
        private final Map<String, Expr<BitVecSort>> variables = new LinkedHashMap<>();

        Encoding(Context context) {
            this.context = context;
        }

        Expr<BitVecSort> of(Term term) {
            if (term instanceof Term.Variable variable) {
                return variables.computeIfAbsent(
                        variable.name(), name -> context.mkBVConst("v_" + name, variable.width()));
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
            Term.Choice choice = (Term.Choice) term;
            return context.mkITE(of(choice.condition()), of(choice.then()), of(choice.otherwise()));
        }

        private BitVecExpr number(BigInteger value, int width) {
            return context.mkBV(value.toString(), width);
        }

        BoolExpr of(Fact fact) {
            if (fact instanceof Fact.Comparison comparison) {
                Expr<BitVecSort> left = of(comparison.left());
                Expr<BitVecSort> right = of(comparison.right());
                return switch (comparison.relation()) {
                    case LESS -> context.mkBVULT(left, right);
                    case AT_MOST -> context.mkBVULE(left, right);
                    case EQUAL -> context.mkEq(left, right);
                };
            } else if (fact instanceof Fact.Not not) {
                return context.mkNot(of(not.fact()));
            }
            return context.mkAnd(
                    ((Fact.All) fact).facts().stream().map(this::of).toArray(BoolExpr[]::new));
        }
    }
}
