package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tlc2.tool.impl.Conjuncts;
import tlc2.value.impl.Value;

/**
 * When an event may have happened on arm64, by the host's counter. A read value tells the instant of the read, and the
 * offset that later reads show the instant of a set. Where nothing does, both ends of the interval are tried for what
 * depends on it.
 */
final class CounterMoments implements Instants {
    static final String COUNTER = "cntpct";

    /** The operations whose effect depends on the instant. */
    private static final Set<Operation> BY_VALUE = Set.of(
            Operation.BEGIN_CREATE_VCPU,
            Operation.CREATE_VCPU,
            Operation.SET_TIMER_CNT,
            Operation.SET_PTIMER_CNT,
            Operation.LOOK_AT_PTIMER);

    static final ImmutableList<StateVariable> OFFSETS = ImmutableList.of(
            StateVariable.VOFFSET, StateVariable.POFFSET, StateVariable.SHADOW_CNTVOFF, StateVariable.SHADOW_CNTPOFF);

    private final Specification specification;

    CounterMoments(Specification specification) {
        this.specification = specification;
    }

    @Override
    public Candidates of(TraceEvent event, State state) {
        Interval within = event.counter();
        long now = Words64.bits(specification.look(COUNTER, state));
        if (!within.isExact() && within.contains(now)) {
            within = new Interval(now, within.hi());
        }
        Set<Moment> moments = new LinkedHashSet<>();
        if (!within.isExact()) {
            imply(event, state, moments);
        }
        Interval bounds = within;
        moments.removeIf(m -> !bounds.contains(m.tsc()));
        if (!moments.isEmpty()) {
            if (BY_VALUE.contains(event.operation())) {
                moments.add(at(within.lo()));
            }
            return new Candidates(moments, true, false);
        }
        boolean refused = !event.results().getOrDefault(Field.ERRNO, 0).equals(0);
        boolean open = !within.isExact() && !refused && BY_VALUE.contains(event.operation());
        moments.add(at(within.lo()));
        if (open) {
            moments.add(at(within.hi()));
        }
        return new Candidates(moments, false, open);
    }

    @Override
    public Moment earliest(TraceEvent event, State state) {
        long now = Words64.bits(specification.look(COUNTER, state));
        return at(event.counter().contains(now) ? now : event.counter().lo());
    }

    private static Moment at(long counter) {
        return new Moment(counter, 0, 0);
    }

    private void imply(TraceEvent event, State state, Set<Moment> implied) {
        switch (event.operation()) {
            case BEGIN_CREATE_VCPU, CREATE_VCPU -> implySet(event, 0, implied);
            case SET_TIMER_CNT, SET_PTIMER_CNT -> implySet(event, (long) event.arg(Field.VALUE), implied);
            case GET_TIMER_CNT -> implyRead("InstantOfGet", StateVariable.ONLINE, event, state, implied);
            case GET_PTIMER_CNT -> implyRead("InstantOfPGet", StateVariable.ONLINE, event, state, implied);
            case GUEST_READ_CNTVCT -> implyRead("InstantOfRead", StateVariable.IN_GUEST, event, state, implied);
            case GUEST_READ_CNTPCT -> implyRead("InstantOfPRead", StateVariable.IN_GUEST, event, state, implied);
            default -> {
                // The rest does not depend on the instant.
            }
        }
    }

    private void implySet(TraceEvent event, long value, Set<Moment> implied) {
        Set<Long> offsets = new LinkedHashSet<>(event.revealedOffsets());
        for (StateVariable shown : OFFSETS) {
            Object seen = event.state().get(shown);
            if ((seen instanceof Map<?, ?> parts ? parts.get(event.vcpu()) : seen) instanceof Long offset) {
                offsets.add(offset);
            }
        }
        for (long offset : offsets) {
            implied.add(at(Words64.bits(specification.eval(
                    "InstantOfSet",
                    ImmutableMap.of(Field.VALUE.name(), Words64.word(value), Field.OFFSET.name(), Words64.word(offset)),
                    State.EMPTY))));
        }
    }

    private void implyRead(String operator, StateVariable needed, TraceEvent event, State state, Set<Moment> implied) {
        Object value = event.results().get(Field.VALUE);
        TlaValues values = new TlaValues(Arch.ARM64, event.vm());
        Set<?> ready = (Set<?>) values.toTrace(needed.kind(), specification.look(needed.specName(), state));
        if (value != null && ready.contains(event.vcpu())) {
            ImmutableMap<String, Value> args = ImmutableMap.of(
                    Field.VCPU.name(), values.of(Field.VCPU.kind(), event.vcpu()),
                    Field.VALUE.name(), Words64.word((long) value));
            implied.add(at(Words64.bits(specification.eval(operator, args, state))));
        }
    }

    @Override
    public List<State> reach(Moment moment, State state) {
        return Words64.bits(specification.look(COUNTER, state)) == moment.tsc()
                ? List.of(state)
                : specification.step("TimePasses", Map.of("counter", Words64.word(moment.tsc())), state);
    }

    @Override
    public Conjuncts.@Nullable Outcome whyNot(TraceEvent event, State state) {
        return null; // only that it lies behind
    }
}
