package dev.longitude.recording;

import static java.util.stream.Collectors.toSet;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.ClockSeen;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What later events of a log show of earlier ones: the offset that a write led to is read later, and the instant at
 * which a clock update took the host's clocks stands in a page, or follows from what KVM_GET_CLOCK returns.
 */
final class Hindsight {
    private static final int EINVAL = 22;

    /** KVM_CLOCK_REALTIME. */
    private static final int HAS_REALTIME = 4;

    /** How many later KVM_GET_CLOCKs are looked at to find one instant. */
    private static final int MOST_CLOCKS = 12;

    /** The TSC's rate, as a kernel finds it, may be off by one part in so many. */
    private static final int MISCALIBRATION = 1024;

    /** How many later pages are looked at to find when a write was. */
    private static final int MOST_CAUGHT_UP = 12;

    private final Predicate<TraceEvent> judged;

    /**
     * Hindsight that looks at some events only.
     *
     * @param judged false for those of which nothing can be said
     */
    Hindsight(Predicate<TraceEvent> judged) {
        this.judged = judged;
    }

    /** The same events, with what is seen of them later. */
    ImmutableList<TraceEvent> of(List<TraceEvent> events) {
        return clocks(updates(offsets(events)));
    }

    /** The same events of a trace that tells of all clock updates. */
    static ImmutableList<TraceEvent> shown(List<TraceEvent> events) {
        Hindsight hindsight = new Hindsight(e -> true);
        return hindsight.clocks(hindsight.offsets(events));
    }

    /** Each write with the offsets that it and what follows on its vCPU show, up to the next write. */
    private List<TraceEvent> offsets(List<TraceEvent> events) {
        List<TraceEvent> revealed = new ArrayList<>(events);
        Map<List<Integer>, Revealed> ahead = new HashMap<>();
        Set<Integer> ratesSet = events.stream()
                .filter(e -> e.operation() == Operation.SET_TSC_KHZ || e.operation() == Operation.SET_VM_TSC_KHZ)
                .map(TraceEvent::vm)
                .collect(toSet());
        for (int i = events.size() - 1; i >= 0; i--) {
            TraceEvent event = events.get(i);
            if (!judged.test(event)) {
                continue;
            }
            List<Integer> where = List.of(event.vm(), event.vcpu());
            Revealed known = ahead.computeIfAbsent(where, w -> new Revealed());
            switch (event.operation()) {
                case GET_TSC_OFFSET -> known.exactly(event.results().get(Field.OFFSET));
                case READ_TSC, GUEST_READ_TSC -> known.read(event.results().get(Field.VALUE), event.counter());
                case CREATE_VCPU, WRITE_TSC, SET_TSC_OFFSET, GUEST_WRITE_TSC, GUEST_WRITE_TSC_ADJUST -> {
                    known.exactly(offsetIn(event));
                    revealed.set(i, event.revealing(known.offsets(), known.seen(event.vcpu(), event.state())));
                    ahead.remove(where);
                }
                case LOAD_VCPU -> ahead.remove(where); // an unstable TSC: it has another offset from here on
                case ENTER_GUEST, REENTER_GUEST -> {
                    // A TSC that is caught up with moves at entries.
                    if (offsetIn(event) != null || ratesSet.contains(event.vm())) {
                        revealed.set(i, event.revealing(ImmutableSet.of(), known.seen(event.vcpu(), event.state())));
                        ahead.remove(where);
                    }
                }
                default -> {
                    // says nothing of the offset
                }
            }
        }
        return revealed;
    }

    /**
     * The same events, with the clock updates that no line tells of put before the entries that worked them off: a page
     * that is read later has its time stamp from there.
     */
    private List<TraceEvent> updates(List<TraceEvent> events) {
        List<@Nullable ClockSeen> pages = pages(events);
        List<TraceEvent> all = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            if (event.operation() == Operation.ENTER_GUEST
                    && !event.state().containsKey(StateVariable.PVCLOCK_TSC_TIMESTAMP)) {
                TraceEvent read = readLater(events, pages, i);
                if (read != null) {
                    all.add(silent(event, Operation.ASK_FOR_CLOCK_UPDATE));
                    if (read.results().get(Field.FLAGS) instanceof Integer flags && (flags & 1) == 0) {
                        all.add(silent(event, Operation.TAKE_HOST_TSC));
                    }
                }
            }
            all.add(event);
        }
        return all;
    }

    /** The later reading of the vCPU's page, if its time stamp lies within the entry. */
    private static @Nullable TraceEvent readLater(List<TraceEvent> events, List<@Nullable ClockSeen> pages, int entry) {
        TraceEvent event = events.get(entry);
        for (int i = entry + 1; i < events.size(); i++) {
            ClockSeen page = pages.get(i);
            TraceEvent later = events.get(i);
            if (page != null
                    && later.operation() == Operation.READ_PVCLOCK_PAGE
                    && later.vm() == event.vm()
                    && later.vcpu() == event.vcpu()) {
                return event.counter().contains(page.tsc().lo() - page.offset()) ? later : null;
            }
        }
        return null;
    }

    private static TraceEvent silent(TraceEvent entry, Operation operation) {
        return new TraceEvent(
                entry.line(), entry.vm(), entry.when(), operation, entry.args(), ImmutableMap.of(), ImmutableMap.of());
    }

    private static @Nullable Object offsetIn(TraceEvent event) {
        return event.state().get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> offsets
                ? offsets.get(event.vcpu())
                : null;
    }

    /** Each update of the host's clocks with what is seen of it, up to the next KVM_SET_CLOCK. */
    private ImmutableList<TraceEvent> clocks(List<TraceEvent> events) {
        List<@Nullable ClockSeen> pages = pages(events);
        List<@Nullable ClockSeen> before = seenBefore(events, pages);
        List<TraceEvent> revealed = new ArrayList<>(events);
        Map<Integer, Integer> raised = raised(events);
        Map<Integer, List<ClockSeen>> ahead = new HashMap<>();
        Map<Integer, List<ClockSeen>> caughtUpAhead = new HashMap<>();
        Map<Integer, List<ClockSeen>> unwrittenAhead = new HashMap<>();
        for (int i = events.size() - 1; i >= 0; i--) {
            TraceEvent event = events.get(i);
            if (!judged.test(event)) {
                continue;
            }
            List<ClockSeen> later = ahead.computeIfAbsent(event.vm(), vm -> new ArrayList<>());
            List<ClockSeen> caughtUp = caughtUpAhead.computeIfAbsent(event.vm(), vm -> new ArrayList<>());
            List<ClockSeen> unwritten = unwrittenAhead.computeIfAbsent(event.vm(), vm -> new ArrayList<>());
            ClockSeen page = pages.get(i);
            if (page != null) {
                later.add(0, page);
                Integer khz = raised.get(i);
                if (khz != null) {
                    ClockSeen seen = new ClockSeen(
                            page.clock(), page.tsc(), page.offset(), ClockSeen.From.CAUGHT_UP, page.vcpu(), khz);
                    caughtUp.add(0, seen);
                    unwritten.add(0, seen);
                }
            }
            switch (event.operation()) {
                case GET_CLOCK -> {
                    ClockSeen seen = clockIn(event);
                    if (seen != null) {
                        later.add(0, seen);
                    }
                }
                case CREATE_VM -> revealed.set(i, revealed.get(i).revealing(seenOfCreation(later)));
                case BEGIN_GET_CLOCK ->
                    revealed.set(
                            i,
                            revealed.get(i)
                                    .revealing(later.stream().limit(1).collect(ImmutableList.toImmutableList())));
                case CREATE_VCPU, WRITE_TSC, SET_TSC_OFFSET -> {
                    revealed.set(i, revealed.get(i).revealing(seenOfWrite(event, caughtUp, later, before.get(i))));
                    unwritten.removeIf(seen -> seen.vcpu() == event.vcpu());
                }
                case ENTER_GUEST, REENTER_GUEST, TAKE_HOST_TSC, SET_CLOCK -> {
                    revealed.set(
                            i,
                            revealed.get(i)
                                    .revealing(seenOf(event, unwritten.isEmpty() ? caughtUp : unwritten, later)));
                    if (event.operation() == Operation.SET_CLOCK
                            && !Integer.valueOf(EINVAL).equals(event.results().get(Field.ERRNO))) {
                        later.clear();
                        caughtUp.clear();
                        unwritten.clear();
                    }
                }
                default -> {
                    // takes no clocks
                }
            }
        }
        return ImmutableList.copyOf(revealed);
    }

    /** The first exact sight of kvmclock, else all that there are. */
    private static ImmutableList<ClockSeen> seenOfCreation(List<ClockSeen> later) {
        for (ClockSeen seen : later) {
            if (seen.from() != ClockSeen.From.BASE_CLOCK && seen.tsc().isExact()) {
                return ImmutableList.of(seen);
            }
        }
        return ImmutableList.copyOf(later);
    }

    /**
     * What tells the base clock at a write of a TSC, where it does not follow from the host's TSC: a TSC that is caught up
     * with goes on from there by the base clock, its own or that of others for which the write counts too. Else kvmclock as
     * it is seen next, or was seen last, whichever says more.
     */
    private static ImmutableList<ClockSeen> seenOfWrite(
            TraceEvent event, List<ClockSeen> caughtUp, List<ClockSeen> later, @Nullable ClockSeen before) {
        Set<ClockSeen> seen = new LinkedHashSet<>();
        caughtUp.stream()
                .filter(s -> s.vcpu() == event.vcpu())
                .limit(MOST_CAUGHT_UP)
                .forEach(seen::add);
        caughtUp.stream().limit(MOST_CAUGHT_UP).forEach(seen::add);
        Stream.concat(later.stream().limit(MOST_CLOCKS), Stream.ofNullable(before))
                .min(Comparator.comparingLong(s -> openness(event, s)))
                .ifPresent(seen::add);
        return ImmutableList.copyOf(seen);
    }

    /** How far the base clock at an event can be, cycles, from what a sight of kvmclock lets one guess. */
    private static long openness(TraceEvent event, ClockSeen seen) {
        long since = Math.abs(event.counter().hi() - (seen.tsc().hi() - seen.offset()));
        return seen.tsc().hi() - seen.tsc().lo() + since / MISCALIBRATION;
    }

    /** For each event: kvmclock as it was seen last, or set, before it. */
    private static List<@Nullable ClockSeen> seenBefore(List<TraceEvent> events, List<@Nullable ClockSeen> pages) {
        Map<Integer, ClockSeen> last = new HashMap<>();
        List<@Nullable ClockSeen> before = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            before.add(last.get(event.vm()));
            ClockSeen page = pages.get(i);
            ClockSeen seen = page != null ? page : event.operation() == Operation.GET_CLOCK ? clockIn(event) : null;
            if (event.operation() == Operation.SET_CLOCK
                    && !Integer.valueOf(EINVAL).equals(event.results().get(Field.ERRNO))) {
                last.remove(event.vm());
                if (((int) event.arg(Field.FLAGS) & HAS_REALTIME) == 0) {
                    seen = new ClockSeen(
                            (long) event.arg(Field.CLOCK), event.counter(), 0, ClockSeen.From.BASE_CLOCK, -1);
                }
            }
            if (seen != null) {
                last.put(event.vm(), seen);
            }
        }
        return before;
    }

    /** The events at which a vCPU's TSC is raised to where it should be, with the rate that it has been given, or 0. */
    private static Map<Integer, Integer> raised(List<TraceEvent> events) {
        Map<List<Integer>, Object> offsets = new HashMap<>();
        Map<List<Integer>, Integer> rates = new HashMap<>();
        Map<Integer, Integer> raised = new HashMap<>();
        for (int i = 0; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            if (event.operation() == Operation.SET_TSC_KHZ
                    && Integer.valueOf(0).equals(event.results().get(Field.ERRNO))) {
                rates.put(List.of(event.vm(), event.vcpu()), (int) event.arg(Field.KHZ));
            }
            Object offset = offsetIn(event);
            if (offset != null) {
                Object before = offsets.put(List.of(event.vm(), event.vcpu()), offset);
                boolean entry =
                        event.operation() == Operation.ENTER_GUEST || event.operation() == Operation.REENTER_GUEST;
                if (entry && before != null && !before.equals(offset)) {
                    raised.put(i, rates.getOrDefault(List.of(event.vm(), event.vcpu()), 0));
                }
            }
        }
        return raised;
    }

    /** The pages that the event can have written, and what the next KVM_GET_CLOCKs returned. */
    private static ImmutableList<ClockSeen> seenOf(TraceEvent event, List<ClockSeen> caughtUp, List<ClockSeen> later) {
        Set<ClockSeen> seen = new LinkedHashSet<>();
        if (event.operation() == Operation.SET_CLOCK) {
            caughtUp.stream().limit(1).forEach(seen::add);
        }
        int asked = 0;
        for (ClockSeen each : later) {
            if (each.from() == ClockSeen.From.PAGE) {
                // (A page of later still tells where kvmclock was set to go on from.)
                if (event.operation() == Operation.SET_CLOCK
                        || event.counter().contains(each.tsc().lo() - each.offset())) {
                    seen.add(each);
                }
            } else if (asked < MOST_CLOCKS) {
                seen.add(each);
                asked++;
            }
        }
        return ImmutableList.copyOf(seen);
    }

    /** For each event that shows a page: the page, if the offset of its vCPU is known by then. */
    private static List<@Nullable ClockSeen> pages(List<TraceEvent> events) {
        Map<List<Integer>, Object> offsets = new HashMap<>();
        List<@Nullable ClockSeen> pages = new ArrayList<>();
        for (TraceEvent event : events) {
            List<Integer> where = List.of(event.vm(), event.vcpu());
            Object offset = event.operation() == Operation.GET_TSC_OFFSET
                    ? event.results().get(Field.OFFSET)
                    : offsetIn(event);
            if (offset != null) {
                offsets.put(where, offset);
            } else if (event.operation() == Operation.WRITE_TSC || event.operation() == Operation.GUEST_WRITE_TSC) {
                offsets.remove(where);
            }
            Object known = offsets.get(where);
            Object stamp = part(event, Field.TSC_TIMESTAMP, StateVariable.PVCLOCK_TSC_TIMESTAMP);
            Object time = part(event, Field.SYSTEM_TIME, StateVariable.PVCLOCK_SYSTEM_TIME);
            pages.add(
                    known == null || stamp == null || time == null || (long) stamp == 0
                            ? null
                            : new ClockSeen(
                                    (long) time,
                                    between(event, (long) stamp, (long) known),
                                    (long) known,
                                    ClockSeen.From.PAGE,
                                    event.vcpu()));
        }
        return pages;
    }

    /**
     * When, by the guest's TSC, kvmclock was what a page says: at the time stamp, if by the masterclock; else the base
     * clock was read after the TSC.
     */
    private static Interval between(TraceEvent event, long stamp, long offset) {
        long latest = event.counter().hi() + offset;
        boolean byMaster =
                part(event, Field.FLAGS, StateVariable.PVCLOCK_FLAGS) instanceof Integer flags && (flags & 1) != 0;
        return byMaster || latest - stamp < 0 ? Interval.exactly(stamp) : new Interval(stamp, latest);
    }

    private static @Nullable Object part(TraceEvent event, Field result, StateVariable variable) {
        Object seen = event.results().get(result);
        return seen == null && event.state().get(variable) instanceof Map<?, ?> parts ? parts.get(event.vcpu()) : seen;
    }

    private static @Nullable ClockSeen clockIn(TraceEvent event) {
        if (!(event.results().get(Field.CLOCK) instanceof Long clock)) {
            return null;
        }
        if (event.results().get(Field.HOST_TSC) instanceof Long hostTsc && hostTsc != 0) {
            return new ClockSeen(clock, Interval.exactly(hostTsc), 0, ClockSeen.From.MASTERCLOCK, -1);
        }
        return new ClockSeen(clock, event.counter(), 0, ClockSeen.From.BASE_CLOCK, -1);
    }

    /** What is known of one vCPU's offset between two writes. */
    private static final class Revealed {
        private final Set<Long> exact = new LinkedHashSet<>();
        private @Nullable Interval narrowed;

        void exactly(@Nullable Object offset) {
            if (offset != null) {
                exact.add((Long) offset);
            }
        }

        /** A read of {@code value} while the host's TSC was in {@code when}: the offset is their difference. */
        void read(@Nullable Object value, Interval when) {
            if (value == null) {
                return;
            }
            long lo = (long) value - when.hi();
            long hi = (long) value - when.lo();
            if (narrowed != null) {
                lo = narrowed.contains(lo) ? lo : narrowed.lo();
                hi = narrowed.contains(hi) ? hi : narrowed.hi();
            }
            if (hi - lo >= 0) {
                narrowed = new Interval(lo, hi);
            }
        }

        /** The offset as part of the state after the write: nothing moves it before it is read. */
        ImmutableMap<StateVariable, Object> seen(int vcpu, ImmutableMap<StateVariable, Object> state) {
            if (exact.size() != 1) {
                return state;
            }
            Map<Object, Object> offsets = new HashMap<>();
            if (state.get(StateVariable.TSC_OFFSET) instanceof Map<?, ?> others) {
                offsets.putAll(others);
            }
            offsets.putIfAbsent(vcpu, exact.iterator().next());
            Map<StateVariable, Object> more = new LinkedHashMap<>(state);
            more.put(StateVariable.TSC_OFFSET, ImmutableMap.copyOf(offsets));
            return ImmutableMap.copyOf(more);
        }

        ImmutableSet<Long> offsets() {
            if (!exact.isEmpty() || narrowed == null) {
                return ImmutableSet.copyOf(exact);
            }
            return ImmutableSet.of(narrowed.lo(), narrowed.hi());
        }
    }
}
