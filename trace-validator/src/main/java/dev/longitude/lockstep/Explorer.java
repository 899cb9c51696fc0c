package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.Evaluator;
import dev.longitude.evaluator.State;
import dev.longitude.spec.ModelSpecification;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.Value;

/**
 * Explores a model breadth-first: in each pair of a state and a machine every move, by the specification and in Java.
 * What one does the other must do, with the same result, and the machine that comes of it must be in the state that
 * comes of it.
 */
final class Explorer {
    /** What a search found. */
    sealed interface Outcome {}

    /** Nothing is left to explore, and there is no difference. */
    record Same() implements Outcome {}

    /** A shortest difference. */
    record Found(Difference difference) implements Outcome {}

    /** The search was ended before. */
    record Stopped() implements Outcome {}

    private final Subject subject;
    private final ImmutableList<Value[]> args;

    /** The action of each move; null where time passes. */
    private final List<Evaluator.@Nullable Operator> actions = new ArrayList<>();

    private final Comparison fast;
    private final @Nullable Edges edges;
    private Visited visited = new Visited();
    private List<@Nullable Pair> level = new ArrayList<>();
    private List<@Nullable Pair> next = new ArrayList<>();
    private int at;
    private int depth = 1;
    private long transitions;
    private long refused;

    /**
     * An explorer at the initial state.
     *
     * @param edges where to note each kind of step; or null
     */
    Explorer(Subject subject, @Nullable Edges edges) {
        this.subject = subject;
        this.fast = new Comparison(subject, false);
        this.edges = edges;
        ImmutableList.Builder<Value[]> all = ImmutableList.builder();
        for (Move move : subject.moves()) {
            Operation operation = move.operation();
            actions.add(operation == null ? null : subject.action(operation));
            // (The others depend on the state.)
            all.add(
                    operation != null && move.args().keySet().containsAll(operation.args())
                            ? subject.values(operation, move.vm(), move.args())
                            : new Value[0]);
        }
        this.args = all.build();
        Pair first = first();
        visited.add(subject.model().fingerprint(first.state()), -1, -1);
        level.add(first);
    }

    private Pair first() {
        return new Pair(0, subject.model().initial().get(0), subject.start());
    }

    /** The distinct states so far. */
    int states() {
        return visited.size();
    }

    /** The length of the longest shortest path so far, in states. */
    int depth() {
        return depth;
    }

    /** The steps that both could do, and that were compared. */
    long transitions() {
        return transitions;
    }

    /** The steps that both refused. */
    long refused() {
        return refused;
    }

    /**
     * Explores until the end, a difference, so many states, or an instant.
     *
     * @param until as {@link System#nanoTime}
     */
    Outcome run(long most, long until) {
        while (true) {
            while (at < level.size()) {
                if (visited.size() >= most || System.nanoTime() - until >= 0) {
                    return new Stopped();
                }
                Difference difference = expand(requireNonNull(level.get(at)));
                if (difference != null) {
                    return new Found(difference);
                }
                level.set(at, null); // lets the machine go
                at++;
            }
            if (next.isEmpty()) {
                return new Same();
            }
            level = next;
            next = new ArrayList<>();
            at = 0;
            depth++;
        }
    }

    /** Writes what is needed to go on later. */
    void write(DataOutput out) throws IOException {
        visited.write(out);
        out.writeInt(depth);
        out.writeLong(transitions);
        out.writeLong(refused);
        write(level.subList(at, level.size()), out);
        write(next, out);
    }

    private static void write(List<@Nullable Pair> pairs, DataOutput out) throws IOException {
        out.writeInt(pairs.size());
        for (Pair pair : pairs) {
            out.writeInt(requireNonNull(pair).number());
        }
    }

    /** Goes on where {@link #write} was called: repeats the moves to each pair that is to be explored. */
    void read(DataInput in) throws IOException {
        visited = Visited.read(in);
        depth = in.readInt();
        transitions = in.readLong();
        refused = in.readLong();
        at = 0;
        level = pairs(in);
        next = pairs(in);
    }

    private List<@Nullable Pair> pairs(DataInput in) throws IOException {
        List<@Nullable Pair> pairs = new ArrayList<>();
        int size = in.readInt();
        for (int i = 0; i < size; i++) {
            int number = in.readInt();
            Pair pair = first();
            for (int move : visited.path(number)) {
                Step step = step(pair, move, fast);
                if (step.after == null || step.machine == null) {
                    throw new IOException("the checkpoint is of another version of the model or of Java");
                }
                pair = new Pair(number, step.after, step.machine);
            }
            pairs.add(pair);
        }
        return pairs;
    }

    private @Nullable Difference expand(Pair pair) {
        // A copy on which nothing has happened, or what both refused: it must still be in the pair's state then.
        Machine unchanged = null;
        for (int i = 0; i < subject.moves().size(); i++) {
            if (!subject.moves().get(i).when().test(pair.state())) {
                continue;
            }
            Machine machine = unchanged == null ? pair.machine().copy() : unchanged;
            Step step = step(pair, i, machine, fast);
            unchanged = step.refusedByBoth ? machine : null;
            if (step.difference != null) {
                return explained(pair, visited.path(pair.number()), i);
            }
            if (step.after == null) {
                refused++;
                continue;
            }
            transitions++;
            if (edges != null) {
                edges.note(visited, pair, i, step.after);
            }
            if (subject.model().keeps(step.after)) {
                long print = subject.model().fingerprint(step.after);
                if (visited.add(print, pair.number(), i)) {
                    next.add(new Pair(visited.size() - 1, step.after, requireNonNull(step.machine)));
                }
            }
        }
        return unchanged == null || isIn(unchanged, pair.state(), fast)
                ? null
                : changedByRefused(pair, visited.path(pair.number()));
    }

    private static boolean isIn(Machine machine, State state, Comparison comparison) {
        comparison.restart();
        machine.compare(state, comparison);
        return comparison.isSame();
    }

    /** What a move led to; the state and the machine are null if there is no such step. */
    private record Step(
            @Nullable State after,
            @Nullable Machine machine,
            @Nullable String difference,
            boolean refusedByBoth) {
        /** The machine must be as before. */
        static final Step REFUSED = new Step(null, null, null, true);

        /** There is none, but the machine has changed: time may not pass any more, or Java did several steps. */
        static final Step NONE = new Step(null, null, null, false);

        static Step to(State after, Machine machine) {
            return new Step(after, machine, null, false);
        }

        static Step differs(String how) {
            return new Step(null, null, how, false);
        }
    }

    /** The same on a copy, where also a refused move is looked at. */
    private Step step(Pair pair, int number, Comparison comparison) {
        Machine machine = pair.machine().copy();
        Step step = step(pair, number, machine, comparison);
        return !step.refusedByBoth || isIn(machine, pair.state(), comparison)
                ? step
                : Step.differs("both refuse it, and yet it changes Java's state");
    }

    private Step step(Pair pair, int number, Machine machine, Comparison comparison) {
        Move move = subject.moves().get(number);
        if (move.operation() == null) {
            return tick(pair, move.ahead(), machine, comparison);
        }
        ImmutableMap<Field, Object> given = machine.completed(move.operation(), move.args());
        Value[] values = given.size() == move.args().size()
                ? args.get(number)
                : subject.values(move.operation(), move.vm(), given);
        List<State> allowed = ModelSpecification.successors(requireNonNull(actions.get(number)), values, pair.state());
        if (move.guestHasMasterClock() != null) {
            machine.setGuestHasMasterClock(move.guestHasMasterClock());
        }
        List<TraceEvent> events = machine.perform(move.operation(), move.vm(), given);
        if (events == null) {
            return !allowed.isEmpty()
                    ? Step.differs("the specification allows it, Java refuses it")
                    : move.guestHasMasterClock() == null ? Step.REFUSED : Step.NONE;
        }
        boolean other = events.get(0).operation() != move.operation();
        if (events.size() > 1 || (other && allowed.isEmpty())) {
            return chain(pair, machine, events, comparison);
        }
        if (allowed.isEmpty()) {
            return Step.differs("the specification forbids it, Java does it");
        }
        if (other) {
            return Step.differs("Java does " + events.get(0).operation() + " instead");
        }
        State after = first(allowed, events.get(0), machine, comparison);
        if (after == null) {
            return Step.differs("the results or the states after it differ");
        }
        if (allowed.size() > 1 && !isOpen(move.operation())) {
            return Step.differs("the specification has " + allowed.size() + " outcomes, Java has one");
        }
        return Step.to(after, machine);
    }

    /**
     * Whether the specification leaves the outcome to something outside of the VM: the clocksource's loss asks the
     * vCPUs of a VM without the masterclock if another VM of the host has it. Each outcome has a move of its own.
     */
    private static boolean isOpen(Operation operation) {
        return operation == Operation.HOST_CLOCKSOURCE || operation == Operation.HOST_TSC_UNSTABLE;
    }

    private @Nullable State first(
            List<State> allowed, @Nullable TraceEvent event, Machine machine, Comparison comparison) {
        for (State state : allowed) {
            comparison.restart();
            if (event != null) {
                comparison.results(event, state);
            }
            machine.compare(state, comparison);
            if (comparison.isSame()) {
                return state;
            }
        }
        return null;
    }

    private Step tick(Pair pair, long ahead, Machine machine, Comparison comparison) {
        List<State> allowed = subject.tick(pair.state());
        boolean passes = machine.tick(ahead);
        if (allowed.isEmpty() || !passes) { // (the model's end is no matter of Java's)
            return allowed.isEmpty() || allowed.size() == ticks(pair)
                    ? Step.NONE
                    : Step.differs("time passes otherwise in Java");
        }
        State after = first(allowed, null, machine, comparison);
        if (after == null) {
            return Step.differs("the clocks differ");
        }
        return allowed.size() == 1 || allowed.size() == ticks(pair)
                ? Step.to(after, machine)
                : Step.differs("time passes in " + allowed.size() + " ways in the specification, not so in Java");
    }

    /** In how many ways time can pass in Java. */
    private long ticks(Pair pair) {
        return subject.moves().stream()
                .filter(move ->
                        move.operation() == null && pair.machine().copy().tick(move.ahead()))
                .count();
    }

    /**
     * Java did several steps at once: each must be one of the specification. (The states between them are compared where
     * each is a move by itself.)
     */
    private Step chain(Pair pair, Machine machine, List<TraceEvent> events, Comparison comparison) {
        List<State> states = List.of(pair.state());
        for (TraceEvent event : events) {
            List<State> nexts = new ArrayList<>();
            Evaluator.Operator action = subject.action(event.operation());
            Value[] values = subject.values(event.operation(), Math.max(0, event.vm()), event.args());
            for (State state : states) {
                for (State then : ModelSpecification.successors(action, values, state)) {
                    comparison.restart();
                    comparison.results(event, then);
                    if (comparison.isSame()) {
                        nexts.add(then);
                    }
                }
            }
            if (nexts.isEmpty()) {
                return Step.differs("Java does " + events.size() + " steps; " + event.operation() + " differs");
            }
            states = nexts;
        }
        return first(states, null, machine, comparison) == null
                ? Step.differs("Java does " + events.size() + " steps; the states after them differ")
                : Step.NONE;
    }

    private Difference explained(Pair pair, List<Integer> before, int number) {
        Comparison slow = new Comparison(subject, true);
        Step step = step(pair, number, slow);
        if (step.difference == null) { // only after what both refused before
            return changedByRefused(pair, before);
        }
        ImmutableList<Integer> path =
                ImmutableList.<Integer>builder().addAll(before).add(number).build();
        return new Difference(
                path,
                path.stream()
                        .map(i -> subject.moves().get(i).text(subject.words()))
                        .collect(ImmutableList.toImmutableList()),
                requireNonNull(step.difference),
                ImmutableList.copyOf(slow.lines()));
    }

    /** The refused move that changes Java's state. */
    private Difference changedByRefused(Pair pair, List<Integer> before) {
        for (int i = 0; i < subject.moves().size(); i++) {
            if (subject.moves().get(i).when().test(pair.state()) && step(pair, i, fast).difference != null) {
                return explained(pair, before, i);
            }
        }
        throw new IllegalStateException("moves that both refuse change Java's state only together, after " + before);
    }

    /**
     * Repeats moves from the initial state.
     *
     * @param seen receives each step
     * @return the first difference among them, or null
     * @throws IllegalArgumentException if both refuse one of them, or there is no such move
     */
    @Nullable
    Difference follow(List<Integer> moves, Edges.Seen seen) {
        Pair pair = first();
        List<Integer> done = new ArrayList<>();
        for (int number : moves) {
            if (number < 0 || number >= subject.moves().size()) {
                throw new IllegalArgumentException(
                        "the model has the moves 0 to " + (subject.moves().size() - 1));
            }
            Move move = subject.moves().get(number);
            Step step = step(pair, number, fast);
            if (step.difference != null) {
                return explained(pair, done, number);
            }
            if (step.after == null || step.machine == null) {
                throw new IllegalArgumentException("step " + (done.size() + 1) + ", move " + number
                        + ", which neither can do: " + move.text(subject.words()));
            }
            seen.step(pair.state(), move, step.after);
            done.add(number);
            pair = new Pair(done.size(), step.after, step.machine);
        }
        return null;
    }
}
