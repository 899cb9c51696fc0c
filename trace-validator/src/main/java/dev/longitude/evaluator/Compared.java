package dev.longitude.evaluator;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tla2sany.semantic.ExprOrOpArgNode;
import tlc2.module.TLC;
import tlc2.overrides.Evaluation;
import tlc2.tool.TLCState;
import tlc2.tool.coverage.CostModel;
import tlc2.tool.impl.Tool;
import tlc2.util.Context;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.Value;

/**
 * The Java twin of an operator that compares two expressions wherever TLC evaluates it: its value is that of the first
 * one. The first time that the other has another value, or none, TLC prints {@value #DIFFERS} and the number of the pair.
 * TLC calls it by reflection.
 */
public final class Compared {
    /** The operator and its module, which is in no file: its text is {@link #TEXT}. */
    public static final String MODULE = "Compared";

    /** The module. */
    public static final String TEXT = String.join(
            "\n", "---- MODULE " + MODULE + " ----", MODULE + "(number, value, other) == value", "====", "");

    /** What the printed text begins with. */
    public static final String DIFFERS = "differs ";

    private static final Set<Integer> DIFFERENT = ConcurrentHashMap.newKeySet();

    private Compared() {}

    /** Compared. */
    @Evaluation(definition = MODULE, module = MODULE, warn = false)
    public static Value compared(
            Tool tool,
            ExprOrOpArgNode[] args,
            Context context,
            TLCState before,
            TLCState after,
            int control,
            CostModel cost) {
        Value value = tool.eval(args[1], context, before, after, control, cost);
        int number = ((IntValue) tool.eval(args[0], context, before, after, control, cost)).val;
        if (!DIFFERENT.contains(number)
                && !isEqual(value, tool, args[2], context, before, after, control, cost)
                && DIFFERENT.add(number)) {
            TLC.PrintT(new StringValue(DIFFERS + number));
        }
        return value;
    }

    /** (Where the other has no value, or one of another kind, TLC throws.) */
    private static boolean isEqual(
            Value value,
            Tool tool,
            ExprOrOpArgNode other,
            Context context,
            TLCState before,
            TLCState after,
            int control,
            CostModel cost) {
        try {
            return value.equals(tool.eval(other, context, before, after, control, cost));
        } catch (RuntimeException | StackOverflowError e) {
            return false;
        }
    }
}
