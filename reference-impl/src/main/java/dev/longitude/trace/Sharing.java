package dev.longitude.trace;

import com.google.common.collect.ImmutableMap;
import java.util.EnumMap;
import java.util.Map;

/**
 * Lets the events of one trace share what they show alike. Most leave most of the state as it was: then they show the same
 * objects, which takes less memory, and need not be looked at again.
 */
public final class Sharing {
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
        ImmutableMap.Builder<StateVariable, Object> shared = ImmutableMap.builderWithExpectedSize(state.size());
        state.forEach((variable, value) -> shared.put(variable, of(variable, value)));
        return shared.buildOrThrow();
    }
}
