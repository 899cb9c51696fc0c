package dev.longitude.recipe;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;

/**
 * One step of a recipe.
 *
 * @param kind what is done
 * @param args the kind's arguments, by their names
 * @param as the name under which its result is saved, or null
 * @param mayFail whether the VMM continues if it fails
 * @param ifHas what a kernel must have for the VMM to do it, or null
 * @param unlessHas what a kernel must not have for the VMM to do it, or null
 * @param fills of {@link StepKind#GET_CLOCK}: whether the VMM uses its own CLOCK_REALTIME where KVM returns none
 * @param unlessNear of {@link StepKind#SET_TSC_KHZ}: whether the VMM leaves it out where the host's rate is near enough
 */
public record Step(
        StepKind kind,
        ImmutableMap<String, Expression> args,
        @Nullable String as,
        boolean mayFail,
        @Nullable StepKind ifHas,
        @Nullable StepKind unlessHas,
        boolean fills,
        boolean unlessNear) {

    static Step of(StepKind kind) {
        return new Step(kind, ImmutableMap.of(), null, false, null, null, false, false);
    }

    /** An argument of the step. */
    public Expression arg(String name) {
        Expression arg = args.get(name);
        if (arg == null) {
            throw new IllegalArgumentException(kind + " has no " + name);
        }
        return arg;
    }
}
