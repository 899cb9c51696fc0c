package dev.longitude.trace;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Lets the events of one trace share what they show alike. Most leave most of the state as it was: then they show the same
 * objects, which takes less memory, and need not be looked at again.
 */
public final class StateInterner {
    private final Map<StateVariable, Object> latest = new EnumMap<>(StateVariable.class);

    /** The value, or the one that was seen last of the variable if that is equal. */
    public Object of(StateVariable variable, Object value) {
        Object before = latest.get(variable);
        if (before != null && before.equals(value)) {
            return before;
        }
        latest.put(variable, value);
        return value;
    }

    /** The same state, with what it has in common with those before it. */
    public ImmutableMap<StateVariable, Object> of(ImmutableMap<StateVariable, Object> state) {
        Map<StateVariable, Object> shared = new EnumMap<>(StateVariable.class);
        state.forEach((variable, value) -> shared.put(variable, of(variable, value)));
        return inOrder(state.keySet().asList(), shared);
    }

    /**
     * What is shown of a state, in the order in which it is shown. Where that is the order of {@link StateVariable}, as in
     * all that our own recorder writes of x86, it is an array and no hash table: made, kept and asked for a fraction.
     */
    static ImmutableMap<StateVariable, Object> inOrder(List<StateVariable> order, Map<StateVariable, Object> values) {
        boolean ascends = true;
        for (int i = 1; i < order.size(); i++) {
            ascends &= order.get(i - 1).compareTo(order.get(i)) < 0;
        }
        if (ascends) {
            return Maps.immutableEnumMap(values);
        }
        ImmutableMap.Builder<StateVariable, Object> all = ImmutableMap.builderWithExpectedSize(order.size());
        order.forEach(variable -> all.put(variable, requireNonNull(values.get(variable))));
        return all.buildOrThrow();
    }
}
