package dev.longitude.trace;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lets the events of one trace share equal values. Most events leave most of the state unchanged. They then refer to
 * the same objects, which saves memory and comparisons.
 */
public final class StateInterner {
    /** (Made when it is needed: most copies of a machine never show a state.) */
    private @Nullable Map<StateVariable, Object> latest;

    /** The variable's last value if it is equal, otherwise this value. */
    public Object of(StateVariable variable, Object value) {
        Map<StateVariable, Object> known = latest;
        if (known == null) {
            known = new EnumMap<>(StateVariable.class);
            latest = known;
        }
        Object before = known.get(variable);
        if (before != null && before.equals(value)) {
            return before;
        }
        known.put(variable, value);
        return value;
    }

    /** The same state, sharing its values with the states before it. */
    public ImmutableMap<StateVariable, Object> of(ImmutableMap<StateVariable, Object> state) {
        Map<StateVariable, Object> shared = new EnumMap<>(StateVariable.class);
        state.forEach((variable, value) -> shared.put(variable, of(variable, value)));
        return inOrder(state.keySet().asList(), shared);
    }

    /**
     * The observed part of a state, in the order of the trace. Where that is the order of {@link StateVariable}, as in
     * every x86 trace of our own recorder, it is an array and no hash table, which costs a fraction.
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
