package dev.longitude.evaluator;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.OpDeclNode;
import tlc2.tool.TLCState;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * The values of a specification's variables, by their places. Immutable. (TLC's own states are slow to read and to
 * copy.)
 */
public final class State {
    /** The state in which no variable has a value. */
    public static final State EMPTY = new State(new Value[0]);

    /** Initialised only after the specification has been loaded. */
    private static final class Variables {
        static final ImmutableList<UniqueString> NAMES = Arrays.stream(TLCState.Empty.getVars())
                .map(OpDeclNode::getName)
                .collect(ImmutableList.toImmutableList());
    }

    private final @Nullable Value[] values;

    /** (The values are not copied.) */
    State(@Nullable Value[] values) {
        this.values = values;
    }

    /** The names of all variables, by their places, once a specification has been loaded. */
    public static ImmutableList<UniqueString> variables() {
        return Variables.NAMES;
    }

    /** Converts TLC's state. */
    public static State of(TLCState state) {
        return new State(variables().stream().map(state::lookup).toArray(Value[]::new));
    }

    /** Converts to TLC's state. */
    public TLCState forTlc() {
        TLCState state = TLCState.Empty.createEmpty();
        for (UniqueString name : variables()) {
            Value value = lookup(name);
            if (value != null) {
                state.bind(name, value);
            }
        }
        return state;
    }

    /** The value of a variable; null if it has none, or there is no such variable. */
    public @Nullable Value lookup(UniqueString variable) {
        return at(variable.getVarLoc());
    }

    /** The value of the variable at a place; null if it has none, or there is no such place. */
    public @Nullable Value at(int place) {
        return place >= 0 && place < values.length ? values[place] : null;
    }

    /** The values by their places, null where a variable has none; callers must not change them. */
    @Nullable
    Value[] values() {
        return values.length == 0 ? new Value[variables().size()] : values;
    }

    /** The first place from {@code from} on at which another state has another object; -1 if there is none. */
    public int nextOther(State other, int from) {
        for (int i = from; i < values.length; i++) {
            if (values[i] != other.at(i)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Copies the values of the variables at some places; returns whether they are the objects that were there before.
     */
    boolean copy(int[] places, @Nullable Value[] into) {
        boolean same = true;
        for (int i = 0; i < places.length; i++) {
            Value value = at(places[i]);
            if (value != into[i]) {
                into[i] = value;
                same = false;
            }
        }
        return same;
    }

    /** The same state with another value of a variable. */
    public State with(UniqueString variable, Value value) {
        @Nullable Value[] others = Arrays.copyOf(values, variables().size());
        others[variable.getVarLoc()] = value;
        return new State(others);
    }

    @Override
    public String toString() {
        return forTlc().toString();
    }

    /** Whether each variable has the same value, unknown words by the same unknowns. */
    public boolean isSame(State other) {
        boolean same = values.length == other.values.length;
        for (int i = 0; same && i < values.length; i++) {
            Value one = values[i];
            Value another = other.values[i];
            same = one == another || (one != null && another != null && ValueKey.isSame(one, another));
        }
        return same;
    }

    /** The same state with {@code change} applied to each value. */
    public State map(UnaryOperator<Value> change) {
        @Nullable Value[] changed = values;
        for (int i = 0; i < values.length; i++) {
            Value value = values[i];
            Value then = value == null ? null : change.apply(value);
            if (then != value) {
                if (changed == values) {
                    changed = values.clone();
                }
                changed[i] = then;
            }
        }
        return changed == values ? this : new State(changed);
    }
}
