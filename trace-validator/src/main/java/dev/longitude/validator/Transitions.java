package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.TooLittleKnownException;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Specification;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.LinearSum;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.Value;

/**
 * Takes the steps that events show. Where every word of an event and a candidate is known, the specification is
 * evaluated concretely; otherwise on every {@link Way} that the unknowns allow.
 */
final class Transitions {
    /** The most branches of one step's evaluation. */
    private static final int MOST_WAYS = 1024;

    private final Specification specification;
    private final Platform platform;
    private final ArgumentCandidates arguments;
    private final Observation observation;
    private final boolean keepsWitness;

    Transitions(
            TraceHeader header,
            Specification specification,
            Platform platform,
            Observation observation,
            boolean keepsWitness) {
        this.specification = specification;
        this.platform = platform;
        this.arguments = new ArgumentCandidates(specification, platform, header);
        this.observation = observation;
        this.keepsWitness = keepsWitness;
    }

    /** The outcome of an event from some candidates. */
    static final class Outcome {
        /** The candidates after it. */
        final List<Candidate> after = new ArrayList<>();

        /** The stores of the dead ends, which have no solution. */
        final List<Store> deadEnds = new ArrayList<>();

        /** The bound that kept the search from being exhaustive; null if there was none. */
        @Nullable
        String bound;

        /** Notes that a bound was hit. */
        void stopAt(String why) {
            bound = bound == null ? why : bound;
        }
    }

    ArgumentCandidates arguments() {
        return arguments;
    }

    boolean keepsWitness() {
        return keepsWitness;
    }

    /**
     * The key of a candidate: candidates that differ only in the names of their unknowns have equal keys.
     *
     * @param matters the relevant part of the candidate's state
     */
    static Object key(Value matters, Candidate candidate) {
        if (candidate.isKnown) {
            return new ValueKey(matters);
        }
        List<Integer> order = new ArrayList<>();
        ValueKey renumbered = new ValueKey(Unknowns.renumbered(matters, order));
        return List.of(renumbered, requireNonNull(candidate.store).signature(order));
    }

    /** Takes every completion of an event from a candidate. */
    void take(TraceEvent event, Candidate from, Outcome taken) {
        ArgumentCandidates.Completions completions = arguments.of(event, from.state);
        if (!completions.all()) {
            taken.stopAt("not every value of an unseen argument of " + event.call() + " was tried");
        }
        for (ArgumentCandidates.Completion completion : completions.completions()) {
            take(completion, from, false, taken);
        }
    }

    /** Takes one completion of an event. */
    void take(ArgumentCandidates.Completion completion, Candidate from, boolean silent, Outcome taken) {
        if (from.isKnown
                && platform.isExact(completion.event())
                && completion.unknownFrom().isEmpty()) {
            exactly(completion.event(), from, silent, taken);
        } else {
            symbolically(completion, from, silent, taken);
        }
    }

    private void exactly(TraceEvent event, Candidate from, boolean silent, Outcome taken) {
        State since = platform.since(from);
        Clocks clocks = platform.exactly(event, since);
        ActionCall action = arguments.action(event);
        for (State now : standsStill(from, clocks, since) ? List.of(since) : now(clocks, since)) {
            for (State next : specification.step(action, now)) {
                boolean readsClocks =
                        clocks.areOfOneInstant() || platform.readsClocks(event, clocks, from.state, next, new Store());
                if (readsClocks && observation.agrees(event, next)) {
                    Candidate.Step step = new Candidate.Step(event, clocks, ImmutableMap.of(), silent);
                    taken.after.add(from.then(next, from.store, true, step, keepsWitness));
                }
            }
        }
    }

    /**
     * Whether a host's clocks are where a candidate's last step has left them, all of one instant. Passing to there
     * would change nothing but the reply, which the next step sets, and its conditions on the clocks were met when they
     * got there.
     */
    private boolean standsStill(Candidate from, Clocks clocks, State since) {
        return from.step != null
                && from.step.clocks().areOfOneInstant()
                && !platform.isBehind(from)
                && platform.isAt(clocks, since);
    }

    /** The states after a host's clocks have advanced to given values, all known; none if they cannot. */
    List<State> now(Clocks clocks, State from) {
        return specification.step(platform.passing(clocks), from);
    }

    private void symbolically(ArgumentCandidates.Completion completion, Candidate from, boolean silent, Outcome taken) {
        TraceEvent event = completion.event();
        Store store = from.store == null ? new Store() : from.store.copy();
        store.because(Evidence.interval(event));
        State since = platform.since(from);
        Clocks clocks = platform.unknown(event, since, store);
        Map<String, Value> args = arguments.args(completion, store);
        store.because(Evidence.step(event));
        Way.Exploration<List<State>> explored;
        try {
            explored = withoutBaseClock(event, clocks, args, since, store);
            if (explored == null) {
                clocks = platform.withBaseClock(clocks, event, since, store);
                explored = explore(event, clocks, args, since, store);
            }
        } catch (TooLittleKnownException e) {
            taken.stopAt("too little is known of " + event.call() + ": " + e.getMessage());
            return;
        }
        taken.deadEnds.addAll(explored.deadEnds());
        if (!explored.complete()) {
            taken.stopAt("only the first " + MOST_WAYS + " branches of " + event.call() + " were tried");
        }
        Candidate.Step step = new Candidate.Step(event, clocks, args, silent);
        for (Way.Outcome<List<State>> outcome : explored.outcomes()) {
            List<State> nexts = outcome.value();
            for (State next : nexts) {
                Store known =
                        nexts.size() == 1 ? outcome.store() : outcome.store().copy();
                observe(event, next, known, from, step, taken);
            }
        }
    }

    /** The branches without the base clock; null if KVM reads it on one of them, or it is not left out. */
    private Way.@Nullable Exploration<List<State>> withoutBaseClock(
            TraceEvent event, Clocks clocks, Map<String, Value> args, State from, Store store) {
        if (!platform.leavesBaseClock(clocks)) {
            return null;
        }
        try {
            Way.Exploration<List<State>> explored =
                    explore(event, clocks, args, platform.withoutBaseClock(from), store);
            ImmutableList.Builder<Way.Outcome<List<State>>> outcomes = ImmutableList.builder();
            for (Way.Outcome<List<State>> outcome : explored.outcomes()) {
                List<State> nexts = new ArrayList<>();
                for (State next : outcome.value()) {
                    State restored = platform.restored(next, from);
                    if (restored == null) {
                        return null;
                    }
                    nexts.add(restored);
                }
                outcomes.add(new Way.Outcome<>(nexts, outcome.store()));
            }
            return new Way.Exploration<>(outcomes.build(), explored.deadEnds(), explored.complete());
        } catch (SymbolicWord.UnreadWordException e) {
            return null;
        }
    }

    private Way.Exploration<List<State>> explore(
            TraceEvent event, Clocks clocks, Map<String, Value> args, State from, Store store) {
        return Way.explore(store, MOST_WAYS, () -> nexts(event, clocks, args, from));
    }

    private List<State> nexts(TraceEvent event, Clocks clocks, Map<String, Value> args, State from) {
        List<State> nexts = new ArrayList<>();
        ActionCall action = specification.action(event.operation(), args);
        for (State now : specification.stepSymbolically(platform.passing(clocks), from)) {
            nexts.addAll(specification.stepSymbolically(action, now));
        }
        return nexts;
    }

    /** Keeps a state after a symbolic step if it can have the observed values. */
    private void observe(
            TraceEvent event, State next, Store known, Candidate from, Candidate.Step step, Outcome taken) {
        if (!platform.readsClocks(event, step.clocks(), from.state, next, known)
                || observation.impose(event, next, known, what -> Evidence.observed(event, what)) != null) {
            if (known.isInfeasible()) {
                taken.deadEnds.add(known);
            }
            return;
        }
        BitSet mentioned = new BitSet();
        State simplified = Unknowns.simplified(platform.reduced(next), known, mentioned);
        LinearSum nsCounter = SymbolicWords.sum(step.clocks().nsCounter());
        for (int i = 0; i < nsCounter.size(); i++) {
            mentioned.set(nsCounter.unknown(i));
        }
        known.forget(mentioned::get);
        taken.after.add(from.then(simplified, known, mentioned.isEmpty(), step, keepsWitness));
    }

    /** The first candidate of an arm64 host. */
    Candidate firstOfHost(TraceEvent event, TraceHeader.Host host) {
        return Candidate.first(platform.first(platform.atFirst(event, new Store()), host), null, null);
    }

    /** Takes a VM's creation on a host that is as the events before have left it. */
    void create(TraceEvent event, TraceHeader.Host host, Outcome taken) {
        Store store = new Store();
        store.because(Evidence.interval(event));
        Clocks clocks = platform.atFirst(event, store);
        State state = platform.first(clocks, host);
        Candidate.Step step = new Candidate.Step(event, clocks, arguments.args(event), false);
        if (store.size() == 0) {
            if (observation.agrees(event, state)) {
                taken.after.add(Candidate.first(state, null, step));
            }
            return;
        }
        observe(event, state, store, Candidate.first(state, store, null), step, taken);
    }
}
