package dev.longitude.spec;

import com.google.common.collect.ImmutableList;
import dev.longitude.evaluator.Evaluator;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/** An operator that Java calls, with its name and formal parameters as Java expects them. It is looked up once. */
final class BoundOperator {
    private final String name;
    private final ImmutableList<String> formals;
    private final Function<String, Optional<Evaluator.Operator>> find;
    private Evaluator.@Nullable Operator found;

    BoundOperator(String name, ImmutableList<String> formals, Function<String, Optional<Evaluator.Operator>> find) {
        this.name = name;
        this.formals = formals;
        this.find = find;
    }

    String name() {
        return name;
    }

    ImmutableList<String> formals() {
        return formals;
    }

    Evaluator.Operator operator() {
        Evaluator.Operator known = found;
        if (known == null) {
            known = find.apply(name)
                    .orElseThrow(() -> new IllegalStateException("the specification has no operator " + name));
            found = known;
        }
        return known;
    }

    /** A call with these arguments, in the order of the formal parameters. */
    ActionCall with(Value... args) {
        return new ActionCall(operator(), args);
    }
}
