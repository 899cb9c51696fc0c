package dev.longitude.evaluator;

import static dev.longitude.evaluator.ExpressionCode.forget;
import static dev.longitude.evaluator.ExpressionCode.same;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** The code of each TLA+ construct that is a step, built from the code of its parts and the step after it. */
final class StepCode {
    private StepCode() {}

    /** Adds a successor to the frame: each variable that had a value must have one. */
    static void addSuccessor(Frame frame) {
        for (int i = 0; i < frame.then.length; i++) {
            if (frame.then[i] == null && frame.now[i] != null) {
                throw new IllegalStateException(
                        "the action does not assign " + State.variables().get(i));
            }
        }
        frame.found.add(new State(frame.then.clone()));
    }

    static Step guard(Expression condition, Step next) {
        return frame -> {
            if (condition.holds(frame)) {
                next.run(frame);
            }
        };
    }

    static Step either(Expression condition, Step one, Step other) {
        return frame -> (condition.holds(frame) ? one : other).run(frame);
    }

    static Step assign(UniqueString name, Expression expression, boolean symbolic, Step next) {
        int place = name.getVarLoc();
        return frame -> {
            Value value = expression.value(frame);
            Value known = frame.then[place];
            if (known == null) {
                frame.then[place] = sharing(frame.now[place], value);
                next.run(frame);
            } else if (same(symbolic, known, value)) {
                next.run(frame);
            }
        };
    }

    /**
     * A value, as the object before the step if that is the same: what depends on it is then known to be as before. (A
     * record is the reply to the step, which is not that to the step before.)
     */
    private static Value sharing(@Nullable Value before, Value value) {
        return before != null && !(value instanceof RecordValue) && ValueKey.isSame(before, value) ? before : value;
    }

    static Step keep(int[] places, boolean symbolic, Step next) {
        return frame -> {
            @Nullable Value[] then = frame.then;
            for (int place : places) {
                Value now = frame.now[place];
                Value known = then[place];
                if (known == null) {
                    then[place] = now;
                } else if (now == null || !same(symbolic, known, now)) {
                    return;
                }
            }
            next.run(frame);
        };
    }

    /** Each of some steps, all with the primed variables that are assigned before. */
    static Step any(Step[] ways) {
        return frame -> {
            @Nullable Value[] before = frame.then.clone();
            for (Step way : ways) {
                frame.restore(before);
                way.run(frame);
            }
        };
    }

    static Step forgetting(List<Integer> kept, Step body) {
        if (kept.isEmpty()) {
            return body;
        }
        int[] those = kept.stream().mapToInt(i -> i).toArray();
        return frame -> {
            forget(those, frame);
            body.run(frame);
        };
    }
}
