package dev.longitude.properties.arithmetic;

import com.microsoft.z3.BoolExpr;
import com.microsoft.z3.Context;
import com.microsoft.z3.Expr;
import com.microsoft.z3.Params;
import com.microsoft.z3.Sort;
import com.microsoft.z3.Status;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Z3, by one of two encodings: a second opinion. It has other calculi than Princess. */
final class Z3 implements Solver {
    private final Function<Context, Encoding<?>> encodings;
    private final int effort;

    /**
     * Z3 by an encoding.
     *
     * @param effort the most that one fact may cost, in the solver's own unit, so that it ends the same on any machine
     */
    Z3(Function<Context, Encoding<?>> encodings, int effort) {
        this.encodings = encodings;
        this.effort = effort;
    }

    @Override
    public Result solve(Fact fact) {
        try (Context context = new Context()) {
            com.microsoft.z3.Solver solver = context.mkSolver();
            Params params = context.mkParams();
            params.add("rlimit", effort);
            solver.setParameters(params);
            Encoding<?> encoding = encodings.apply(context);
            solver.add(new BoolExpr[] {encoding.of(fact)});
            encoding.definitions.forEach(definition -> solver.add(new BoolExpr[] {definition}));
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

    /** How a fact becomes a formula of words of one sort. */
    abstract static class Encoding<S extends Sort> {
        final Context context;
        private final Map<String, Expr<S>> variables = new LinkedHashMap<>();
        private final List<BoolExpr> definitions = new ArrayList<>();

        Encoding(Context context) {
            this.context = context;
        }

        abstract BoolExpr compared(Fact.Comparison comparison);

        final Expr<S> variable(String name, Function<String, Expr<S>> make) {
            return variables.computeIfAbsent(name, unused -> make.apply("v_" + name));
        }

        /** What holds beside the fact, because of what its terms mean. */
        final void define(BoolExpr definition) {
            definitions.add(definition);
        }

        final BoolExpr of(Fact fact) {
            if (fact instanceof Fact.Comparison comparison) {
                return compared(comparison);
            } else if (fact instanceof Fact.Not not) {
                return context.mkNot(of(not.fact()));
            }
            return context.mkAnd(
                    ((Fact.All) fact).facts().stream().map(this::of).toArray(BoolExpr[]::new));
        }
    }
}
