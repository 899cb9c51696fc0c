package dev.longitude.spec;

import dev.longitude.evaluator.State;
import tlc2.value.impl.Value;
import util.UniqueString;

/** A variable of the specification. */
public final class Variable {
    private final UniqueString name;

    Variable(String name) {
        this.name = UniqueString.uniqueStringOf(name);
    }

    /** Its name in the modules. */
    public String name() {
        return name.toString();
    }

    /** Its place in a {@link State}, once the specification is loaded. */
    public int place() {
        return name.getVarLoc();
    }

    /**
     * Its value in a state.
     *
     * @throws IllegalStateException if it has none
     */
    public Value in(State state) {
        Value value = state.lookup(name);
        if (value == null) {
            throw new IllegalStateException(name + " has no value");
        }
        return value;
    }

    /** The same state with another value of this variable. */
    public State set(State state, Value value) {
        return state.with(name, value);
    }

    boolean isDeclared() {
        return place() >= 0;
    }

    @Override
    public String toString() {
        return name();
    }
}
