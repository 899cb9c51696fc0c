package dev.longitude.evaluator;

import static dev.longitude.evaluator.ExpressionCode.forget;
import static dev.longitude.evaluator.ExpressionCode.same;

import java.util.List;
import tlc2.value.impl.Value;
import util.UniqueString;

/** The code of each TLA+ construct that is a step, built from the code of its parts and the step after it. */
final class StepCode {
    private StepCode() {}

    /** Adds a successor to the frame: each variable that had a value must have one. */
    static void addSuccessor(Frame frame) {
        for (int i = 0; i < frame.then.length; i++) {
            if (frame.then[i] == null && frame.now.at(i) != null) {
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
                frame.then[place] = value;
                next.run(frame);
                frame.then[place] = null;
            } else if (same(symbolic, known, value)) {
                next.run(frame);
            }
        };
    }

    static Step keep(int[] places, boolean symbolic, Step next) {
        return frame -> {
            int count = 0;
            int[] kept = new int[places.length];
            boolean same = true;
            for (int i = 0; same && i < places.length; i++) {
                int place = places[i];
                Value now = frame.now.at(place);
                Value known = frame.then[place];
                if (known != null) {
                    same = now != null && same(symbolic, known, now);
                } else if (now != null) {
                    frame.then[place] = now;
                    kept[count++] = place;
                }
            }
            if (same) {
                next.run(frame);
            }
            for (int i = 0; i < count; i++) {
                frame.then[kept[i]] = null;
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
