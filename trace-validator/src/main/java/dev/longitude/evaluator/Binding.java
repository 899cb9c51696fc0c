package dev.longitude.evaluator;

import dev.longitude.evaluator.Expression.Condition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/**
 * A name that is bound to each element of a set in turn.
 *
 * @param slot the slot of the element
 * @param inner the scope in which the name is bound
 */
record Binding(int slot, Expression set, Scope inner) {
    /** Whether {@code body} is true of every element; if not {@code every}, of some element. */
    Expression quantified(boolean every, Expression body) {
        return new Condition() {
            @Override
            boolean holds(Frame frame) {
                for (Value each : set.elements(frame)) {
                    frame.slots[slot] = each;
                    if (body.holds(frame) != every) {
                        return !every;
                    }
                }
                return every;
            }
        };
    }

    /** The first element of which {@code body} is true; {@code place} is the location of the CHOOSE. */
    Expression chosen(Expression body, String place) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                for (Value each : set.elements(frame)) {
                    frame.slots[slot] = each;
                    if (body.holds(frame)) {
                        return each;
                    }
                }
                throw new IllegalStateException(place + ": CHOOSE finds no element");
            }
        };
    }

    /** The function on the elements. */
    Expression function(Expression body) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value[] keys = set.elements(frame);
                Value[] values = new Value[keys.length];
                for (int i = 0; i < keys.length; i++) {
                    frame.slots[slot] = keys[i];
                    values[i] = body.value(frame);
                }
                return Values.function(keys, values);
            }
        };
    }

    /** The elements of which {@code body} is true; if not {@code filters}, its values. */
    Expression comprehension(Expression body, boolean filters) {
        return new Expression() {
            @Override
            Value value(Frame frame) {
                Value[] elements = set.elements(frame);
                List<Value> values = new ArrayList<>(elements.length);
                for (Value each : elements) {
                    frame.slots[slot] = each;
                    if (!filters) {
                        values.add(body.value(frame));
                    } else if (body.holds(frame)) {
                        values.add(each);
                    }
                }
                Value[] all = values.toArray(new Value[0]);
                return filters ? Values.sorted(all) : Values.setOf(all);
            }
        };
    }

    /** A step for each element. */
    Step each(Step body) {
        return frame -> {
            @Nullable Value[] before = frame.then.clone();
            for (Value each : set.elements(frame)) {
                frame.restore(before);
                frame.slots[slot] = each;
                body.run(frame);
            }
        };
    }
}
