package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.ValueKey;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Specification;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.Value;

/**
 * The steps that may have happened before an event without a line of their own. From each candidate this takes every
 * operation that the header declares silent, for every vCPU, until no new candidate appears. It leaves out a step that
 * changes nothing that an action depends on: the trace conforms with it if it conforms without it.
 *
 * <p>The instant of a silent step, between two lines, is an unknown. Where the step has the same effect at every such
 * instant, it is taken immediately, and there is no unknown.
 */
final class SilentSteps {
    /** The most candidates that silent steps may lead to between two events. */
    static final int MOST_CANDIDATES = 256;

    /** The silent steps that may leave a state that no event shows. */
    static final ImmutableSet<Operation> HIDING = ImmutableSet.of(
            Operation.BEGIN_GET_CLOCK,
            Operation.BEGIN_SET_CLOCK,
            Operation.TAKE_HOST_TSC,
            Operation.PERFORM_MASTERCLOCK_UPDATE,
            Operation.GUEST_READ_CLOCK,
            Operation.SET_LAPIC,
            Operation.TIMER_FIRES);

    private final TraceHeader header;
    private final Specification specification;
    private final Platform platform;
    private final Transitions transitions;
    private boolean showsLastGuestTsc;

    /** Whether a step was taken immediately while no event showed the last guest TSC. */
    private boolean leftLastGuestTsc;

    SilentSteps(TraceHeader header, Specification specification, Platform platform, Transitions transitions) {
        this.header = header;
        this.specification = specification;
        this.platform = platform;
        this.transitions = transitions;
    }

    /**
     * The candidates that at least one silent step leads to from these before an event.
     *
     * @param taken receives the dead ends, and the bound if one was hit
     * @param enough whether the search may stop; called with the candidates after each further step
     */
    List<Candidate> before(
            TraceEvent event, List<Candidate> start, Transitions.Outcome taken, Predicate<List<Candidate>> enough) {
        boolean shows = event.state().containsKey(StateVariable.LAST_GUEST_TSC);
        if (leftLastGuestTsc && (shows || event.operation() == Operation.HOST_TSC_UNSTABLE)) {
            taken.stopAt("no event before " + event.call() + " shows which TSC KVM saw last");
        }
        showsLastGuestTsc |= shows;
        Set<Object> known = new HashSet<>();
        start.forEach(c -> known.add(key(c)));
        List<Candidate> reached = new ArrayList<>();
        List<Candidate> latest = start;
        while (!latest.isEmpty()) {
            List<Candidate> next = new ArrayList<>();
            for (Candidate from : latest) {
                for (ArgumentCandidates.Completion silent : steps(event, from)) {
                    for (Candidate there : take(silent, event, from, taken)) {
                        if (known.add(key(there))) {
                            next.add(there);
                        }
                    }
                    if (reached.size() + next.size() > MOST_CANDIDATES) {
                        taken.stopAt("only the first " + MOST_CANDIDATES + " sequences of silent steps before "
                                + event.call() + " were tried");
                        reached.addAll(next);
                        return reached;
                    }
                }
            }
            reached.addAll(next);
            latest = enough.test(next) ? List.of() : next;
        }
        return reached;
    }

    /** Takes one silent step before an event. */
    private List<Candidate> take(
            ArgumentCandidates.Completion silent, TraceEvent event, Candidate from, Transitions.Outcome taken) {
        if (from.isKnown && platform.isExact(event) && !platform.isBehind(from)) {
            List<State> atOnce = nexts(silent, platform.since(from));
            if (atOnce.isEmpty()) {
                return List.of();
            }
            if (isSameAtBothEnds(silent, event, from, atOnce)) {
                return atOnce.stream()
                        .map(next -> atOnce(silent, from, next, from.store, true))
                        .toList();
            }
        }
        Transitions.Outcome some = new Transitions.Outcome();
        transitions.take(silent, from, true, some);
        if (some.after.size() == 1 && !from.isKnown) {
            Candidate atOnce = atOnce(silent, from);
            Candidate sometime = some.after.get(0);
            if (atOnce != null && isSameWithClocksOf(sometime.state, atOnce.state)) {
                return List.of(atOnce);
            }
        }
        taken.deadEnds.addAll(some.deadEnds);
        if (some.bound != null) {
            taken.stopAt(some.bound);
        }
        return some.after;
    }

    private List<State> nexts(ArgumentCandidates.Completion silent, State state) {
        return specification.step(transitions.arguments().action(silent.event()), state);
    }

    /**
     * Whether a step has the same effect at a candidate's instant and at an event's. (Then it has it in between too:
     * each of its conditions on time changes at most once.)
     */
    private boolean isSameAtBothEnds(
            ArgumentCandidates.Completion silent, TraceEvent event, Candidate from, List<State> atOnce) {
        Clocks end = platform.exactly(event, platform.since(from));
        Set<Object> last = new HashSet<>();
        for (State now : transitions.now(end, platform.since(from))) {
            nexts(silent, now).forEach(s -> last.add(new ValueKey(standing(s))));
        }
        Set<Object> first = new HashSet<>();
        for (State state : atOnce) {
            transitions.now(end, state).forEach(s -> first.add(new ValueKey(standing(s))));
        }
        return first.equals(last);
    }

    private boolean isSameWithClocksOf(State later, State atOnce) {
        return ValueKey.isSame(standing(later), standing(platform.at(platform.now(later), atOnce)));
    }

    /**
     * The relevant part of a state. The TSC that KVM saw last is relevant only once the host's TSC is unstable, or
     * where events show it. (A step taken immediately before that may leave a wrong one.)
     */
    private Value standing(State state) {
        return showsLastGuestTsc ? specification.standing(state) : specification.course(state);
    }

    /** The step at the candidate's own instant; null if its evaluation branches. */
    private @Nullable Candidate atOnce(ArgumentCandidates.Completion silent, Candidate from) {
        ActionCall action = transitions.arguments().action(silent.event());
        Store store = requireNonNull(from.store).copy();
        store.because(Evidence.step(silent.event()));
        State now = platform.isBehind(from) ? platform.withoutBaseClock(platform.since(from)) : platform.since(from);
        Way.Exploration<List<State>> explored;
        try {
            explored = Way.explore(store, 1, () -> specification.stepSymbolically(action, now));
        } catch (SymbolicWord.UnreadWordException e) {
            return null;
        }
        if (!explored.complete() || explored.outcomes().size() != 1) {
            return null;
        }
        Way.Outcome<List<State>> outcome = explored.outcomes().get(0);
        if (outcome.value().size() != 1) {
            return null;
        }
        State next = platform.restored(outcome.value().get(0), platform.since(from));
        return next == null ? null : atOnce(silent, from, next, outcome.store(), from.isKnown);
    }

    private Candidate atOnce(
            ArgumentCandidates.Completion silent, Candidate from, State next, @Nullable Store store, boolean isKnown) {
        leftLastGuestTsc |= !showsLastGuestTsc;
        Clocks now = platform.now(platform.since(from));
        Candidate.Step step = new Candidate.Step(
                silent.event(),
                platform.isBehind(from) ? now.withoutBaseClock() : now,
                transitions.arguments().args(silent.event()),
                true);
        return from.then(next, store, isKnown, step, transitions.keepsWitness());
    }

    /** The key of equivalent candidates before an event. */
    private Object key(Candidate candidate) {
        return Transitions.key(standing(candidate.state), candidate);
    }

    /** Every possible silent step of the existing VMs. */
    private List<ArgumentCandidates.Completion> steps(TraceEvent event, Candidate from) {
        HostTime between = between(event, from);
        List<ArgumentCandidates.Completion> steps = new ArrayList<>();
        for (int vm : platform.vms(event, from.state)) {
            for (Operation operation : header.silent()) {
                TraceEvent bare = new TraceEvent(
                        event.line(), vm, between, operation, ImmutableMap.of(), ImmutableMap.of(), ImmutableMap.of());
                steps.addAll(transitions.arguments().of(bare, from.state).completions());
            }
        }
        return steps;
    }

    private HostTime between(TraceEvent event, Candidate from) {
        Clocks now = platform.now(from.state);
        return new HostTime(
                requireNonNull(upTo(now.counter(), event.counter(), from)),
                upTo(now.ns(), event.when().ns(), from),
                upTo(now.realtime(), event.when().realtime(), from));
    }

    /** From a candidate's clock up to an event's; null if that is unknown. */
    private static @Nullable Interval upTo(@Nullable Value now, @Nullable Interval event, Candidate from) {
        if (now == null || event == null) {
            return null;
        }
        long lo = SymbolicWords.constant(now) + (from.store == null ? 0 : from.store.least(SymbolicWords.sum(now)));
        return new Interval(lo, event.hi() - lo < 0 ? lo : event.hi());
    }
}
