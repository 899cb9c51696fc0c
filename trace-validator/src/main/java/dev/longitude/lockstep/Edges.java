package dev.longitude.lockstep;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.longitude.evaluator.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.RecordValue;
import util.UniqueString;

/**
 * The kinds of steps that a search saw, each with a shortest way to it. A kind is an operation with its flags and its
 * errno, what its reply says of it that is true or false, and which variables it changed.
 */
final class Edges {
    private static final UniqueString REPLY = UniqueString.uniqueStringOf("reply");

    private final Subject subject;
    private final Map<List<Object>, ImmutableList<Integer>> ways = new LinkedHashMap<>();

    Edges(Subject subject) {
        this.subject = subject;
    }

    /** Notes a step. */
    void note(Visited visited, Pair from, int move, State after) {
        ways.computeIfAbsent(
                kind(from.state(), subject.moves().get(move), after),
                kind -> ImmutableList.<Integer>builder()
                        .addAll(visited.path(from.number()))
                        .add(move)
                        .build());
    }

    private static List<Object> kind(State before, Move move, State after) {
        ImmutableList.Builder<Object> kind = ImmutableList.builder();
        kind.add(move.operation() == null ? "TimePasses" : move.operation());
        move.args().values().stream().filter(Boolean.class::isInstance).forEach(kind::add);
        RecordValue reply = (RecordValue) requireNonNull(after.lookup(REPLY));
        for (int i = 0; i < reply.names.length; i++) {
            String name = reply.names[i].toString();
            if (reply.values[i] instanceof BoolValue || name.equals("errno") || name.equals("flags")) {
                kind.add(name + reply.values[i]);
            }
        }
        for (int i = 0; i < State.variables().size(); i++) {
            if (State.variables().get(i) != REPLY
                    && !requireNonNull(before.at(i)).equals(after.at(i))) {
                kind.add(i);
            }
        }
        return kind.build();
    }

    /** How many kinds there are. */
    int size() {
        return ways.size();
    }

    /** Behaviours that contain a step of each kind. The longest are taken first: they have the most of the others. */
    ImmutableList<ImmutableList<Integer>> behaviours(Tracker tracker) {
        ImmutableList.Builder<ImmutableList<Integer>> chosen = ImmutableList.builder();
        Map<List<Object>, ImmutableList<Integer>> left = new LinkedHashMap<>(ways);
        List<Map.Entry<List<Object>, ImmutableList<Integer>>> longestFirst = Stream.of(ways)
                .flatMap(all -> all.entrySet().stream())
                .sorted((a, b) ->
                        Integer.compare(b.getValue().size(), a.getValue().size()))
                .toList();
        for (Map.Entry<List<Object>, ImmutableList<Integer>> each : longestFirst) {
            if (left.containsKey(each.getKey())) {
                chosen.add(each.getValue());
                tracker.follow(each.getValue(), (before, move, after) -> left.remove(kind(before, move, after)));
            }
        }
        return chosen.build();
    }

    /** Receives a step. */
    interface Seen {
        void step(State before, Move move, State after);
    }

    /** Repeats moves. */
    interface Tracker {
        void follow(List<Integer> moves, Seen seen);
    }
}
