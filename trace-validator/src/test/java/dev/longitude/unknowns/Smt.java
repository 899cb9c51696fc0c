package dev.longitude.unknowns;

import com.microsoft.z3.BoolExpr;
import com.microsoft.z3.Context;
import com.microsoft.z3.Expr;
import com.microsoft.z3.IntExpr;
import com.microsoft.z3.IntSort;
import com.microsoft.z3.Params;
import com.microsoft.z3.Solver;
import com.microsoft.z3.Status;
import java.util.ArrayList;
import java.util.List;

/** The same constraints over the integers, for an independent solver. */
final class Smt implements AutoCloseable {
    private final Context context = new Context();
    private final Solver solver = context.mkSolver();

    /**
     * @param effort the most that one check may cost, in the solver's own unit, so that it ends the same on any machine
     */
    Smt(List<Constraint> constraints, int effort) {
        Params params = context.mkParams();
        params.add("rlimit", effort);
        solver.setParameters(params);
        for (Constraint constraint : constraints) {
            add(formula(constraint));
        }
    }

    /** Whether the constraints have a solution; {@link Status#UNKNOWN} if the check costs too much. */
    Status check() {
        return solver.check();
    }

    /** Whether in some solution one of the sums is outside of the store's bounds. */
    Status checkAnyOutside(List<LinearSum> sums, Store store) {
        List<BoolExpr> outside = new ArrayList<>();
        for (LinearSum sum : sums) {
            outside.add(context.mkLt(at(sum), number(store.least(sum))));
            outside.add(context.mkGt(at(sum), number(store.greatest(sum))));
        }
        solver.push();
        add(context.mkOr(outside.toArray(BoolExpr[]::new)));
        Status status = solver.check();
        solver.pop();
        return status;
    }

    private void add(BoolExpr formula) {
        solver.add(new BoolExpr[] {formula});
    }

    private BoolExpr formula(Constraint constraint) {
        if (constraint instanceof Constraint.Bound bound) {
            return context.mkAnd(
                    bound.least() <= -Store.INFINITY
                            ? context.mkTrue()
                            : context.mkLe(number(bound.least()), at(bound.sum())),
                    bound.greatest() >= Store.INFINITY
                            ? context.mkTrue()
                            : context.mkLe(at(bound.sum()), number(bound.greatest())));
        }
        Constraint.Relation related = (Constraint.Relation) constraint;
        Floor floor = (Floor) related.relation();
        Expr<IntSort> x = at(related.x());
        Expr<IntSort> widest = number(1L << floor.bits());
        Expr<IntSort> lowest = number(-(1L << floor.bits()));
        Expr<IntSort> within =
                context.mkITE(context.mkLt(x, lowest), lowest, context.mkITE(context.mkGt(x, widest), widest, x));
        Expr<IntSort> floored = context.mkDiv(
                context.mkAdd(context.mkMul(within, number(floor.times())), number(floor.plus())), number(floor.by()));
        Expr<IntSort> y = at(related.y());
        return context.mkAnd(
                context.mkLe(context.mkSub(floored, number(floor.slack())), y),
                context.mkLe(y, context.mkAdd(floored, number(floor.slack()))));
    }

    private Expr<IntSort> at(LinearSum sum) {
        Expr<IntSort> total = number(0);
        for (int i = 0; i < sum.size(); i++) {
            IntExpr unknown = context.mkIntConst("x" + sum.unknown(i));
            total = context.mkAdd(total, context.mkMul(number(sum.factor(i)), unknown));
        }
        return total;
    }

    private Expr<IntSort> number(long value) {
        return context.mkInt(value);
    }

    @Override
    public void close() {
        context.close();
    }
}
