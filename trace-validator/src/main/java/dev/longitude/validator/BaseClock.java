package dev.longitude.validator;

import static com.google.common.collect.ImmutableSet.toImmutableSet;
import static java.util.Objects.requireNonNull;

import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.trace.ClockSeen;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.Instants.Moment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/**
 * The base clock where an instant of the TSC does not tell it: it goes its own way where the clocksource is not the TSC, and
 * a call may read it later than the TSC. What KVM computed from it does: where a TSC that is caught up with was due to be, and how far one had come that
 * joined a generation on an unstable TSC. Both leave the instant of the TSC open by what a rounding hides: the latest
 * that there is in the event's interval is taken, since KVM's tracepoints, which end it, follow at once.
 */
final class BaseClock {
    /** How far off a nanosecond that is computed from cycles can be. */
    private static final int ROUNDING = 8;

    /** So many instants of the TSC in a row have among them one that a whole nanosecond leads to. */
    private static final int INSTANTS = 16;

    /** ... and so many one that several whole nanoseconds lead to. */
    private static final int PHASES = 1024;

    /** ... and so many all phases of one. */
    private static final int PHASES_OF_A_NANOSECOND = 4;

    /** How many moments are tried that are equally good. */
    private static final int FEW = 5;

    /** How far off a guess of the base clock can be: as long as a call takes that shows it, */
    private static final long APART_NS = 300_000;

    /** ... and one part in so many of the time until then. */
    private static final long DRIFT = 4096;

    private final Specification specification;

    BaseClock(Specification specification) {
        this.specification = specification;
    }

    /**
     * The moments at which a write can have opened a generation.
     *
     * @param valueAt the value that was written, by the host's TSC
     */
    Set<Moment> opened(TraceEvent event, State state, Interval within, LongUnaryOperator valueAt, long realtime) {
        List<ClockSeen> all = caughtUp(event);
        boolean solvable = !all.isEmpty() && !joins(event, state);
        long guess = estimate(event, state, within.hi());
        List<Solution> best = solvable
                ? solutions(
                        event,
                        state,
                        latest(within, PHASES),
                        valueAt,
                        (tsc, ns) -> isFromNowOn(ns, state) && isNear(ns, guess, nsOf(all.get(0), state) - guess))
                : List.of();
        return best.isEmpty()
                ? Set.of(new Moment(within.hi(), guess, realtime))
                : apart(best, rateAfter(event, state)).stream()
                        .map(s -> new Moment(s.tsc, s.ns, realtime))
                        .collect(toImmutableSet());
    }

    /**
     * The moments at which a write can have opened a generation on a host whose clocksource is the TSC: it read the TSC
     * first, and the base clock before the call was over.
     *
     * @param valueAt the value that was written, by the host's TSC
     * @return none if nothing that is caught up with shows any
     */
    Set<Moment> openedInACall(
            TraceEvent event, State state, Interval within, LongUnaryOperator valueAt, long realtime) {
        if (caughtUp(event).isEmpty() || joins(event, state)) {
            return Set.of();
        }
        long until = earliest(event.counter().hi(), state) + ROUNDING;
        List<Solution> best = solutions(
                event,
                state,
                earliest(within, PHASES),
                valueAt,
                (tsc, ns) -> isFromNowOn(ns, state) && ns - earliest(tsc, state) >= 0 && ns - until <= 0);
        return (best.isEmpty() ? Set.<Solution>of() : apart(best, rateAfter(event, state)))
                .stream()
                        .map(s -> {
                            long then = bits("InstantOfNs", Map.of("ns", Words64.word(s.ns)), state);
                            return new Moment(s.tsc, s.ns, realtime, then - s.tsc < 0 ? s.tsc : then);
                        })
                        .collect(toImmutableSet());
    }

    /** The moments of a write at which the base clock was as a hint says, or next to it. */
    Set<Moment> hinted(TraceEvent event, State state, Interval within, long hint, long realtime, boolean free) {
        long until = earliest(event.counter().hi(), state) + ROUNDING;
        Set<Moment> moments = new LinkedHashSet<>();
        for (long tsc : free ? latest(within, PHASES_OF_A_NANOSECOND) : earliest(within, PHASES_OF_A_NANOSECOND)) {
            for (long ns = hint - 1; ns <= hint + 1; ns++) {
                if (!isFromNowOn(ns, state)) {
                    continue;
                }
                long then = free ? tsc : bits("InstantOfNs", Map.of("ns", Words64.word(ns)), state);
                if (free || (ns - earliest(tsc, state) >= 0 && ns - until <= 0)) {
                    moments.add(new Moment(tsc, ns, realtime, then - tsc < 0 ? tsc : then));
                }
            }
        }
        return moments;
    }

    /** The TSC and the base clock of a write to which what was caught up with leads back. */
    private record Solution(long tsc, long ns) {}

    private interface Bounds {
        boolean contain(long tsc, long ns);
    }

    private static List<ClockSeen> caughtUp(TraceEvent event) {
        return event.revealedClocks().stream()
                .filter(seen -> seen.from() == ClockSeen.From.CAUGHT_UP)
                .toList();
    }

    /** Whether an offset is set that does not open a generation. */
    private boolean joins(TraceEvent event, State state) {
        return event.args().get(Field.OFFSET) instanceof Long offset
                && offset == Words64.bits(specification.look("lastTscOffset", state));
    }

    private int rateAfter(TraceEvent event, State state) {
        return ((IntValue) specification.eval("RateAfter", Map.of("vcpu", IntValue.gen(event.vcpu())), state)).val;
    }

    /** The rate of a vCPU when it was caught up with. */
    private static int rate(ClockSeen seen, int otherwise) {
        return seen.khz() == 0 ? otherwise : seen.khz();
    }

    /** The solutions that as much as possible of what was caught up with agrees to. */
    private List<Solution> solutions(
            TraceEvent event, State state, Iterable<Long> instants, LongUnaryOperator valueAt, Bounds bounds) {
        List<ClockSeen> all = caughtUp(event);
        List<ClockSeen> own =
                all.stream().filter(seen -> seen.vcpu() == event.vcpu()).toList();
        // (Others' count too, but another generation may have been opened for them.)
        List<ClockSeen> from = own.isEmpty() ? all : own.subList(0, 1);
        int given = rateAfter(event, state);
        Map<Integer, LongUnaryOperator> cycles = new HashMap<>();
        all.forEach(seen -> cycles.computeIfAbsent(rate(seen, given), Words64::cyclesAt));
        List<Solution> best = new ArrayList<>();
        int most = 0;
        for (long tsc : instants) {
            long value = valueAt.applyAsLong(tsc);
            for (ClockSeen seen : from) {
                long then = nsOf(seen, state);
                OptionalLong ns = solve(
                        then - (long) ((due(seen) - value) * 1e6 / rate(seen, given)),
                        n -> value
                                + requireNonNull(cycles.get(rate(seen, given))).applyAsLong(then - n),
                        due(seen));
                if (ns.isEmpty() || !bounds.contain(tsc, ns.getAsLong())) {
                    continue;
                }
                int agreeing = 0;
                for (ClockSeen each : all) {
                    long since = nsOf(each, state) - ns.getAsLong();
                    agreeing += value
                                            + requireNonNull(cycles.get(rate(each, given)))
                                                    .applyAsLong(since)
                                    == due(each)
                            ? 1
                            : 0;
                }
                if (agreeing > most) {
                    best.clear();
                    most = agreeing;
                }
                if (agreeing == most) {
                    best.add(new Solution(tsc, ns.getAsLong()));
                }
            }
        }
        return best;
    }

    /** Whether a base clock may be what was guessed from what was seen {@code since} ns later. */
    private static boolean isNear(long ns, long guess, long since) {
        return Math.abs(ns - guess) <= APART_NS + Math.abs(since) / DRIFT;
    }

    /** The base clock when kvmclock was seen. */
    private long nsOf(ClockSeen seen, State state) {
        return seen.clock() - Words64.bits(specification.look("kvmclockOffset", state));
    }

    /** Where the TSC of a vCPU that was caught up with was due to be. */
    private static long due(ClockSeen seen) {
        return seen.tsc().lo();
    }

    /** Some of the solutions, as different as they can be in how far the TSC is past the nanosecond. */
    private static Set<Solution> apart(List<Solution> solutions, int khz) {
        Solution first = solutions.get(0);
        List<Solution> byPhase = solutions.stream()
                .sorted(Comparator.comparingDouble(s -> s.tsc - first.tsc - (s.ns - first.ns) * (khz / 1e6)))
                .toList();
        Set<Solution> chosen = new LinkedHashSet<>();
        for (int i = 0; i < FEW; i++) {
            chosen.add(byPhase.get(i * (byPhase.size() - 1) / (FEW - 1)));
        }
        return chosen;
    }

    /** The base clock, as the nearest sight of kvmclock lets one guess: for what it does not matter to the nanosecond. */
    private long estimate(TraceEvent event, State state, long tsc) {
        for (ClockSeen seen : event.revealedClocks()) {
            if (seen.from() == ClockSeen.From.PAGE || seen.from() == ClockSeen.From.BASE_CLOCK) {
                long seenTsc = seen.from() == ClockSeen.From.PAGE
                        ? seen.tsc().lo() - seen.offset()
                        : seen.tsc().hi();
                long since = bits("NsOf", Map.of("cycles", Words64.word(Math.abs(tsc - seenTsc))), state);
                long ns = nsOf(seen, state) + (tsc - seenTsc > 0 ? since : -since);
                return isFromNowOn(ns, state) ? ns : hostNs(state);
            }
        }
        return earliest(tsc, state);
    }

    private long earliest(long tsc, State state) {
        return bits("EarliestNs", Map.of("tsc", Words64.word(tsc)), state);
    }

    /** The moment at which a write of {@code value} can have joined a generation on an unstable TSC; none if it did not. */
    Set<Moment> joined(TraceEvent event, State state, Interval within, long offset, long value, long realtime) {
        Map<String, Value> write = Map.of("vcpu", IntValue.gen(event.vcpu()), "value", Words64.word(value));
        for (long tsc : latest(within, INSTANTS)) {
            long since = tsc + offset;
            OptionalLong ns = solve(
                    bits("NsOfJoining", with(write, "since", since), state),
                    n -> bits("JoinedAt", with(write, "ns", n), state),
                    since);
            if (ns.isPresent() && isFromNowOn(ns.getAsLong(), state)) {
                return Set.of(new Moment(tsc, ns.getAsLong(), realtime));
            }
        }
        return Set.of();
    }

    /** The moment of an entry that was seen to raise a vCPU's TSC to where it should be, or not to. */
    Set<Moment> entered(TraceEvent event, State state, Interval within, long realtime) {
        if (!(event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> seen)
                || !(seen.get(event.vcpu()) instanceof Long offset)) {
            return Set.of();
        }
        Map<String, Value> vcpu = Map.of("vcpu", IntValue.gen(event.vcpu()));
        if (offset == bits("OffsetOf", vcpu, state)) {
            return Set.of(new Moment(within.lo(), hostNs(state), realtime));
        }
        for (long tsc : latest(within, INSTANTS)) {
            OptionalLong ns = whenDue(vcpu, tsc + offset, state);
            if (ns.isPresent() && isFromNowOn(ns.getAsLong(), state)) {
                return Set.of(new Moment(tsc, ns.getAsLong(), realtime));
            }
        }
        return Set.of();
    }

    /** The moment of a KVM_SET_CLOCK: the base clock is known when a vCPU is caught up with, and kvmclock then too. */
    Set<Moment> clockSet(TraceEvent event, State state, Interval within, long realtime) {
        for (ClockSeen seen : event.revealedClocks()) {
            Map<String, Value> vcpu = Map.of("vcpu", IntValue.gen(seen.vcpu()));
            if (seen.from() == ClockSeen.From.CAUGHT_UP
                    && specification.eval("IsOnline", vcpu, state) == BoolValue.ValTrue) {
                OptionalLong then = whenDue(vcpu, due(seen), state);
                if (then.isPresent()) {
                    long clock = (long) event.arg(Field.CLOCK);
                    boolean byRealtime = ((int) event.arg(Field.FLAGS) & Moments.HAS_REALTIME) != 0;
                    long cycles = due(seen) - seen.offset() - within.lo();
                    long ns = byRealtime
                            ? then.getAsLong() - bits("NsOf", Map.of("cycles", Words64.word(cycles)), state)
                            : then.getAsLong() + clock - seen.clock();
                    long shown = seen.clock() - (then.getAsLong() - ns);
                    return !isFromNowOn(ns, state)
                            ? Set.of()
                            : Set.of(new Moment(
                                    within.lo(),
                                    ns,
                                    byRealtime ? shown - clock + (long) event.arg(Field.REALTIME) : realtime));
                }
            }
        }
        return Set.of();
    }

    /** What the base clock is when a vCPU is due to be there. */
    private OptionalLong whenDue(Map<String, Value> vcpu, long due, State state) {
        return solve(
                bits("NsOfDue", with(vcpu, "due", due), state),
                ns -> bits("ComputeGuestTsc", with(vcpu, "kernelNs", ns), state),
                due);
    }

    private static Iterable<Long> earliest(Interval within, int many) {
        return () -> LongStream.range(0, many)
                .map(i -> within.lo() + i)
                .filter(within::contains)
                .boxed()
                .iterator();
    }

    private static Iterable<Long> latest(Interval within, int many) {
        return () -> LongStream.range(0, many)
                .map(i -> within.hi() - i)
                .filter(within::contains)
                .boxed()
                .iterator();
    }

    /** The nanosecond near an estimate that leads to just that many cycles. */
    private static OptionalLong solve(long near, LongUnaryOperator cycles, long target) {
        for (long ns = near - ROUNDING; ns - near <= ROUNDING; ns++) {
            if (cycles.applyAsLong(ns) == target) {
                return OptionalLong.of(ns);
            }
        }
        return OptionalLong.empty();
    }

    private boolean isFromNowOn(long ns, State state) {
        return ns - hostNs(state) >= 0;
    }

    private long hostNs(State state) {
        return Words64.bits(specification.look("hostNs", state));
    }

    private static Map<String, Value> with(Map<String, Value> args, String name, long word) {
        Map<String, Value> all = new HashMap<>(args);
        all.put(name, Words64.word(word));
        return all;
    }

    private long bits(String operator, Map<String, Value> args, State state) {
        return Words64.bits(specification.eval(operator, args, state));
    }
}
