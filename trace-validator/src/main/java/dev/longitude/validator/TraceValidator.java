package dev.longitude.validator;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.spec.Specification;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tlc2.value.impl.Value;

/**
 * Replays a trace against the specification. For each VM (on arm64, where VMs share the CPUs' registers, for the host)
 * it keeps a frontier of candidates: states that the events so far may have led to. For each event it lets time pass to
 * the event's instant, takes the action that the event names, and keeps the successors that agree with what was
 * observed. It has no rules of its own: only the specification defines what an action does.
 *
 * <p>An instant with only an interval, and a word that was not seen, are unknowns: nothing is guessed. The validator
 * searches for what no line shows: an argument ({@link ArgumentCandidates}), the order of events of several threads
 * ({@link Interleaving}), and steps without a line ({@link SilentSteps}).
 *
 * <p>A trace conforms if {@link #finish} has replayed a behaviour that matches it. It is refused if no candidate is
 * left, each dead end has a certificate, and no bound kept the search from being exhaustive.
 */
public final class TraceValidator {
    private final TraceHeader header;
    private final Specification specification;
    private final Platform platform;
    private final Transitions transitions;
    private final Observation observation;
    private final Successors successors;
    private final Reduction reduction;
    private final ReportedProperties properties;
    private final boolean keepsWitness;

    /** The operations of which the specification leaves out some cases. */
    private final ImmutableSet<Operation> notModelled;

    /** Whether the lines of several VMs are in the order in which they happened. */
    private final boolean vmsInOrder;

    private final Map<Integer, Frontier> frontiers = new TreeMap<>();

    private final SharedHost host;

    /** The subject of each accepted event in order, if a witness is kept: all states for an event of the host. */
    private final List<Integer> accepted = new ArrayList<>();

    /** The accepted events of the host, in order, if a witness is kept. */
    private final List<TraceEvent> hostEvents = new ArrayList<>();

    private final Map<Integer, List<Witness.Step>> witnesses = new HashMap<>();
    private long events;

    /** A validator for one trace. */
    public TraceValidator(TraceHeader header) {
        this(header, true, false, true);
    }

    /** A validator for a recording, which shows no base clock. It may leave the properties unjudged: each may fail. */
    public static TraceValidator ofRecording(TraceHeader header, boolean judgesProperties) {
        return new TraceValidator(header, false, false, judgesProperties);
    }

    /**
     * A validator for one trace that can return a whole behaviour that matches it; it keeps all steps until then.
     *
     * @param recording whether it is {@linkplain #ofRecording for a recording}
     */
    public static TraceValidator keepingWitness(TraceHeader header, boolean recording) {
        return new TraceValidator(header, !recording, true, true);
    }

    private TraceValidator(TraceHeader header, boolean showsBaseClock, boolean keepsWitness, boolean judgesProperties) {
        this.header = header;
        this.platform = Platform.of(header, showsBaseClock);
        this.specification = platform.specification();
        this.observation = new Observation(specification);
        this.transitions = new Transitions(header, specification, platform, observation, keepsWitness);
        this.reduction = new Reduction(specification, platform);
        this.properties = new ReportedProperties(specification, platform, judgesProperties);
        this.successors = new Successors(header, specification, platform, transitions, reduction, properties);
        this.keepsWitness = keepsWitness;
        this.vmsInOrder = platform.vmsStandInOrder();
        this.host = new SharedHost(header.host());
        this.notModelled = Operation.of(header.arch()).stream()
                .filter(specification::leavesOutSomeOf)
                .collect(Sets.toImmutableEnumSet());
    }

    /** Events accepted so far. */
    public long events() {
        return events;
    }

    /** How much of what happened is known. */
    public InferenceSummary inferred() {
        return InferenceSummary.of(frontiers.values());
    }

    /** Where possible states were first not followed, of each VM (on arm64, host), as text; empty if all were. */
    public ImmutableList<String> leftOut() {
        return frontiers.values().stream()
                .map(Frontier::leftOut)
                .filter(Objects::nonNull)
                .map(Frontier.LeftOut::why)
                .collect(ImmutableList.toImmutableList());
    }

    /** Whether each property of the report is kept, by name, in the events so far. */
    public ImmutableMap<String, PropertyVerdict> properties() {
        return properties.verdicts(frontiers.values());
    }

    /**
     * The properties that fail in every possibility that is left, or may fail, each with the event at which it first
     * does.
     */
    public ImmutableMap<String, TraceEvent> firstFailures() {
        Failures failures = ReportedProperties.ofAll(frontiers.values());
        return ImmutableMap.<String, TraceEvent>builder()
                .putAll(failures.possible())
                .putAll(failures.certain()) // (what fails certainly in one VM may fail in another)
                .buildKeepingLast();
    }

    /**
     * Takes the next event.
     *
     * @return why it is refused, or empty if it is accepted; after a refusal the validator must not be used any more
     * @throws UndecidedException if the specification does not model the event, or if no candidate is left and a bound
     *     was hit
     */
    public Optional<Refusal> accept(TraceEvent event) throws UndecidedException {
        return accept(ImmutableList.of(event));
    }

    /**
     * Takes the next events, of which only threads and instants show the order: those of one thread are in program
     * order, and none happened before another that had ended when it began.
     *
     * @return as for one event
     * @throws UndecidedException as for one event
     */
    public Optional<Refusal> accept(List<TraceEvent> together) throws UndecidedException {
        if (vmsInOrder) {
            for (TraceEvent event : together) {
                SharedHost.Instant later = host.takeInstant(event);
                if (later != null) {
                    return Optional.of(behind(event, later));
                }
            }
        }
        if (together.size() == 1) { // (as nearly always: without a stream)
            TraceEvent event = together.get(0);
            if (!event.operation().isOfHost() && !platform.begins(event)) {
                return take(header.host().subject(event), together);
            }
        }
        if (together.stream().anyMatch(e -> e.operation().isOfHost())) {
            return takeOfHost(together);
        }
        Map<Integer, List<TraceEvent>> bySubject = new LinkedHashMap<>();
        together.forEach(e -> bySubject
                .computeIfAbsent(header.host().subject(e), s -> new ArrayList<>())
                .add(e));
        for (Map.Entry<Integer, List<TraceEvent>> part : bySubject.entrySet()) {
            List<TraceEvent> those = part.getValue();
            int from = 0;
            for (int i = 0; i < those.size(); i++) {
                if (platform.begins(those.get(i))) {
                    Optional<Refusal> refusal = take(part.getKey(), those.subList(from, i));
                    refusal = refusal.isPresent() ? refusal : begin(part.getKey(), those.get(i));
                    if (refusal.isPresent()) {
                        return refusal;
                    }
                    from = i + 1;
                }
            }
            Optional<Refusal> refusal = take(part.getKey(), those.subList(from, those.size()));
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
    }

    /**
     * Ends the trace: each frontier must have a candidate with a behaviour that can be replayed.
     *
     * @throws UndecidedException if none is found
     */
    public void finish() throws UndecidedException {
        Witness witness = new Witness(platform, transitions);
        for (Map.Entry<Integer, Frontier> entry : frontiers.entrySet()) {
            List<Candidate> candidates = entry.getValue().candidates;
            if (candidates.isEmpty()) {
                continue;
            }
            Witness.SearchResult found = witness.of(candidates, entry.getValue().host);
            if (found.steps() == null) {
                throw new UndecidedException(events + " events may conform to " + header.kernel()
                        + ", but no matching behaviour was found: " + found.why());
            }
            if (frontiers.size() > 1
                    && found.steps().stream()
                            .anyMatch(s -> s.silent() && s.event().operation().isOfHost())) {
                throw new UndecidedException(events + " events may conform to " + header.kernel()
                        + ", but only with silent events of a host of several VMs");
            }
            witnesses.put(entry.getKey(), found.steps());
        }
    }

    /**
     * One behaviour that matches the trace: the accepted events, each with its instant and arguments, and between them
     * the silent steps.
     *
     * @throws IllegalStateException if this validator does not keep it, or has not {@linkplain #finish finished}
     */
    public ImmutableList<TraceEvent> witness() {
        checkState(keepsWitness, "no witness was kept");
        checkState(!witnesses.isEmpty(), "not all events have been judged");
        return Behaviours.merged(witnesses, accepted, hostEvents);
    }

    private Refusal behind(TraceEvent event, SharedHost.Instant later) {
        return diagnosis(event)
                .plain(
                        platform.counter().name(),
                        "at least " + Long.toUnsignedString(later.tsc()) + ", as for VM " + later.vm(),
                        Long.toUnsignedString(event.counter().hi()));
    }

    /** Takes an event of the host, with the events that no order separates from it: it happens to each VM. */
    private Optional<Refusal> takeOfHost(List<TraceEvent> together) throws UndecidedException {
        if (together.stream().anyMatch(platform::begins)) {
            throw new UndecidedException(conforming() + in(together.get(0))
                    + ": a VM is created during an event of its host, and nothing shows which came first");
        }
        Set<Integer> vms = new TreeSet<>(frontiers.keySet());
        together.stream()
                .filter(e -> !e.operation().isOfHost())
                .forEach(e -> vms.add(header.host().subject(e)));
        boolean threads = together.stream()
                        .filter(e -> e.operation().isOfHost())
                        .map(TraceEvent::thread)
                        .distinct()
                        .count()
                > 1;
        if (threads && vms.size() > 1) {
            throw new UndecidedException(conforming() + in(together.get(0))
                    + ": several events of the host of several VMs, and nothing shows which came first");
        }
        for (int vm : vms) {
            List<TraceEvent> those = together.stream()
                    .filter(e -> e.operation().isOfHost() || header.host().subject(e) == vm)
                    .map(e -> e.of(vm))
                    .toList();
            Optional<Refusal> refusal = take(vm, those);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        for (TraceEvent event : together) {
            if (event.operation().isOfHost()) {
                host.befalls(event);
                events++;
                if (keepsWitness) {
                    accepted.add(TraceEvent.HOST);
                    hostEvents.add(event);
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Refusal> begin(int subject, TraceEvent event) throws UndecidedException {
        Frontier frontier = frontiers.get(subject);
        if (frontier != null) {
            return Optional.of(diagnosis(event).plain("VM " + event.vm(), "no such VM", "it exists"));
        }
        frontier = new Frontier(host.now());
        if (header.silent().stream().anyMatch(Operation::isOfHost)) {
            frontier.bound = "silent events of the host before the VM's creation were not tried";
        }
        Transitions.Outcome taken = new Transitions.Outcome();
        transitions.create(event, frontier.host, taken);
        if (taken.after.isEmpty()) {
            if (frontier.bound != null) {
                throw new UndecidedException(conforming() + in(event) + ", " + event.call()
                        + ", is not accepted, but the search was not exhaustive: " + frontier.bound);
            }
            return Optional.of(diagnosis(event).ofCreation(taken, frontier.host));
        }
        frontiers.put(subject, frontier);
        taken.after.replaceAll(c -> properties.judged(c, event));
        accepted(subject, frontier, event, taken.after, taken);
        return Optional.empty();
    }

    private Frontier frontier(int subject, TraceEvent first) {
        Frontier frontier = frontiers.get(subject);
        if (frontier == null) {
            frontier = new Frontier(host.now());
            if (platform.isThereBefore()) {
                frontier.candidates = List.of(transitions.firstOfHost(first, host.now()));
            }
            frontiers.put(subject, frontier);
        }
        return frontier;
    }

    private Optional<Refusal> take(int subject, List<TraceEvent> those) throws UndecidedException {
        if (those.isEmpty()) {
            return Optional.empty();
        }
        Frontier frontier = frontier(subject, those.get(0));
        if (frontier.candidates.isEmpty()) {
            TraceEvent event = those.get(0);
            frontiers.remove(subject);
            return Optional.of(diagnosis(event).plain("VM " + event.vm(), "created by CreateVm before", "it is not"));
        }
        if (those.size() == 1) {
            TraceEvent event = those.get(0);
            refuseToJudgeWhatIsNotModelled(event, frontier.candidates);
            Transitions.Outcome taken = successors.of(event, frontier.candidates);
            if (taken.after.isEmpty()) {
                return Optional.of(refuse(event, frontier, frontier.candidates, taken));
            }
            accepted(subject, frontier, event, frontier.followed(taken.after, () -> after(event)), taken);
            return Optional.empty();
        }
        Interleaving interleaving = new Interleaving(those);
        // By the events that have been taken, what is possible then.
        Map<BitSet, List<Candidate>> level = Map.of(new BitSet(), frontier.candidates);
        for (int n = 0; n < interleaving.size(); n++) {
            Map<BitSet, List<Candidate>> next = new LinkedHashMap<>();
            Transitions.Outcome all = new Transitions.Outcome();
            TraceEvent last = those.get(0);
            for (Map.Entry<BitSet, List<Candidate>> each : level.entrySet()) {
                for (int i : interleaving.next(each.getKey())) {
                    TraceEvent event = interleaving.event(i);
                    refuseToJudgeWhatIsNotModelled(event, each.getValue());
                    Transitions.Outcome taken = successors.of(event, each.getValue());
                    if (!taken.after.isEmpty()) {
                        last = event;
                        BitSet which = (BitSet) each.getKey().clone();
                        which.set(i);
                        next.computeIfAbsent(which, w -> new ArrayList<>()).addAll(taken.after);
                    }
                    all.deadEnds.addAll(taken.deadEnds);
                    if (taken.bound != null) {
                        all.stopAt(taken.bound);
                    }
                }
            }
            if (next.isEmpty()) {
                Map.Entry<BitSet, List<Candidate>> first =
                        level.entrySet().iterator().next();
                TraceEvent event = interleaving.mostUrgent(first.getKey());
                return Optional.of(refuse(event, frontier, first.getValue(), all));
            }
            next.replaceAll((which, candidates) -> reduction.reduced(candidates));
            TraceEvent latest = last;
            level = frontier.followed(next, () -> after(latest));
            level.values().forEach(all.after::addAll);
            accepted(subject, frontier, last, all.after, all);
        }
        return Optional.empty();
    }

    private void accepted(
            int subject, Frontier frontier, TraceEvent event, List<Candidate> after, Transitions.Outcome taken) {
        frontier.advance(after, taken.deadEnds, taken.bound);
        if (frontier.hasDoubts() && successors.isDecided(event, after)) {
            frontier.decide();
        }
        if (!event.operation().isOfHost()) {
            events++;
            if (keepsWitness) {
                accepted.add(subject);
            }
        }
    }

    private Diagnosis diagnosis(TraceEvent event) {
        return new Diagnosis(header, specification, platform, transitions, observation, event, events + 1);
    }

    /** Refuses an event that no candidate accepts, if the search was exhaustive. */
    private Refusal refuse(TraceEvent event, Frontier frontier, List<Candidate> before, Transitions.Outcome taken)
            throws UndecidedException {
        String bound = frontier.bound == null ? taken.bound : frontier.bound;
        if (bound != null) {
            throw new UndecidedException(conforming() + in(event) + ", " + event.call()
                    + ", is not accepted, but the search was not exhaustive: " + bound);
        }
        return diagnosis(event).refusal(before, frontier.deadEnds(), taken, flip -> {
            List<Candidate> otherwise = before.stream()
                    .map(c -> c.instead(Specification.flipped(c.state, flip)))
                    .toList();
            return !successors.of(event, otherwise).after.isEmpty();
        });
    }

    private String conforming() {
        return events + " events conform to " + header.kernel() + "; event " + (events + 1);
    }

    private String after(TraceEvent event) {
        return "after event " + (events + 1) + in(event) + " (" + event.call() + ")";
    }

    private static String in(TraceEvent event) {
        return event.line() > 0 ? " in line " + event.line() : "";
    }

    private void refuseToJudgeWhatIsNotModelled(TraceEvent event, List<Candidate> candidates)
            throws UndecidedException {
        if (!notModelled.contains(event.operation()) || !event.hasArgs()) {
            return;
        }
        Map<String, Value> args = transitions.arguments().args(event);
        for (Candidate candidate : candidates) {
            Optional<String> leftOut = specification.leavesOut(event.operation(), args, candidate.state);
            if (leftOut.isPresent()) {
                throw new UndecidedException(conforming() + in(event) + ", " + event.call()
                        + ", is beyond the specification (" + leftOut.get() + ")");
            }
        }
    }
}
