package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.SymbolicWords;
import dev.longitude.evaluator.Unknowns;
import dev.longitude.kernel.Switch;
import dev.longitude.spec.ActionCall;
import dev.longitude.spec.Specification;
import dev.longitude.spec.SpecificationFiles;
import dev.longitude.spec.TlaValues;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.unknowns.Certificate;
import dev.longitude.unknowns.CertificateChecker;
import dev.longitude.unknowns.Solution;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tla2sany.st.Location;
import tlc2.tool.impl.Conjuncts;
import tlc2.value.impl.Value;

/** Explains why no candidate accepts an event, once that is certain. */
final class Diagnosis {
    /** More candidates than these are not explained one by one. */
    private static final int MOST_EXPLAINED = 64;

    /** So many values of the unknowns are tried to find an example. */
    private static final int EXAMPLE_BUDGET = 200;

    private final TraceHeader header;
    private final Specification specification;
    private final Platform platform;
    private final Transitions transitions;
    private final Observation observation;
    private final TraceEvent event;
    private final long number;

    Diagnosis(
            TraceHeader header,
            Specification specification,
            Platform platform,
            Transitions transitions,
            Observation observation,
            TraceEvent event,
            long number) {
        this.header = header;
        this.specification = specification;
        this.platform = platform;
        this.transitions = transitions;
        this.observation = observation;
        this.event = event;
        this.number = number;
    }

    /**
     * An attempt to take an event.
     *
     * @param from the candidate
     * @param now one of its states, all known, at the event's instant
     * @param completion the completed event
     */
    private record Attempt(Candidate from, State now, TraceEvent completion) {}

    /** A refusal for a reason outside of the specification's actions. */
    Refusal plain(String what, String expected, String observed) {
        return refusal(
                List.of(new Refusal.Reason(
                        null,
                        ImmutableMap.of(),
                        ImmutableList.of(new Refusal.Difference(what, expected, observed)),
                        ImmutableMap.of(),
                        1)),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                1);
    }

    private Refusal refusal(
            List<Refusal.Reason> reasons,
            ImmutableList<Switch> flips,
            ImmutableList<Operation> possible,
            ImmutableList<Refusal.Cause> causes,
            ImmutableList<Refusal.Conflict> conflict,
            int states) {
        return new Refusal(
                event,
                number,
                header.kernel(),
                ImmutableList.copyOf(reasons),
                flips,
                possible,
                causes,
                conflict,
                states);
    }

    /**
     * No state that a creation can lead to is the observed one.
     *
     * @throws UndecidedException if that is not confirmed
     */
    Refusal ofCreation(Transitions.Outcome taken, TraceHeader.Host host) throws UndecidedException {
        ImmutableList<Refusal.Conflict> conflict = conflict(List.of(), taken);
        Store store = new Store();
        State state = platform.first(platform.atFirst(event, store), host);
        if (store.solve(EXAMPLE_BUDGET) instanceof Solution.Found found) {
            state = Unknowns.solved(state, found::value);
        }
        return refusal(
                List.of(differing(observation.mismatches(event, state), null)),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                conflict,
                1);
    }

    /**
     * No candidate accepts the event.
     *
     * @param before the candidates
     * @param earlier the stores of earlier dead ends
     * @param taken the outcome of the event
     * @param passes whether it would pass if this switch of the kernel were flipped
     * @throws UndecidedException if one of the dead ends is not confirmed
     */
    Refusal refusal(List<Candidate> before, List<Store> earlier, Transitions.Outcome taken, Predicate<Switch> passes)
            throws UndecidedException {
        ImmutableList<Refusal.Conflict> conflict = conflict(earlier, taken);
        List<Attempt> tried = before.stream()
                .limit(MOST_EXPLAINED)
                .flatMap(from -> tried(from).stream())
                .toList();
        if (tried.isEmpty()) {
            return ofInstant(before, conflict);
        }
        Map<Candidate, List<Attempt>> byCandidate = new LinkedHashMap<>();
        for (Attempt each : tried) {
            byCandidate.computeIfAbsent(each.from, p -> new ArrayList<>()).add(each);
        }
        Map<Refusal.Reason, Integer> counted = new LinkedHashMap<>();
        Map<Refusal.Reason, Attempt> examples = new HashMap<>();
        for (List<Attempt> those : byCandidate.values()) {
            Refusal.Reason best = null;
            Attempt nearest = null;
            for (Attempt each : those) {
                Refusal.Reason reason = reason(each.completion, each.now);
                if (best == null || isNearer(reason, best)) {
                    best = reason;
                    nearest = each;
                }
            }
            if (best != null && nearest != null) {
                counted.merge(best, 1, Integer::sum);
                examples.putIfAbsent(best, nearest);
            }
        }
        List<Refusal.Reason> reasons = counted.entrySet().stream()
                .sorted(Map.Entry.<Refusal.Reason, Integer>comparingByValue().reversed())
                .map(e -> e.getKey().of(e.getValue()))
                .toList();
        boolean impossible = reasons.stream().allMatch(r -> r.differences().isEmpty());
        return refusal(
                reasons,
                flips(passes),
                impossible ? possible(tried) : ImmutableList.of(),
                causes(examples),
                conflict,
                before.size());
    }

    /**
     * The constraints in conflict in the dead end that has the fewest of them; each dead end must have some that are
     * confirmed.
     */
    private ImmutableList<Refusal.Conflict> conflict(List<Store> earlier, Transitions.Outcome taken)
            throws UndecidedException {
        for (Store store : earlier) {
            if (!CertificateChecker.refutes(store.constraints())) {
                throw unconfirmed();
            }
        }
        Certificate fewest = null;
        for (Store store : taken.deadEnds) {
            Certificate certificate = Certificate.of(store.constraints()).orElseThrow(this::unconfirmed);
            if (fewest == null
                    || certificate.constraints().size() < fewest.constraints().size()) {
                fewest = certificate;
            }
        }
        return fewest == null
                ? ImmutableList.of()
                : fewest.constraints().stream().map(Refusal.Conflict::of).collect(ImmutableList.toImmutableList());
    }

    private UndecidedException unconfirmed() {
        return new UndecidedException(
                "event " + number + (event.line() > 0 ? " in line " + event.line() : "") + ", " + event.call()
                        + ", is not accepted, but the checker does not confirm that the constraints on the instants"
                        + " contradict each other");
    }

    /** States of a candidate at the event's instant, with example values for the unknowns. */
    private List<Attempt> tried(Candidate from) {
        List<Attempt> tried = new ArrayList<>();
        for (ArgumentCandidates.Completion completion :
                transitions.arguments().of(event, from.state).completions()) {
            if (from.isKnown
                    && platform.isExact(event)
                    && completion.unknownFrom().isEmpty()) {
                for (State now : transitions.now(platform.exactly(event, from.state), platform.since(from))) {
                    tried.add(new Attempt(from, now, completion.event()));
                }
            } else {
                example(from, completion).ifPresent(tried::add);
            }
        }
        return tried;
    }

    private Optional<Attempt> example(Candidate from, ArgumentCandidates.Completion completion) {
        Store store = from.store == null ? new Store() : from.store.copy();
        State since = platform.since(from);
        Clocks clocks = platform.withBaseClock(platform.unknown(event, since, store), event, since, store);
        Map<String, Value> args = transitions.arguments().args(completion, store);
        Way.Exploration<List<State>> explored = Way.explore(
                store, MOST_EXPLAINED, () -> specification.stepSymbolically(platform.passing(clocks), since));
        for (Way.Outcome<List<State>> outcome : explored.outcomes()) {
            if (!outcome.value().isEmpty() && outcome.store().solve(EXAMPLE_BUDGET) instanceof Solution.Found found) {
                State now = Unknowns.solved(outcome.value().get(0), found::value);
                State known = Unknowns.solved(from.state, found::value);
                Candidate.Step step = new Candidate.Step(completion.event(), clocks, args, false);
                return Optional.of(new Attempt(
                        from.instead(known),
                        now,
                        Witness.solved(platform, step, found::value).event()));
            }
        }
        return Optional.empty();
    }

    /** No candidate can have come to the event's instant. */
    private Refusal ofInstant(List<Candidate> before, ImmutableList<Refusal.Conflict> conflict) {
        Candidate candidate = before.get(0);
        Value now = platform.counter().in(platform.since(candidate));
        long least = SymbolicWords.constant(now)
                + (candidate.store == null ? 0 : candidate.store.least(SymbolicWords.sum(now)));
        String conjunct = null;
        if (candidate.isKnown && platform.isExact(event)) {
            Clocks clocks = platform.exactly(event, candidate.state);
            Conjuncts.Outcome pace = specification.firstFalse(
                    platform.passing(clocks),
                    platform.since(candidate),
                    State.EMPTY,
                    (name, value) -> TlaValues.show(value));
            conjunct = pace.location() == null ? null : place(pace.location());
        }
        Refusal.Difference difference = new Refusal.Difference(
                platform.counter().name(), "at least " + Long.toUnsignedString(least), event.counter() + "");
        return refusal(
                List.of(new Refusal.Reason(
                        conjunct, ImmutableMap.of(), ImmutableList.of(difference), ImmutableMap.of(), before.size())),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                conflict,
                before.size());
    }

    /** A state in which the operation is possible is nearer than one in which it is not. */
    private static boolean isNearer(Refusal.Reason one, Refusal.Reason other) {
        int differences = one.differences().size();
        int others = other.differences().size();
        return differences > 0 && (others == 0 || differences < others);
    }

    private ActionCall action(TraceEvent completion) {
        return transitions.arguments().action(completion);
    }

    private List<State> nexts(TraceEvent completion, State now) {
        return specification.step(action(completion), now);
    }

    /** Why the event is refused in one state; of no states if it is not. */
    private Refusal.Reason reason(TraceEvent completion, State now) {
        List<Observation.Mismatch> nearest = null;
        Conjuncts.Outcome outcome = null;
        for (State next : nexts(completion, now)) {
            List<Observation.Mismatch> mismatches = observation.mismatches(completion, next);
            if (nearest == null || mismatches.size() < nearest.size()) {
                nearest = mismatches;
                outcome = mismatches.isEmpty()
                        ? null
                        : firstFalse(completion, now, Observation.onlyAsObserved(mismatches, next));
            }
        }
        if (nearest != null) {
            return differing(nearest, outcome);
        }
        outcome = firstFalse(completion, now, State.EMPTY);
        ImmutableMap.Builder<String, String> sides = ImmutableMap.builder();
        outcome.sides().forEach((at, value) -> {
            String text = SpecificationFiles.text(at);
            String shown = TlaValues.showAny(value);
            if (!text.isEmpty() && !shown.isEmpty()) {
                sides.put(text, shown);
            }
        });
        return new Refusal.Reason(
                outcome.location() == null ? null : place(outcome.location()),
                sides.buildKeepingLast(),
                ImmutableList.of(),
                ImmutableMap.copyOf(outcome.bindings()),
                1);
    }

    private static Refusal.Reason differing(
            List<Observation.Mismatch> mismatches, Conjuncts.@Nullable Outcome outcome) {
        return new Refusal.Reason(
                outcome == null || outcome.location() == null ? null : place(outcome.location()),
                ImmutableMap.of(),
                mismatches.stream().map(Observation.Mismatch::difference).collect(ImmutableList.toImmutableList()),
                outcome == null ? ImmutableMap.of() : ImmutableMap.copyOf(outcome.bindings()),
                mismatches.isEmpty() ? 0 : 1);
    }

    private Conjuncts.Outcome firstFalse(TraceEvent completion, State from, State to) {
        return specification.firstFalse(action(completion), from, to, (name, value) -> TlaValues.show(value));
    }

    private static String place(Location location) {
        String file = location.source() + ".tla";
        return file + ":" + location.beginLine() + ": " + SpecificationFiles.line(file, location.beginLine());
    }

    /** The steps without which the reasons would be different. */
    private ImmutableList<Refusal.Cause> causes(Map<Refusal.Reason, Attempt> examples) {
        IdentityHashMap<TraceEvent, Set<String>> variables = new IdentityHashMap<>();
        IdentityHashMap<TraceEvent, Boolean> silent = new IdentityHashMap<>();
        examples.forEach((reason, tried) -> {
            for (Candidate.Change latest : tried.from.changes()) {
                Candidate.Change change = latest;
                while (change != null && isSame(reason, tried, change)) {
                    change = change.earlier();
                }
                if (change != null) {
                    variables
                            .computeIfAbsent(change.step().event(), s -> new LinkedHashSet<>())
                            .add(change.variable().toString());
                    silent.put(change.step().event(), change.step().silent());
                }
            }
        });
        return variables.entrySet().stream()
                .map(e -> new Refusal.Cause(
                        e.getKey(), Boolean.TRUE.equals(silent.get(e.getKey())), ImmutableList.copyOf(e.getValue())))
                .sorted(Comparator.comparing((Refusal.Cause c) -> c.step().line())
                        .thenComparing(c -> c.step().counter().lo(), Long::compareUnsigned)
                        .reversed())
                .collect(ImmutableList.toImmutableList());
    }

    /** Whether the reason stays the same if this change and the later ones of the variable had not happened. */
    private boolean isSame(Refusal.Reason reason, Attempt tried, Candidate.Change change) {
        State other = tried.now.with(change.variable(), change.before());
        try {
            return reason(tried.completion, other).equals(reason);
        } catch (RuntimeException e) {
            return true; // no state at all: a vCPU that exists by one variable and not by another
        }
    }

    /** The operations that were possible in some state, for the event's vCPU; an argument of theirs may be anything. */
    private ImmutableList<Operation> possible(List<Attempt> tried) {
        return Operation.of(header.arch()).stream()
                .filter(other -> other != Operation.CREATE_VM)
                .filter(other -> {
                    TraceEvent instead = anything(other);
                    return tried.stream()
                            .limit(MOST_EXPLAINED)
                            .anyMatch(t -> !nexts(instead, t.now).isEmpty());
                })
                .collect(ImmutableList.toImmutableList());
    }

    private TraceEvent anything(Operation operation) {
        ImmutableMap.Builder<Field, Object> args = ImmutableMap.builder();
        for (Field arg : operation.args()) {
            Object any = switch (arg.kind()) {
                case VCPU -> arg.equals(Field.VCPU) ? Math.max(0, event.vcpu()) : 0;
                case UINT64 -> 0L;
                case FLAG -> false;
                default -> 0;
            };
            args.put(arg, any);
        }
        return new TraceEvent(
                event.line(),
                event.vm(),
                event.when(),
                operation,
                args.buildOrThrow(),
                ImmutableMap.of(),
                ImmutableMap.of());
    }

    private ImmutableList<Switch> flips(Predicate<Switch> passes) {
        ImmutableList.Builder<Switch> passing = ImmutableList.builder();
        for (Switch one : Switch.values()) {
            if (one.arch() == header.arch() && passes.test(one)) {
                passing.add(one);
            }
        }
        return passing.build();
    }
}
