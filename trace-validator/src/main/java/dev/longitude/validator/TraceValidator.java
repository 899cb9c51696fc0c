package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Iterables;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.Latest;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tlc2.util.FP64;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Replays a trace against the specification. For each VM (on arm64, where VMs share what a CPU has, for the host) it
 * keeps the set of states that are still possible, and for each event lets time pass to the event's instant, takes the
 * action that the event names, and keeps the successors that agree with what was observed. It never states a rule of its
 * own: what an action does is the specification's.
 *
 * <p>What was not observed is searched: an instant of which an interval is known ({@link Moments}), an argument
 * ({@link Readings}), the order of events of several threads, and steps that no line tells of ({@link SilentSteps}).
 * Where not all that there can be is tried, a trace that then does not conform is undecided.
 */
public final class TraceValidator {
    /** The most states that are kept for one VM. */
    static final int MOST_STATES = 4096;

    /** On arm64 all VMs are in one state. */
    private static final int HOST = -1;

    private static final String NOT_MODELLED = "NotModelled";

    /** How often a recording is judged again from the beginning. */
    private static final int MOST_TIMES = 40;

    private final Stepper stepper;
    private final Specification specification;
    private final Observation observation;
    private final SilentSteps silentSteps;
    private final TraceHeader header;
    private final boolean keepsWitness;

    /** The variables that an instant which nobody knows can leave open. */
    private final ImmutableList<StateVariable> offsets;

    /** The operations that the specification does not have in every case. */
    private final ImmutableSet<Operation> notModelled;

    private final Map<Integer, List<Possible>> possible = new HashMap<>();

    /** For each VM where what was tried may not be all that there can be: why. */
    private final Map<Integer, String> guessed = new HashMap<>();

    /** The VMs of the accepted events in order, if a witness is kept. */
    private final List<Integer> accepted = new ArrayList<>();

    private long events;
    private long determined;
    private long open;
    private long argsDetermined;
    private long argsOpen;

    /** Whether an event did not tell its instant. */
    private boolean sawUntold;

    /** The latest instant before which an event cannot have been, of those so far. */
    private @Nullable Long latest;

    /** The properties of the report. */
    private final ImmutableMap<String, Latest> kept;

    private final Map<String, TraceEvent> notKept = new LinkedHashMap<>();

    /** What was learned of a recording's instants, its events so far, and who has judged them with that. */
    private final Hints hints;

    private final List<ImmutableList<TraceEvent>> taken = new ArrayList<>();
    private @Nullable TraceValidator again;
    private int times;

    /** A validator for one trace. */
    public TraceValidator(TraceHeader header) {
        this(header, true, false);
    }

    /**
     * A validator for one recording. Its importer has seen to it that the instants that matter for what the log shows are
     * among those that are tried; so what does not conform is refused.
     */
    public static TraceValidator ofRecording(TraceHeader header) {
        return new TraceValidator(header, false, false);
    }

    /**
     * A validator for one trace that can give a witness of it; it keeps all states until then.
     *
     * @param recording whether it is for a recording
     * @see #ofRecording
     * @see #witness()
     */
    public static TraceValidator keepingWitness(TraceHeader header, boolean recording) {
        return new TraceValidator(header, !recording, true);
    }

    private TraceValidator(TraceHeader header, boolean doubts, boolean keepsWitness) {
        this(header, doubts, keepsWitness, new Hints());
    }

    private TraceValidator(TraceHeader header, boolean doubts, boolean keepsWitness, Hints hints) {
        this.hints = hints;
        this.stepper = new Stepper(header, doubts, keepsWitness, hints);
        this.specification = stepper.specification();
        this.observation = new Observation(specification, header.arch());
        this.silentSteps = new SilentSteps(stepper, header);
        this.kept = specification.kept();
        this.header = header;
        this.keepsWitness = keepsWitness;
        this.notModelled = Operation.of(header.arch()).stream()
                .filter(operation -> specification.has(NOT_MODELLED + operation.specName()))
                .collect(Sets.toImmutableEnumSet());
        this.offsets = header.arch() == Arch.X86 ? ImmutableList.of(StateVariable.TSC_OFFSET) : CounterMoments.OFFSETS;
    }

    /** Which state an event is about. */
    private int subject(TraceEvent event) {
        return header.arch() == Arch.X86 ? event.vm() : HOST;
    }

    /** Whether an event begins a state, and is no step from one. */
    private boolean begins(TraceEvent event) {
        return header.arch() == Arch.X86 && event.operation() == Operation.CREATE_VM;
    }

    /** Events accepted so far. */
    public long events() {
        return latest().events;
    }

    /** How much of what happened is known. */
    public Determined determined() {
        return latest().ownDetermined();
    }

    private Determined ownDetermined() {
        Set<String> different = new LinkedHashSet<>();
        int variables = 0;
        long silent = 0;
        for (List<Possible> states : possible.values()) {
            silent += states.stream().mapToInt(p -> p.silentSteps).min().orElse(0);
            for (UniqueString variable : State.variables()) {
                if (states.get(0).state.lookup(variable) == null) {
                    continue; // the other architecture's
                }
                variables++;
                if (states.stream()
                                .map(p ->
                                        requireNonNull(p.state.lookup(variable)).fingerPrint(FP64.New()))
                                .distinct()
                                .count()
                        > 1) {
                    different.add(variable.toString());
                }
            }
        }
        return new Determined(
                determined, open, argsDetermined, argsOpen, silent, variables, ImmutableList.copyOf(different));
    }

    /** The properties that the trace shows not to be kept, by name, each with the event that shows it first. */
    public ImmutableMap<String, TraceEvent> notKept() {
        return ImmutableMap.copyOf(latest().notKept);
    }

    /**
     * Takes the next event.
     *
     * @return why it is refused, or empty if it conforms; after a refusal the validator is of no further use
     * @throws UndecidedException if too many states are possible, the event is beyond what the specification has, or it
     *     does not conform to any of the possibilities that were tried, and there are more
     */
    public Optional<Refusal> accept(TraceEvent event) throws UndecidedException {
        return accept(ImmutableList.of(event));
    }

    /**
     * Takes the next events, whose order nothing tells but their threads and their instants: of one thread they stand in
     * order, and none happened before another that had ended when it began.
     *
     * @return as for one event
     * @throws UndecidedException as for one event
     */
    public Optional<Refusal> accept(List<TraceEvent> together) throws UndecidedException {
        if (stepper.doubts() || header.arch() == Arch.ARM64) {
            return take(together);
        }
        taken.add(ImmutableList.copyOf(together));
        Optional<Refusal> refusal;
        try {
            refusal = latest().take(together);
        } catch (UntoldException e) {
            refusal = takeAgain(e);
        }
        if (refusal.isPresent() && again != null) {
            TraceEvent event = refusal.get().event();
            throw new UndecidedException(again.conforming() + in(event) + ", " + event.call()
                    + ", would perhaps follow if a TSC that is caught up with had been written at another instant");
        }
        return refusal;
    }

    /** Who has judged the events so far: this validator, or the one that judged them last from the beginning. */
    private TraceValidator latest() {
        return again == null ? this : again;
    }

    /** Judges a recording from the beginning, as long as what cannot be judged tells more of what was before. */
    private Optional<Refusal> takeAgain(UntoldException why) throws UndecidedException {
        UntoldException untold = why;
        for (; times < MOST_TIMES; times++) {
            boolean learned = false;
            for (Map.Entry<TraceEvent, Long> hint : untold.hints.entries()) {
                learned |= hints.add(hint.getKey(), hint.getValue());
            }
            if (!learned) {
                break;
            }
            again = new TraceValidator(header, false, keepsWitness, hints);
            Optional<Refusal> refusal = Optional.empty();
            try {
                for (int k = 0; k < taken.size() && refusal.isEmpty(); k++) {
                    refusal = again.take(taken.get(k));
                }
                return refusal;
            } catch (UntoldException e) {
                untold = e;
            }
        }
        throw untold;
    }

    private Optional<Refusal> take(List<TraceEvent> together) throws UndecidedException {
        if (together.size() == 1 && !begins(together.get(0))) {
            return take(subject(together.get(0)), together);
        }
        Map<Integer, List<TraceEvent>> bySubject = new LinkedHashMap<>();
        together.forEach(e ->
                bySubject.computeIfAbsent(subject(e), s -> new ArrayList<>()).add(e));
        for (Map.Entry<Integer, List<TraceEvent>> part : bySubject.entrySet()) {
            List<TraceEvent> those = part.getValue();
            int from = 0;
            Optional<Refusal> refusal = Optional.empty();
            for (int i = 0; i < those.size() && refusal.isEmpty(); i++) {
                if (begins(those.get(i))) {
                    refusal = take(part.getKey(), those.subList(from, i));
                    refusal = refusal.isPresent() ? refusal : begin(part.getKey(), those.get(i));
                    from = i + 1;
                }
            }
            refusal = refusal.isPresent() ? refusal : take(part.getKey(), those.subList(from, those.size()));
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
    }

    private Explanation explanation(TraceEvent event) {
        return new Explanation(stepper, observation, header, event, events + 1);
    }

    private Optional<Refusal> begin(int subject, TraceEvent event) throws UndecidedException {
        if (possible.containsKey(subject)) {
            return Optional.of(explanation(event).plain(1, "VM " + event.vm(), "no such VM", "it exists"));
        }
        List<Possible> created = stepper.newVm(event);
        List<Possible> agreeing =
                created.stream().filter(p -> observation.agrees(event, p.state)).toList();
        boolean told = stepper.looseness().untold(event).isEmpty();
        if (agreeing.isEmpty() && stepper.doubts() && !told) {
            throw new UndecidedException(conforming() + in(event) + ", " + event.call()
                    + ", would perhaps follow if an instant that nothing tells were another one");
        }
        if (agreeing.isEmpty()) {
            return Optional.of(explanation(event).ofCreation(created));
        }
        sawUntold |= !told;
        accepted(subject, event, agreeing);
        return Optional.empty();
    }

    private void accepted(int subject, TraceEvent event, List<Possible> states) {
        possible.put(subject, states);
        events++;
        if (keepsWitness) {
            accepted.add(subject);
        }
        noteProperties(event, states);
    }

    private List<Possible> before(int subject, TraceEvent event) {
        return header.arch() == Arch.ARM64 && !possible.containsKey(subject)
                ? List.of(Possible.first(stepper.newHost(event.counter().lo()), null, ImmutableSet.of()))
                : possible.getOrDefault(subject, List.of());
    }

    /** Some events have been taken, and these states are possible. */
    private record Taken(BitSet which, List<Possible> states) {}

    private Optional<Refusal> take(int subject, List<TraceEvent> those) throws UndecidedException {
        if (those.isEmpty()) {
            return Optional.empty();
        }
        List<Possible> before = before(subject, those.get(0));
        if (before.isEmpty()) {
            TraceEvent event = those.get(0);
            return Optional.of(
                    explanation(event).plain(0, "VM " + event.vm(), "created by CreateVm before", "it is not"));
        }
        List<Taken> level = List.of(new Taken(new BitSet(), before));
        if (those.size() == 1) {
            TraceEvent event = those.get(0);
            refuseToJudgeWhatIsNotModelled(event, before);
            Step step = step(event, before);
            if (step.after.isEmpty()) {
                refuseToJudgeByWhatNoLogTells(event, level);
                return Optional.of(refuse(subject, those, level));
            }
            note(subject, event, step);
            refuseToKeepTooMany(step.after.size(), event);
            accepted(subject, event, List.copyOf(step.after.values()));
            return Optional.empty();
        }
        for (int n = 0; n < those.size(); n++) {
            Map<BitSet, Map<Object, Possible>> next = new LinkedHashMap<>();
            int states = 0;
            TraceEvent last = those.get(0);
            for (Taken taken : level) {
                for (int i : first(those, taken.which)) {
                    last = those.get(i);
                    refuseToJudgeWhatIsNotModelled(last, taken.states);
                    Step step = step(last, taken.states);
                    if (!step.after.isEmpty()) {
                        note(subject, last, step);
                        BitSet which = (BitSet) taken.which.clone();
                        which.set(i);
                        Map<Object, Possible> same = next.computeIfAbsent(which, w -> new LinkedHashMap<>());
                        step.after.values().forEach(p -> same.putIfAbsent(key(p), p));
                        states += step.after.size();
                    } else if (stepper.doubts() && !guessed.containsKey(subject) && !isFirm(last, step)) {
                        guessed.put(subject, "any order of the threads that was tried");
                    }
                }
            }
            if (next.isEmpty()) {
                refuseToJudgeByWhatNoLogTells(last, level);
                return Optional.of(refuse(subject, those, level));
            }
            refuseToKeepTooMany(states, last);
            level = next.entrySet().stream()
                    .map(e -> new Taken(e.getKey(), List.copyOf(e.getValue().values())))
                    .toList();
            List<Possible> all = level.size() == 1
                    ? level.get(0).states
                    : level.stream().flatMap(t -> t.states.stream()).toList();
            accepted(subject, last, all);
        }
        return Optional.empty();
    }

    /** Which of some events can be the next. */
    private static List<Integer> first(List<TraceEvent> those, BitSet taken) {
        Set<Integer> threads = new HashSet<>();
        List<Integer> pending = new ArrayList<>();
        for (int i = taken.nextClearBit(0); i < those.size(); i = taken.nextClearBit(i + 1)) {
            if (threads.add(those.get(i).thread())) {
                pending.add(i);
            }
        }
        return pending.stream()
                .filter(i -> pending.stream()
                        .noneMatch(j ->
                                isBefore(those.get(j).counter(), those.get(i).counter())))
                .toList();
    }

    private static boolean isBefore(Interval one, Interval other) {
        return other.lo() - one.hi() > 0;
    }

    /** Whether nothing takes any of the events that can be next, and none would if what nothing told were otherwise. */
    private boolean isFirm(List<TraceEvent> those, Taken taken) {
        return first(those, taken.which).stream()
                .map(those::get)
                .allMatch(event -> isFirm(event, step(event, taken.states)));
    }

    private boolean isFirm(TraceEvent event, Step step) {
        boolean behind = latest != null && event.counter().hi() - latest < 0;
        boolean told = !sawUntold && stepper.looseness().untold(event).isEmpty();
        return step.after.isEmpty()
                && (!step.unreached || behind || told)
                && explanation(event).isFirm(step.tried);
    }

    /** Refuses the event that must have happened first, of those that nothing takes. */
    private Refusal refuse(int subject, List<TraceEvent> those, List<Taken> level) throws UndecidedException {
        Taken taken = level.get(0);
        List<Integer> pending = first(those, taken.which);
        TraceEvent event = those.get(pending.get(0));
        for (int i : pending) {
            if (those.get(i).counter().hi() - event.counter().hi() < 0) {
                event = those.get(i);
            }
        }
        List<Possible> states = taken.states;
        Step step = step(event, states);
        String guess = guessed.getOrDefault(subject, step.guess);
        if (guess != null) {
            throw new UndecidedException(
                    conforming() + in(event) + ", " + event.call() + ", does not follow from " + guess);
        }
        if (stepper.doubts() && !level.stream().allMatch(each -> isFirm(those, each))) {
            throw new UndecidedException(conforming() + in(event) + ", " + event.call()
                    + ", would perhaps follow if an instant that nothing tells were another one"
                    + explanation(event).firstDifference(step.tried));
        }
        if (step.tried.isEmpty()) {
            return explanation(event).ofInstant(states);
        }
        TraceEvent refused = event;
        int possibleThen = (int)
                step.tried.stream().map(Explanation.Tried::from).distinct().count();
        return explanation(event).of(possibleThen, step.tried, switches -> {
            List<Possible> otherwise = states.stream()
                    .map(p -> p.instead(Specification.withKernel(p.state, switches)))
                    .toList();
            return !step(refused, otherwise).after.isEmpty();
        });
    }

    private String conforming() {
        return events + " events conform to " + header.kernel() + "; event " + (events + 1);
    }

    private static String in(TraceEvent event) {
        return event.line() > 0 ? " in line " + event.line() : "";
    }

    /** Keeps account of what was inferred of an event, and of what was only guessed. */
    private void note(int subject, TraceEvent event, Step step) {
        if (latest == null || event.counter().lo() - latest > 0) {
            latest = event.counter().lo();
        }
        sawUntold |= !stepper.looseness().untold(event).isEmpty();
        determined += step.determined ? 1 : 0;
        open += step.open ? 1 : 0;
        int missing = event.operation().args().size() - event.args().size();
        boolean known = step.readings.size() <= 1;
        argsDetermined += known ? missing : 0;
        argsOpen += known ? 0 : missing;
        String guess = step.guess;
        if (step.open
                && (stepper.doubts()
                        ? stepper.mayLeap(event)
                        : offsets(step.after.values()).size() > 1)) {
            guess = "any instant that was tried for " + name(event) + ", and the log does not tell its instant";
        }
        if ((guess != null || guessed.containsKey(subject)) && isDecided(event, step.after)) {
            guessed.remove(subject);
        } else if (guess != null) {
            guessed.put(subject, guess);
        }
    }

    /** Whether what was observed of an event leaves one of the states after it, whatever was before. */
    private boolean isDecided(TraceEvent event, Map<Object, Possible> after) {
        return !after.isEmpty()
                && event.when().ns() != null
                && event.counter().isExact()
                && event.when().ns().isExact()
                && Sets.intersection(header.silent(), SilentSteps.HIDING).isEmpty()
                && Observation.isWhole(event)
                && after.values().stream()
                        .allMatch(p ->
                                specification.eval("NothingHidden", ImmutableMap.of(), p.state) == BoolValue.ValTrue);
    }

    /**
     * One behaviour that the trace is of: the events that were accepted, each at an instant and with its arguments, and
     * between them the silent steps.
     *
     * @throws IllegalStateException if this validator does not keep it
     */
    public ImmutableList<TraceEvent> witness() {
        if (!keepsWitness) {
            throw new IllegalStateException("no witness was kept");
        }
        return latest().ownWitness();
    }

    private ImmutableList<TraceEvent> ownWitness() {
        Map<Integer, Deque<Possible>> behaviours = new HashMap<>();
        possible.forEach((subject, states) -> {
            Deque<Possible> behaviour = new ArrayDeque<>();
            for (Possible p = states.get(0); p != null && p.step != null; p = p.before) {
                behaviour.addFirst(p);
            }
            behaviours.put(subject, behaviour);
        });
        ImmutableList.Builder<TraceEvent> witness = ImmutableList.builder();
        for (int subject : accepted) {
            Possible step;
            do {
                step = Objects.requireNonNull(behaviours.get(subject)).removeFirst();
                witness.add(Objects.requireNonNull(step.step));
            } while (step.silent);
        }
        return witness.build();
    }

    /** The offsets in each of some states. */
    private Set<Object> offsets(Iterable<Possible> states) {
        Set<Object> different = new HashSet<>();
        states.forEach(p -> different.add(offsets.stream()
                .map(v -> specification.look(v.specName(), p.state).fingerPrint(FP64.New()))
                .toList()));
        return different;
    }

    /** A property is not kept if it is false in every state that is possible. */
    private void noteProperties(TraceEvent event, List<Possible> states) {
        // (No stream: this runs for each property at every event.)
        for (Map.Entry<String, Latest> property : kept.entrySet()) {
            boolean fails = true;
            for (int i = 0; fails && i < states.size(); i++) {
                fails = property.getValue().in(states.get(i).state) == BoolValue.ValFalse;
            }
            if (fails) {
                notKept.putIfAbsent(property.getKey(), event);
            }
        }
    }

    /**
     * One event from a set of states.
     *
     * @param after the states after it, by what of them matters; empty if it is refused
     * @param tried from what it was tried
     * @param failed from what it was tried in vain
     * @param readings what the arguments were in those that took it, where some were not observed
     * @param allRead whether the arguments cannot have been anything else than what was tried
     * @param determined whether what was observed told an instant that the trace does not
     * @param open whether an instant that matters stayed open
     * @param unreached whether no moment that was tried can be reached from some state
     * @param guess what was tried and is not all that there can be; null if everything was tried
     */
    private record Step(
            Map<Object, Possible> after,
            List<Explanation.Tried> tried,
            List<Explanation.Tried> failed,
            Set<Object> readings,
            boolean allRead,
            boolean determined,
            boolean open,
            boolean unreached,
            @Nullable String guess) {
        Step guessing(String what) {
            return new Step(after, tried, failed, readings, allRead, determined, open, unreached, what);
        }
    }

    private Step step(TraceEvent event, List<Possible> before) {
        Step direct = attempt(event, before);
        if (header.silent().isEmpty()) {
            return doubted(direct, event, null);
        }
        if (isDecided(event, direct.after)) {
            return direct; // whatever was given up
        }
        List<Step> decided = new ArrayList<>();
        boolean mayDecide = Observation.isWhole(event);
        SilentSteps.Reached reached = silentSteps.before(event, before, states -> {
            Step step = mayDecide ? attempt(event, states) : direct;
            if (isDecided(event, step.after)) {
                decided.add(step);
            }
            return !decided.isEmpty();
        });
        if (!decided.isEmpty()) {
            return decided.get(0);
        }
        String guess = reached.all() ? null : "the silent steps that were tried before it";
        List<Possible> all = ImmutableList.copyOf(Iterables.concat(before, reached.states()));
        return doubted(attempt(event, all), event, guess);
    }

    private Step attempt(TraceEvent event, List<Possible> before) {
        Map<Object, Possible> after = new LinkedHashMap<>();
        List<Explanation.Tried> tried = new ArrayList<>();
        List<Explanation.Tried> failed = new ArrayList<>();
        Set<Object> readings = event.hasArgs() ? ImmutableSet.of() : new HashSet<>();
        boolean allRead = true;
        boolean determined = false;
        boolean open = false;
        boolean unreached = false;
        for (Possible from : before) {
            int first = tried.size();
            boolean agrees = false;
            Readings.Read read = stepper.readings(event, from.state);
            allRead &= read.all();
            for (TraceEvent reading : read.events()) {
                Instants.Candidates candidates = stepper.candidates(reading, from.state);
                determined |= candidates.implied();
                open |= candidates.open();
                boolean several = before.size() > 1
                        || candidates.moments().size() > 1
                        || read.events().size() > 1;
                int triedBefore = tried.size();
                for (Instants.Moment moment : candidates.moments()) {
                    for (State now : stepper.reach(moment, from.state)) {
                        tried.add(new Explanation.Tried(from, now, reading));
                        for (State next : stepper.nexts(reading, now)) {
                            if (observation.agrees(reading, next)) {
                                agrees = true;
                                Possible there = stepper.then(from, now, next, reading, moment);
                                Object key = several ? key(there) : after.size();
                                if (after.putIfAbsent(key, there) == null) {
                                    if (!event.hasArgs()) {
                                        readings.add(reading.args());
                                    }
                                }
                            }
                        }
                    }
                }
                unreached |= tried.size() == triedBefore;
            }
            if (!agrees) {
                failed.addAll(tried.subList(first, tried.size()));
            }
        }
        return new Step(after, tried, failed, readings, allRead, determined, open, unreached, null);
    }

    /**
     * A step with what it leaves to guess.
     *
     * @param soFar what was not all tried before it; null if everything was
     */
    private Step doubted(Step step, TraceEvent event, @Nullable String soFar) {
        String guess = soFar;
        if (guess == null && !step.allRead) {
            guess = "any argument that was tried for " + name(event);
        }
        if (guess == null && stepper.doubts() && !step.after.isEmpty()) {
            // What is given up here might have led on, had an instant been another one.
            boolean lost = (step.unreached && !stepper.looseness().untold(event).isEmpty())
                    || (!step.failed.isEmpty() && !explanation(event).isFirm(step.failed));
            guess = lost ? "any instant that was tried up to " + name(event) : null;
        }
        return guess == null ? step : step.guessing(guess);
    }

    private static String name(TraceEvent event) {
        return (event.line() > 0 ? "line " + event.line() + ", " : "") + event.call();
    }

    /** What tells two possible states apart. */
    private Object key(Possible there) {
        Object essence = specification.essence(there.state);
        return stepper.doubts() ? List.of(essence, specification.standing(there.state), there.loose) : essence;
    }

    private void refuseToJudgeWhatIsNotModelled(TraceEvent event, List<Possible> states) throws UndecidedException {
        if (!notModelled.contains(event.operation())) {
            return;
        }
        String leftOut = NOT_MODELLED + event.operation().specName();
        if (event.hasArgs() && holds(leftOut, stepper.args(event), states)) {
            throw new UndecidedException(
                    conforming() + in(event) + ", " + event.call() + ", is beyond the specification (" + leftOut + ")");
        }
    }

    private void refuseToKeepTooMany(int states, TraceEvent event) throws UndecidedException {
        if (states > MOST_STATES) {
            throw new UndecidedException("more than " + MOST_STATES + " states are possible after event " + (events + 1)
                    + " (" + event.call() + ")");
        }
    }

    private void refuseToJudgeByWhatNoLogTells(TraceEvent event, List<Taken> level) throws UndecidedException {
        if (stepper.doubts() || event.when().ns() != null) {
            return;
        }
        String untold = "Untold" + event.operation().specName();
        Map<String, Value> seen = new HashMap<>(event.hasArgs() ? stepper.args(event) : Map.of());
        seen.put("to", Words64.word(event.counter().hi()));
        if (event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> offsets
                && offsets.get(event.vcpu()) instanceof Long offset) {
            seen.put("offset", Words64.word(offset));
        }
        for (Taken taken : level) {
            if (event.hasArgs() && holds(untold, seen, taken.states)) {
                throw new UntoldException(
                        conforming() + in(event) + ", " + event.call()
                                + ", depends on more instants than a log tells of (" + untold + ")",
                        hints(event, taken.states));
            }
        }
    }

    /** What the base clock must have been at earlier writes for the event to come out as it was seen to. */
    private ImmutableSetMultimap<TraceEvent, Long> hints(TraceEvent event, List<Possible> states) {
        ImmutableSetMultimap.Builder<TraceEvent, Long> found = ImmutableSetMultimap.builder();
        if (!(event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> offsets)
                || !(offsets.get(event.vcpu()) instanceof Long observed)) {
            return found.build();
        }
        Map<String, Value> vcpu = Map.of("vcpu", IntValue.gen(event.vcpu()));
        for (Explanation.Tried tried : step(event, states).tried) {
            int khz = ((IntValue) specification.eval("RateAfter", vcpu, tried.now())).val;
            long since = Words64.bits(specification.eval("CaughtUpSince", vcpu, tried.now()));
            TraceEvent write = tried.from().whatSet("curTscNsec", Words64.word(since));
            for (State next : stepper.nexts(tried.reading(), tried.now())) {
                long late = Words64.bits(specification.eval("OffsetOf", vcpu, next)) - observed;
                long ns = Math.round(late * 1e6 / khz);
                if (write != null && ns != 0) {
                    found.put(write, since + ns);
                }
            }
        }
        return found.build();
    }

    /** What was observed cannot be judged by the instants that were tried; it may tell better ones. */
    static final class UntoldException extends UndecidedException {
        private static final long serialVersionUID = 1;

        private final transient ImmutableSetMultimap<TraceEvent, Long> hints;

        UntoldException(String message, ImmutableSetMultimap<TraceEvent, Long> hints) {
            super(message);
            this.hints = hints;
        }
    }

    /** Whether an operator is true in one of the states; not so if it needs what was not seen. */
    private boolean holds(String operator, Map<String, Value> seen, List<Possible> states) {
        return specification.has(operator)
                && seen.keySet().containsAll(specification.formals(operator))
                && states.stream().anyMatch(p -> specification.eval(operator, seen, p.state) == BoolValue.ValTrue);
    }
}
