package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.Words64;
import dev.longitude.trace.Field;
import dev.longitude.trace.Kind;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Solution;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.Value;

/**
 * A behaviour that matches a trace: the steps that led to a candidate, with a value for every unknown, replayed from
 * the beginning by the specification alone.
 */
final class Witness {
    /**
     * So many values of unknowns are tried for each candidate at first, since one of them mostly succeeds immediately,
     * ...
     */
    private static final int FIRST_BUDGET = 100;

    /** ... and so many afterwards. */
    private static final int BUDGET = 3_000;

    /** The most candidates at the end for which a behaviour is searched. */
    private static final int MOST_TRIED = 8;

    private final Platform platform;
    private final Transitions transitions;

    Witness(Platform platform, Transitions transitions) {
        this.platform = platform;
        this.transitions = transitions;
    }

    /**
     * A step of a behaviour, with nothing unknown.
     *
     * @param silent whether no event shows it
     */
    record Step(TraceEvent event, boolean silent) {}

    /**
     * The result of a search for a behaviour.
     *
     * @param steps the behaviour; null if none was found, or the replay failed
     * @param why why it was not found; empty if it was
     */
    record SearchResult(@Nullable List<Step> steps, String why) {}

    /**
     * Searches for a behaviour that leads to one of some candidates.
     *
     * @param host the host as the behaviour's beginning finds it
     */
    SearchResult of(List<Candidate> candidates, TraceHeader.Host host) {
        List<Candidate> those = candidates.subList(0, Math.min(candidates.size(), MOST_TRIED));
        SearchResult found = new SearchResult(null, "");
        for (int budget : new int[] {FIRST_BUDGET, BUDGET}) {
            for (Candidate candidate : those) {
                found = of(candidate, host, budget);
                if (found.steps() != null) {
                    return found;
                }
            }
        }
        return found;
    }

    /**
     * Searches for a behaviour that leads to a candidate.
     *
     * @param host the host as the behaviour's beginning finds it
     * @param budget how many values of unknowns may be tried
     */
    private SearchResult of(Candidate candidate, TraceHeader.Host host, int budget) {
        if (candidate.store == null) {
            return new SearchResult(steps(candidate, unknown -> 0), "");
        }
        Solution solution = candidate.store.solve(budget);
        if (solution instanceof Solution.Found found) {
            return replayed(candidate, host, found::value);
        }
        return new SearchResult(
                null,
                solution instanceof Solution.Refuted
                        ? "no values of the unknowns meet all constraints"
                        : "no values of the unknowns were found among the first " + budget + " tried");
    }

    private SearchResult replayed(Candidate candidate, TraceHeader.Host host, IntToLongFunction solution) {
        List<Step> replayed = new ArrayList<>();
        Candidate root = candidate;
        while (root.before != null) {
            root = root.before;
        }
        List<Candidate> now = List.of(root);
        for (Step unfilled : steps(candidate, solution)) {
            Step step = new Step(platform.filled(unfilled.event, now.get(0).state), unfilled.silent);
            Transitions.Outcome taken = new Transitions.Outcome();
            if (platform.begins(step.event)) {
                transitions.create(step.event, host, taken);
            } else {
                for (Candidate from : now) {
                    transitions.take(step.event, from, taken);
                }
            }
            if (taken.after.isEmpty()) {
                return new SearchResult(
                        null,
                        "the replay of the behaviour that was found fails at " + step.event.call() + ", line "
                                + step.event.line());
            }
            now = taken.after;
            replayed.add(step);
        }
        return new SearchResult(replayed, "");
    }

    /** The steps that led to a candidate, as far back as they were kept. */
    List<Step> steps(Candidate candidate, IntToLongFunction solution) {
        Deque<Step> steps = new ArrayDeque<>();
        for (Candidate at = candidate; at != null; at = at.before) {
            // (The step that led to the first candidate that was kept is not replayed, unless it creates a state.)
            if (at.step != null && (at.before != null || platform.begins(at.step.event()))) {
                steps.addFirst(solved(platform, at.step, solution));
            }
        }
        return new ArrayList<>(steps);
    }

    /** A step in which each unknown has its value in {@code solution}. */
    static Step solved(Platform platform, Candidate.Step step, IntToLongFunction solution) {
        TraceEvent event = step.event().at(platform.when(step.clocks(), word -> Unknowns.solved(word, solution)));
        if (event.hasArgs()) {
            return new Step(event, step.silent());
        }
        ImmutableMap.Builder<Field, Object> args = ImmutableMap.builder();
        for (Field arg : event.operation().args()) {
            Object seen = event.args().get(arg);
            Value value = requireNonNull(step.args().get(arg.name()));
            args.put(
                    arg,
                    seen != null
                            ? seen
                            : arg.kind() == Kind.UINT64 && value instanceof SymbolicWord
                                    ? Unknowns.solved(value, solution)
                                    : Words64.bits(value));
        }
        return new Step(event.with(args.buildOrThrow()), step.silent());
    }
}
