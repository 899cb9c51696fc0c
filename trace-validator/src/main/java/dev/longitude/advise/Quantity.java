package dev.longitude.advise;

import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.recipe.StepKind;
import java.util.Set;

/**
 * What a value of a recipe is, so that only values that make sense are tried as arguments.
 *
 * @param name the name; values of one name can stand for each other
 */
record Quantity(String name) {
    /** The guest's TSC, cycles. */
    static final Quantity GUEST_TSC = new Quantity("guest TSC");

    /** The guest's TSC minus the scaled TSC of the host, cycles. */
    static final Quantity TSC_OFFSET = new Quantity("TSC offset");

    /** The guest's virtual counter, cycles. */
    static final Quantity VIRTUAL_COUNTER = new Quantity("virtual counter");

    /** The guest's physical counter, cycles. */
    static final Quantity PHYSICAL_COUNTER = new Quantity("physical counter");

    /** The host's counter minus the guest's, cycles. */
    static final Quantity COUNTER_OFFSET = new Quantity("counter offset");

    /** The host's counter, cycles. */
    static final Quantity HOST_COUNTER = new Quantity("host counter");

    /** kvmclock, ns. */
    static final Quantity CLOCK = new Quantity("clock");

    /** CLOCK_REALTIME of the host, ns. */
    static final Quantity REALTIME = new Quantity("realtime");

    /** The flags of KVM_GET_CLOCK and KVM_SET_CLOCK. */
    static final Quantity FLAGS = new Quantity("flags");

    private static final ImmutableMap<String, Quantity> KNOWN = ImmutableMap.<String, Quantity>builder()
            .put("ReadTsc", GUEST_TSC)
            .put("WriteTsc value", GUEST_TSC)
            .put("GetTscOffset", TSC_OFFSET)
            .put("SetTscOffset offset", TSC_OFFSET)
            .put("GetClock clock", CLOCK)
            .put("GetClock flags", FLAGS)
            .put("GetClock realtime", REALTIME)
            .put("GetClock hostTsc", HOST_COUNTER)
            .put("SetClock clock", CLOCK)
            .put("SetClock flags", FLAGS)
            .put("SetClock realtime", REALTIME)
            .put("ReadRealtime", REALTIME)
            .put("ReadHostCounter", HOST_COUNTER)
            .put("ReadInstant counter", HOST_COUNTER)
            .put("ReadInstant realtime", REALTIME)
            .put("GetTimerCnt", VIRTUAL_COUNTER)
            .put("SetTimerCnt value", VIRTUAL_COUNTER)
            .put("GetPtimerCnt", PHYSICAL_COUNTER)
            .put("SetPtimerCnt value", PHYSICAL_COUNTER)
            .put("SetCounterOffset offset", COUNTER_OFFSET)
            .put("GetVtimerOffset", COUNTER_OFFSET)
            .put("SetVtimerOffset offset", COUNTER_OFFSET)
            .put("GetPtimerOffset", COUNTER_OFFSET)
            .put("SetPtimerOffset offset", COUNTER_OFFSET)
            .put("GetSystemCounterState cntvoff", COUNTER_OFFSET)
            .put("GetSystemCounterState cntpoff", COUNTER_OFFSET)
            .put("SetSystemCounterState cntvoff", COUNTER_OFFSET)
            .put("SetSystemCounterState cntpoff", COUNTER_OFFSET)
            .buildOrThrow();

    /** What a step of that kind saves; {@code field} is empty if it has no fields. */
    static Quantity saved(StepKind kind, String field) {
        return of(kind, field);
    }

    private static final ImmutableList<ImmutableSet<Quantity>> CLOCKS = ImmutableList.of(
            ImmutableSet.of(GUEST_TSC, TSC_OFFSET),
            ImmutableSet.of(VIRTUAL_COUNTER, PHYSICAL_COUNTER, COUNTER_OFFSET),
            ImmutableSet.of(CLOCK));

    /** Whether two kinds of writes set one clock of the guest; on arm64 one offset can be both counters'. */
    static boolean areOfOneClock(StepKind one, StepKind other) {
        return CLOCKS.stream().anyMatch(c -> sets(one, c) && sets(other, c));
    }

    private static boolean sets(StepKind kind, Set<Quantity> clock) {
        return kind.args().stream().anyMatch(arg -> clock.contains(taken(kind, arg)));
    }

    /** What an argument of a step of that kind is. */
    static Quantity taken(StepKind kind, String arg) {
        return of(kind, arg);
    }

    /** Of a kind that is not listed, what GetX or ReadX saves is for SetX or WriteX. */
    private static Quantity of(StepKind kind, String field) {
        String key = field.isEmpty() ? kind.specName() : kind.specName() + " " + field;
        Quantity known = KNOWN.get(key);
        if (known != null) {
            return known;
        }
        String name = kind.specName();
        int subject = CharMatcher.inRange('A', 'Z').indexIn(name, 1);
        return new Quantity((subject < 0 ? name : name.substring(subject))
                + (field.equals("value") ? "" : " " + field).stripTrailing());
    }
}
