package dev.longitude.validator;

import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Store;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;
import util.UniqueString;

/** A state that the events so far may have led to, what is known of its unknown words, and the steps that led to it. */
final class Candidate {
    /** Initialised only after the specification has been loaded. */
    private static final class OfEveryStep {
        private static final ImmutableSet<String> NAMES =
                ImmutableSet.of("reply", "hostTsc", "hostNs", "hostRealtime", "cntpct");

        /** Whether every step changes a variable, by its place: such a variable explains nothing. */
        static final boolean[] AT = new boolean[State.variables().size()];

        static {
            for (int i = 0; i < AT.length; i++) {
                AT[i] = NAMES.contains(State.variables().get(i).toString());
            }
        }
    }

    /** At least so many changes of a variable are kept, and up to twice as many. */
    private static final int KEPT = 32;

    /**
     * A change of a variable.
     *
     * @param step which step changed it
     * @param before its value until then
     * @param earlier the change before that, if it is kept
     * @param length how many there are from here on
     */
    record Change(
            UniqueString variable,
            Step step,
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
                            change.before,
                            latest(change.earlier, count - 1),
                            Math.min(count, change.length));
        }
    }

    /** The state; {@link #store} has what is known of its unknown words. */
    final State state;

    /** What is known of the unknowns so far; null if there were none. */
    final @Nullable Store store;

    /** Whether every word of the state is known. */
    final boolean isKnown;

    /** The step that led here; null at a beginning that no event shows. */
    final @Nullable Step step;

    /** How many of the steps up to here are silent. */
    final int silentSteps;

    /** Its predecessor; null at the beginning, and where it is not needed. */
    final @Nullable Candidate before;

    /** Which properties failed on the way here. */
    final Failures failures;

    /** By the variables' places. */
    private final @Nullable Change[] changes;

    /**
     * A step of a behaviour.
     *
     * @param event the event, with each argument that is known
     * @param clocks the host's clocks at its instant
     * @param args the values of at least the arguments that the event does not have, by name; they may be unknown
     * @param silent whether no event shows it
     */
    record Step(TraceEvent event, Clocks clocks, Map<String, Value> args, boolean silent) {}

    private Candidate(
            State state,
            @Nullable Store store,
            boolean isKnown,
            @Nullable Step step,
            int silentSteps,
            @Nullable Candidate before,
            Failures failures,
            @Nullable Change[] changes) {
        this.state = state;
        this.store = store;
        this.isKnown = isKnown;
        this.step = step;
        this.silentSteps = silentSteps;
        this.before = before;
        this.failures = failures;
        this.changes = changes;
    }

    /** The first state, in which every word is known if there is no store. */
    static Candidate first(State state, @Nullable Store store, @Nullable Step step) {
        return new Candidate(
                state,
                store,
                store == null,
                step,
                0,
                null,
                Failures.NONE,
                new Change[State.variables().size()]);
    }

    /**
     * A state after a step from this one.
     *
     * @param known what is known of the unknowns then; null if there were none
     * @param nextIsKnown whether every word of the state is known
     * @param keeps whether the path here is kept
     */
    Candidate then(State next, @Nullable Store known, boolean nextIsKnown, Step by, boolean keeps) {
        @Nullable Change[] changed = changes;
        // (What a step leaves unchanged stays the same object.)
        for (int i = state.nextOther(next, 0); i >= 0; i = state.nextOther(next, i + 1)) {
            Value old = state.at(i);
            Value then = next.at(i);
            if (old != null && then != null && !OfEveryStep.AT[i] && !ValueKey.isSame(old, then)) {
                if (changed == changes) {
                    changed = Arrays.copyOf(changes, changes.length);
                }
                Change earlier = changes[i] != null && changes[i].length >= 2 * KEPT
                        ? Change.latest(changes[i], KEPT)
                        : changes[i];
                UniqueString name = State.variables().get(i);
                changed[i] = new Change(name, by, old, earlier, earlier == null ? 1 : earlier.length + 1);
            }
        }
        return new Candidate(
                next,
                known,
                nextIsKnown,
                by,
                silentSteps + (by.silent ? 1 : 0),
                keeps || known != null ? this : null,
                failures,
                changed);
    }

    /** This candidate in another state. */
    Candidate instead(State other) {
        return new Candidate(other, store, isKnown, step, silentSteps, before, failures, changes);
    }

    /** This candidate when properties have failed in it. */
    Candidate failing(Failures more) {
        return more.equals(failures)
                ? this
                : new Candidate(state, store, isKnown, step, silentSteps, before, more, changes);
    }

    /** The last change of each variable that a step has changed. */
    List<Change> changes() {
        return Arrays.stream(changes).filter(c -> c != null).toList();
    }
}
