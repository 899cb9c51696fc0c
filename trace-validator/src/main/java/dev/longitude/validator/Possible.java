package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.State;
import dev.longitude.trace.TraceEvent;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;
import util.UniqueString;

/** A state that is possible, and what led to it, as far as anybody will ask. */
final class Possible {
    /** What every step changes: no reason for anything. */
    private static final ImmutableList<UniqueString> OF_EVERY_STEP =
            ImmutableList.of("reply", "hostTsc", "hostNs", "hostRealtime", "cntpct").stream()
                    .map(UniqueString::uniqueStringOf)
                    .collect(ImmutableList.toImmutableList());

    /** So many changes of a variable are kept, and up to twice as many. */
    private static final int KEPT = 32;

    /**
     * A change of a variable.
     *
     * @param step which step changed it
     * @param before what it was until then
     * @param earlier the change before that, if it is kept
     * @param length how many there are from here on
     */
    record Change(
            UniqueString variable,
            TraceEvent step,
            boolean silent,
            Value before,
            @Nullable Change earlier,
            int length) {
        /** The latest ones. */
        private static @Nullable Change latest(@Nullable Change change, int count) {
            return change == null || count == 0
                    ? null
                    : new Change(
                            change.variable,
                            change.step,
                            change.silent,
                            change.before,
                            latest(change.earlier, count - 1),
                            Math.min(count, change.length));
        }
    }

    final State state;

    /** The step that led here, at its instant and with its arguments; null at a begin that no event tells of. */
    final @Nullable TraceEvent step;

    /** Whether no line tells of that step. */
    final boolean silent;

    /** How many of the steps up to here are silent. */
    final int silentSteps;

    /** Where it came from; null at the begin, and where no witness is kept. */
    final @Nullable Possible before;

    /** The variables whose values depend on an instant that nothing told; see {@link Looseness}. */
    final ImmutableSet<UniqueString> loose;

    /** By the variables' places. */
    private final @Nullable Change[] changes;

    private Possible(
            State state,
            @Nullable TraceEvent step,
            boolean silent,
            int silentSteps,
            @Nullable Possible before,
            ImmutableSet<UniqueString> loose,
            @Nullable Change[] changes) {
        this.state = state;
        this.step = step;
        this.silent = silent;
        this.silentSteps = silentSteps;
        this.before = before;
        this.loose = loose;
        this.changes = changes;
    }

    /** The first state. */
    static Possible first(State state, @Nullable TraceEvent step, ImmutableSet<UniqueString> loose) {
        return new Possible(
                state, step, false, 0, null, loose, new Change[State.variables().size()]);
    }

    /**
     * A state after a step from this one.
     *
     * @param nowLoose the variables that depend on an instant that nothing told
     * @param keeps whether a witness will be asked for
     */
    Possible then(State next, TraceEvent by, boolean isSilent, ImmutableSet<UniqueString> nowLoose, boolean keeps) {
        @Nullable Change[] changed = changes;
        for (int i = 0; i < changes.length; i++) {
            Value old = state.at(i);
            Value then = next.at(i);
            // (What a step leaves alone stays the same object.)
            if (old == then || old == null) {
                continue;
            }
            UniqueString name = State.variables().get(i);
            if (!OF_EVERY_STEP.contains(name) && !old.equals(then)) {
                if (changed == changes) {
                    changed = Arrays.copyOf(changes, changes.length);
                }
                Change earlier = changes[i] != null && changes[i].length >= 2 * KEPT
                        ? Change.latest(changes[i], KEPT)
                        : changes[i];
                changed[i] = new Change(name, by, isSilent, old, earlier, earlier == null ? 1 : earlier.length + 1);
            }
        }
        return new Possible(
                next, by, isSilent, silentSteps + (isSilent ? 1 : 0), keeps ? this : null, nowLoose, changed);
    }

    /** This possibility in another state, from which nothing leads back. */
    Possible instead(State other) {
        return new Possible(other, step, silent, silentSteps, null, loose, changes);
    }

    /** The step that gave a variable a value that it has, or had; null if that is not known. */
    @Nullable
    TraceEvent whatSet(String variable, Value value) {
        for (Change last : changes()) {
            if (last.variable.toString().equals(variable)) {
                Object now = state.lookup(last.variable);
                for (Change change = last; change != null; change = change.earlier) {
                    if (value.equals(now)) {
                        return change.step;
                    }
                    now = change.before;
                }
            }
        }
        return null;
    }

    /** The last change of each variable that a step has changed. */
    List<Change> changes() {
        return Arrays.stream(changes).filter(c -> c != null).toList();
    }
}
