package dev.longitude.lockstep;

import com.google.common.collect.ImmutableList;

/**
 * A step in which the specification and Java differ.
 *
 * @param moves the moves from the initial state up to and with this step, as numbers
 * @param steps their texts
 * @param what how they differ, in a line
 * @param fields where both can do it, each field that differs
 */
public record Difference(
        ImmutableList<Integer> moves, ImmutableList<String> steps, String what, ImmutableList<String> fields) {
    /** The difference as text, without the last newline. */
    public String text() {
        StringBuilder text = new StringBuilder(what);
        for (int i = 0; i < steps.size(); i++) {
            text.append(String.format("%n%4d  %s", i + 1, steps.get(i)));
        }
        fields.forEach(field -> text.append(String.format("%n      %s", field)));
        return text.toString();
    }
}
