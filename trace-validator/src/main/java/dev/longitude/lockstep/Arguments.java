package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import dev.longitude.trace.Field;

/** The arguments of an operation, by their kinds. */
final class Arguments {
    private Arguments() {}

    static int number(ImmutableMap<Field, Object> args, Field field) {
        return (Integer) requireNonNull(args.get(field));
    }

    static long word(ImmutableMap<Field, Object> args, Field field) {
        return (Long) requireNonNull(args.get(field));
    }

    static boolean flag(ImmutableMap<Field, Object> args, Field field) {
        return (Boolean) requireNonNull(args.get(field));
    }
}
