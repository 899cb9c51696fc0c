package dev.longitude.trace;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.ByteCursor.Unusual;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the observed state of events from bytes. Most of it has the same bytes as in the previous event: the scanner
 * compares those instead of reading them again, and reuses the values.
 */
final class StateScanner {
    private static final ImmutableList<StateVariable> ALL = ImmutableList.copyOf(StateVariable.values());
    private static final NameTable<StateVariable> VARIABLES = new NameTable<>(ALL, StateVariable::specName);

    private final ByteCursor cursor;
    private final ValueScanner values;
    private final StateInterner sharing;

    /** The state of the previous event: its JSON object. */
    private byte[] text = new byte[4096];

    private int length;

    /** The variables in it, in its order; for each the index in the text behind its value. */
    private final StateVariable[] variables = new StateVariable[ALL.size()];

    private final List<StateVariable> inOrder = Arrays.asList(variables);

    private final int[] ends = new int[ALL.size()];
    private int count;

    /** Their values. */
    private final Map<StateVariable, Object> shown = new EnumMap<>(StateVariable.class);

    private ImmutableMap<StateVariable, Object> latest = ImmutableMap.of();

    StateScanner(ByteCursor cursor, ValueScanner values, StateInterner sharing) {
        this.cursor = cursor;
        this.values = values;
        this.sharing = sharing;
    }

    /** Forgets the previous event; needed if an event's state was not read to its end. */
    void forget() {
        length = 0;
        forget(0);
    }

    /** Forgets the variables of the previous event from an index on. */
    private void forget(int first) {
        for (int i = first; i < count; i++) {
            shown.remove(variables[i]);
        }
        count = Math.min(count, first);
    }

    /** Reads the next object. */
    ImmutableMap<StateVariable, Object> state() throws Unusual {
        cursor.peek();
        int begin = cursor.at();
        if (length > 0
                && cursor.end() - begin >= length
                && Arrays.equals(text, 0, length, cursor.bytes(), begin, begin + length)) {
            cursor.advance(length);
            return latest;
        }
        cursor.expect('{');
        int old = 1;
        int read = 0;
        while (true) {
            if (read < count) {
                // Skip the variables with the same text, including the delimiter: a number might continue.
                int same = same(old);
                int delta = cursor.at() - begin - old;
                int reached = old;
                for (; read < count && ends[read] < old + same; read++) {
                    reached = ends[read];
                    ends[read] = reached + delta;
                }
                cursor.advance(reached - old);
                old = reached;
            }
            if (cursor.take('}')) {
                break;
            }
            if (read > 0) {
                cursor.expect(',');
            }
            StateVariable variable = cursor.name(VARIABLES);
            cursor.expect(':');
            Object value = sharing.of(variable, values.value(variable.kind()));
            if (read < count && variables[read] == variable) {
                old = ends[read];
            } else {
                forget(read); // from here on the two states differ
                refuseDuplicate(variable, read);
                variables[read] = variable;
                count = read + 1;
            }
            shown.put(variable, value);
            ends[read++] = cursor.at() - begin;
        }
        forget(read);
        keep(begin);
        latest = StateInterner.inOrder(inOrder.subList(0, count), shown);
        return latest;
    }

    /** How many of the next bytes equal those of the previous event from {@code old} on. */
    private int same(int old) {
        int most = Math.min(length - old, cursor.end() - cursor.at());
        int same = Arrays.mismatch(text, old, old + most, cursor.bytes(), cursor.at(), cursor.at() + most);
        return same < 0 ? most : same;
    }

    private void refuseDuplicate(StateVariable variable, int read) throws Unusual {
        for (int i = 0; i < read; i++) {
            if (variables[i] == variable) {
                throw ByteCursor.unusual();
            }
        }
    }

    private void keep(int begin) {
        length = cursor.at() - begin;
        if (length > text.length) {
            text = new byte[length * 2];
        }
        System.arraycopy(cursor.bytes(), begin, text, 0, length);
    }
}
