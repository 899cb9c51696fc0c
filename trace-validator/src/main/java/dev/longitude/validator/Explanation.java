package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tla2sany.st.Location;
import tlc2.tool.impl.Conjuncts;
import tlc2.value.impl.Value;

/** Says why no possible state takes an event. */
final class Explanation {
    private static final String HOST_NS = "hostNs";
    /** More states than these are not explained one by one. */
    private static final int MOST_EXPLAINED = 256;

    private final Stepper stepper;
    private final Specification specification;
    private final Observation observation;
    private final TraceHeader header;
    private final TraceEvent event;
    private final long number;

    Explanation(Stepper stepper, Observation observation, TraceHeader header, TraceEvent event, long number) {
        this.stepper = stepper;
        this.specification = stepper.specification();
        this.observation = observation;
        this.header = header;
        this.event = event;
        this.number = number;
    }

    /**
     * What an event was tried from.
     *
     * @param from the possible state
     * @param now that state, at the event's instant
     * @param reading the event as it may have been
     */
    record Tried(Possible from, State now, TraceEvent reading) {}

    /** A refusal for a reason outside of the specification's actions. */
    Refusal plain(int states, String what, String expected, String observed) {
        return refusal(
                List.of(new Refusal.Reason(
                        null,
                        ImmutableMap.of(),
                        ImmutableList.of(new Refusal.Difference(what, expected, observed)),
                        ImmutableMap.of(),
                        states)),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                states);
    }

    private Refusal refusal(
            List<Refusal.Reason> reasons,
            ImmutableList<Switch> flips,
            ImmutableList<Operation> possible,
            ImmutableList<Refusal.Cause> causes,
            int states) {
        return new Refusal(
                event, number, header.kernel(), ImmutableList.copyOf(reasons), flips, possible, causes, states);
    }

    /** None of the states that a creation can have led to is the observed one. */
    Refusal ofCreation(List<Possible> created) {
        Refusal.Reason reason = created.stream()
                .map(c -> differing(observation.mismatches(event, c.state), null))
                .min(Comparator.comparing(r -> r.differences().size()))
                .orElseThrow();
        return refusal(List.of(reason), ImmutableList.of(), ImmutableList.of(), ImmutableList.of(), created.size());
    }

    /** None of the states can have come to the event's instant. */
    Refusal ofInstant(List<Possible> before) {
        State state = before.get(0).state;
        Value now = specification.look(stepper.counter(), state);
        Refusal plain =
                plain(before.size(), stepper.counter(), "at least " + TlaValues.show(now), event.counter() + "");
        if (header.arch() == Arch.X86) {
            // What was observed may tell a base clock that has gone by, while the TSC has not.
            Value ns = specification.look(HOST_NS, state);
            Instants.Moment moment =
                    stepper.instants().of(event, state).moments().iterator().next();
            if (moment.tsc() - Words64.bits(now) >= 0 && moment.ns() - Words64.bits(ns) < 0) {
                plain = plain(
                        before.size(), HOST_NS, "at least " + TlaValues.show(ns), Long.toUnsignedString(moment.ns()));
            }
        }
        Conjuncts.Outcome pace = stepper.instants().whyNot(event, state);
        if (pace == null || pace.location() == null) {
            return plain;
        }
        Refusal.Reason reason = plain.first();
        return refusal(
                List.of(new Refusal.Reason(
                        place(pace.location()),
                        ImmutableMap.of(),
                        reason.differences(),
                        reason.decisions(),
                        reason.states())),
                ImmutableList.of(),
                ImmutableList.of(),
                ImmutableList.of(),
                before.size());
    }

    /**
     * No state takes the event.
     *
     * @param states how many were possible before
     * @param tried what it was tried from; not empty
     * @param passes whether it would pass with these switches of the kernel
     */
    Refusal of(int states, List<Tried> tried, Predicate<Set<Switch>> passes) {
        IdentityHashMap<Possible, List<Tried>> byState = new IdentityHashMap<>();
        Set<Possible> order = new LinkedHashSet<>();
        for (Tried each : tried) {
            if (order.size() < MOST_EXPLAINED || order.contains(each.from)) {
                order.add(each.from);
                byState.computeIfAbsent(each.from, p -> new ArrayList<>()).add(each);
            }
        }
        Map<Refusal.Reason, Integer> counted = new LinkedHashMap<>();
        Map<Refusal.Reason, Tried> examples = new HashMap<>();
        for (Possible from : order) {
            Refusal.Reason best = null;
            Tried nearest = null;
            for (Tried each : byState.getOrDefault(from, List.of())) {
                Refusal.Reason reason = reason(each.reading, each.now);
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
                reasons, flips(passes), impossible ? possible(tried) : ImmutableList.of(), causes(examples), states);
    }

    /**
     * Whether the event would be refused as well if what nothing told were otherwise: whether in each state something
     * stays wrong.
     */
    boolean isFirm(List<Tried> tried) {
        return tried.stream().allMatch(this::isFirm);
    }

    /** One of the things that are not as they should be, in brackets; empty if there is none. */
    String firstDifference(List<Tried> tried) {
        return tried.stream()
                .limit(1)
                .flatMap(t -> reason(t.reading, t.now).differences().stream())
                .limit(1)
                .map(d -> " (" + d.what() + ": expected " + d.expected() + ", observed " + d.observed() + ")")
                .collect(Collectors.joining());
    }

    private boolean isFirm(Tried tried) {
        State other = stepper.looseness().putOff(tried.reading, tried.from, tried.now);
        if (other == null) {
            return true;
        }
        if (stepper.mayLeap(event)) {
            return false;
        }
        // First all but the counter is put off, and then the counter is taken to both ends of what is known of it.
        Value counter = specification.look(stepper.counter(), tried.now);
        Interval within = event.counter();
        long earliest = within.contains(Words64.bits(counter)) ? within.lo() : Words64.bits(counter);
        try {
            Refusal.Reason reason = reason(tried.reading, tried.now);
            Refusal.Reason otherwise = reason(tried.reading, at(counter, other));
            Refusal.Reason first =
                    within.isExact() ? otherwise : reason(tried.reading, at(Words64.word(earliest), other));
            Refusal.Reason last =
                    within.isExact() ? otherwise : reason(tried.reading, at(Words64.word(within.hi()), other));
            if (reason.differences().isEmpty()) {
                return Stream.of(otherwise, first, last)
                        .allMatch(r -> r.differences().isEmpty() && Objects.equals(r.conjunct(), reason.conjunct()));
            }
            return reason.differences().stream()
                    .filter(otherwise.differences()::contains)
                    .anyMatch(d -> isWrongBetween(first, last, d));
        } catch (RuntimeException e) {
            return false; // what was put off fits nothing any more
        }
    }

    private State at(Value counter, State state) {
        return Specification.with(state, stepper.counter(), counter);
    }

    /** Whether something is wrong at two ends, and so in between. */
    private static boolean isWrongBetween(Refusal.Reason first, Refusal.Reason last, Refusal.Difference wrong) {
        return first.differences().stream()
                .filter(d -> d.what().equals(wrong.what()))
                .anyMatch(d -> last.differences().stream()
                        .filter(other -> other.what().equals(wrong.what()))
                        .anyMatch(other -> isBetween(d, other, wrong)));
    }

    /** What is expected goes with the counter from the one to the other, or stays, and does not pass what was observed. */
    private static boolean isBetween(Refusal.Difference first, Refusal.Difference last, Refusal.Difference difference) {
        if (first.expected().equals(last.expected())) {
            return true;
        }
        Long from = word(first.expected());
        Long to = word(last.expected());
        Long observed = word(difference.observed());
        return from != null
                && to != null
                && observed != null
                && to - from >= 0
                && !new Interval(from, to).contains(observed);
    }

    private static @Nullable Long word(String shown) {
        return shown.matches("[0-9]{1,20}") ? new BigInteger(shown).longValue() : null;
    }

    /** A state in which the operation is possible is nearer than one in which it is not. */
    private static boolean isNearer(Refusal.Reason one, Refusal.Reason other) {
        int differences = one.differences().size();
        int others = other.differences().size();
        return differences > 0 && (others == 0 || differences < others);
    }

    /** Why the event is refused in one state; of no states if it is not. */
    private Refusal.Reason reason(TraceEvent reading, State now) {
        List<Observation.Mismatch> nearest = null;
        Conjuncts.Outcome outcome = null;
        for (State next : stepper.nexts(reading, now)) {
            List<Observation.Mismatch> mismatches = observation.mismatches(reading, next);
            if (nearest == null || mismatches.size() < nearest.size()) {
                nearest = mismatches;
                outcome = mismatches.isEmpty()
                        ? null
                        : firstFalse(reading, now, Observation.onlyAsObserved(mismatches, next));
            }
        }
        if (nearest != null) {
            return differing(nearest, outcome);
        }
        outcome = firstFalse(reading, now, State.EMPTY);
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

    private Conjuncts.Outcome firstFalse(TraceEvent reading, State from, State to) {
        return specification.firstFalse(
                reading.operation().specName(),
                stepper.args(reading),
                from,
                to,
                (name, value) -> TlaValues.show(value));
    }

    private static String place(Location location) {
        String file = location.source() + ".tla";
        return file + ":" + location.beginLine() + ": " + SpecificationFiles.line(file, location.beginLine());
    }

    /** The steps without whose effects the reasons would be others. */
    private ImmutableList<Refusal.Cause> causes(Map<Refusal.Reason, Tried> examples) {
        IdentityHashMap<TraceEvent, Set<String>> variables = new IdentityHashMap<>();
        IdentityHashMap<TraceEvent, Boolean> silent = new IdentityHashMap<>();
        examples.forEach((reason, tried) -> {
            for (Possible.Change latest : tried.from.changes()) {
                Possible.Change change = latest;
                while (change != null && isSame(reason, tried, change)) {
                    change = change.earlier();
                }
                if (change != null) {
                    variables
                            .computeIfAbsent(change.step(), s -> new LinkedHashSet<>())
                            .add(change.variable().toString());
                    silent.put(change.step(), change.silent());
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

    /** Whether the reason is the same where the variable is as it was before a change, and has not changed since. */
    private boolean isSame(Refusal.Reason reason, Tried tried, Possible.Change change) {
        State other = Specification.with(tried.now, change.variable().toString(), change.before());
        try {
            return reason(tried.reading, other).equals(reason);
        } catch (RuntimeException e) {
            return true; // no state at all: a vCPU that exists by one variable and not by another
        }
    }

    /** The operations that were possible in some state, for the event's vCPU; an argument of theirs may be anything. */
    private ImmutableList<Operation> possible(List<Tried> tried) {
        return Operation.of(header.arch()).stream()
                .filter(other -> other != Operation.CREATE_VM)
                .filter(other -> {
                    TraceEvent instead = anything(other);
                    return tried.stream()
                            .limit(MOST_EXPLAINED)
                            .anyMatch(t -> !stepper.nexts(instead, t.now).isEmpty());
                })
                .collect(ImmutableList.toImmutableList());
    }

    private TraceEvent anything(Operation operation) {
        ImmutableMap.Builder<Field, Object> args = ImmutableMap.builder();
        for (Field arg : operation.args()) {
            Object any = switch (arg.kind()) {
                case VCPU -> arg.equals(Field.VCPU) ? Math.max(0, event.vcpu()) : 0;
                case WORD -> 0L;
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

    private ImmutableList<Switch> flips(Predicate<Set<Switch>> passes) {
        ImmutableList.Builder<Switch> passing = ImmutableList.builder();
        for (Switch one : Switch.values()) {
            if (one.arch() == header.arch()
                    && passes.test(Sets.symmetricDifference(header.kernel().switches(), Set.of(one)))) {
                passing.add(one);
            }
        }
        return passing.build();
    }
}
