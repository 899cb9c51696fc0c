package dev.longitude.evaluator;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import util.UniqueString;

/**
 * One of the conditions whose conjunction an operator is.
 *
 * @param guard without it the condition is true; null if there is none
 * @param code the whole condition, with its guard
 */
record Clause(@Nullable Guard guard, Evaluator.Code<Expression> code) {
    /** That a field of a variable, a record, is one of some texts: {@code reply.op = "GetClock"}. */
    record Guard(int place, UniqueString field, ImmutableList<UniqueString> texts) {
        /** Whether it holds; true where it has no value, so that the condition's own evaluation shows that. */
        boolean mayHold(State state) {
            if (state.at(place) instanceof RecordValue record) {
                UniqueString[] names = record.names;
                for (int i = 0; i < names.length; i++) {
                    if (names[i] == field) {
                        return !(record.values[i] instanceof StringValue text) || isOneOfThese(text.getVal());
                    }
                }
            }
            return true;
        }

        /** (By identity: equal texts are one object.) */
        private boolean isOneOfThese(UniqueString text) {
            for (int i = 0; i < texts.size(); i++) {
                if (texts.get(i) == text) {
                    return true;
                }
            }
            return false;
        }
    }
}
