package dev.longitude.lockstep;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Something that a model lets happen: an operation with its arguments, or the passing of time.
 *
 * @param operation null: a cycle of the TSC, or a tick of the counter, passes
 * @param vm the number of its VM
 * @param args as in an event; words are {@linkplain SmallWords wide}
 * @param guestHasMasterClock what kvm_guest_has_master_clock is made before it; null: it stays. It depends on other VMs of
 *     the host, too, which a model does not have
 * @param when in which states the model lets it happen, besides what the operation itself requires
 */
record Move(
        @Nullable Operation operation,
        int vm,
        ImmutableMap<Field, Object> args,
        @Nullable Boolean guestHasMasterClock,
        Predicate<State> when) {
    static final Predicate<State> ALWAYS = state -> true;

    Move(@Nullable Operation operation, int vm, ImmutableMap<Field, Object> args, Predicate<State> when) {
        this(operation, vm, args, null, when);
    }

    /**
     * A cycle, or tick, passes.
     *
     * @param ahead by how much the host's clock is then ahead of the TSC's pace, a word
     */
    static Move passes(long ahead) {
        return new Move(null, 0, ahead == 0 ? ImmutableMap.of() : ImmutableMap.of(Field.NS, ahead), ALWAYS);
    }

    /** Where time passes: by how much the host's clock is then ahead of the TSC's pace, a word. */
    long ahead() {
        return args.isEmpty() ? 0 : Arguments.word(args, Field.NS);
    }

    static Move of(Operation operation, ImmutableMap<Field, Object> args) {
        return new Move(operation, 0, args, ALWAYS);
    }

    /** The same where kvm_guest_has_master_clock is this. */
    Move where(boolean someGuestHasMasterClock) {
        return new Move(operation, vm, args, someGuestHasMasterClock, when);
    }

    /** The same, only in some states. */
    Move when(Predicate<State> some) {
        return new Move(operation, vm, args, guestHasMasterClock, when.and(some));
    }

    /** Its text; words as in the model. */
    String text(SmallWords words) {
        return operation == null
                ? "TimePasses" + (args.isEmpty() ? "" : "(clock " + words.small(ahead()) + " ns ahead)")
                : args.entrySet().stream()
                                .map(arg -> arg.getKey().name() + " "
                                        + (arg.getValue() instanceof Long word
                                                ? (Object) words.small(word)
                                                : arg.getValue()))
                                .collect(Collectors.joining(
                                        ", ", operation.specName() + "(" + (vm > 0 ? "VM " + vm + ", " : ""), ")"))
                        + (guestHasMasterClock == null
                                ? ""
                                : guestHasMasterClock
                                        ? " while a VM has the masterclock"
                                        : " while no VM has had the masterclock since the last loss");
    }
}
