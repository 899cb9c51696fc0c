package dev.longitude.validator;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.Words64;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.Interval;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import tlc2.value.IValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Which variables have values that depend on an instant that nothing told: the validator has chosen one, and another
 * would have led to another value. It is found out by taking the step again with the host's clocks, and all that is loose
 * before it, put off by a little. A refusal that would be another one then is none: nobody can say.
 */
final class Looseness {
    private static final UniqueString HOST_TSC = UniqueString.uniqueStringOf("hostTsc");
    private static final UniqueString HOST_NS = UniqueString.uniqueStringOf("hostNs");
    private static final UniqueString HOST_REALTIME = UniqueString.uniqueStringOf("hostRealtime");
    private static final UniqueString CNTPCT = UniqueString.uniqueStringOf(CounterMoments.COUNTER);
    private static final UniqueString PVCLOCK = UniqueString.uniqueStringOf("pvclock");

    /** What each event sets anew. */
    private static final ImmutableSet<UniqueString> OF_EVERY_EVENT =
            ImmutableSet.of(HOST_TSC, HOST_NS, HOST_REALTIME, CNTPCT, UniqueString.uniqueStringOf("reply"));

    private static final ImmutableSet<StateVariable> PARTS_OF_PVCLOCK = Arrays.stream(StateVariable.values())
            .filter(v -> v.specName().startsWith(PVCLOCK.toString()))
            .collect(ImmutableSet.toImmutableSet());

    /** A prime, so that no division hides it; each variable is put off by another multiple, so that none make up. */
    private static final long A_LITTLE = 1_000_003;

    private final Stepper stepper;
    private final Arch arch;

    Looseness(Stepper stepper, Arch arch) {
        this.stepper = stepper;
        this.arch = arch;
    }

    /** Which of the host's clocks an event does not tell. */
    ImmutableSet<UniqueString> untold(TraceEvent event) {
        if (event.counter().isExact()
                && (arch == Arch.ARM64
                        || (!isOpen(event.when().ns()) && !isOpen(event.when().realtime())))) {
            return ImmutableSet.of();
        }
        ImmutableSet.Builder<UniqueString> untold = ImmutableSet.builder();
        if (!event.counter().isExact()) {
            untold.add(arch == Arch.X86 ? HOST_TSC : CNTPCT);
        }
        if (arch == Arch.X86 && isOpen(event.when().ns())) {
            untold.add(HOST_NS);
        }
        if (arch == Arch.X86 && isOpen(event.when().realtime())) {
            untold.add(HOST_REALTIME);
        }
        return untold.build();
    }

    private static boolean isOpen(@Nullable Interval within) {
        return within == null || !within.isExact();
    }

    /** The state at an event, with what is not known put off; null if all is known. */
    @Nullable
    State putOff(TraceEvent event, Possible from, State now) {
        ImmutableSet<UniqueString> untold = untold(event);
        if (untold.isEmpty() && from.loose.isEmpty()) {
            return null;
        }
        State other = now;
        for (UniqueString name : Sets.union(from.loose, untold)) {
            other = other.with(name, putOff(requireNonNull(now.lookup(name)), by(name)));
        }
        return other;
    }

    private static long by(UniqueString name) {
        return A_LITTLE * (2L * name.getVarLoc() + 3);
    }

    /** The loose variables after an event that led from one state, at its instant, to another. */
    ImmutableSet<UniqueString> after(TraceEvent event, Possible from, State now, State next) {
        return after(event, from, now, next, true);
    }

    /** The same of a silent step, of which nothing was observed: what it carries is of an event after it. */
    ImmutableSet<UniqueString> afterSilent(TraceEvent event, Possible from, State now, State next) {
        return after(event, from, now, next, false);
    }

    private ImmutableSet<UniqueString> after(TraceEvent event, Possible from, State now, State next, boolean observed) {
        State other = putOff(event, from, now);
        if (other == null) {
            return ImmutableSet.of();
        }
        List<State> others;
        try {
            others = stepper.nexts(event, other);
        } catch (RuntimeException e) {
            others = List.of();
        }
        List<State> elsewhere = others;
        return variables(
                event,
                next,
                observed,
                (name, value) -> elsewhere.isEmpty()
                        ? !value.equals(now.lookup(name)) || from.loose.contains(name)
                        : elsewhere.stream().noneMatch(o -> value.equals(o.lookup(name))));
    }

    /** The loose variables after the creation of a VM, which at another moment would have led to another state. */
    ImmutableSet<UniqueString> afterCreation(TraceEvent event, State state, State other) {
        return variables(event, state, true, (name, value) -> !value.equals(other.lookup(name)));
    }

    /** A moment with what an event does not tell of it put off. */
    Instants.Moment putOff(TraceEvent event, Instants.Moment moment) {
        ImmutableSet<UniqueString> untold = untold(event);
        return new Instants.Moment(
                moment.tsc() + (untold.contains(HOST_TSC) ? by(HOST_TSC) : 0),
                moment.ns() + (untold.contains(HOST_NS) ? by(HOST_NS) : 0),
                moment.realtime() + (untold.contains(HOST_REALTIME) ? by(HOST_REALTIME) : 0));
    }

    private static ImmutableSet<UniqueString> variables(
            TraceEvent event, State state, boolean observed, BiPredicate<UniqueString, IValue> depends) {
        ImmutableSet.Builder<UniqueString> loose = ImmutableSet.builder();
        for (UniqueString name : State.variables()) {
            Value value = state.lookup(name);
            if (value != null
                    && !OF_EVERY_EVENT.contains(name)
                    && !(observed && isObserved(event, name, value))
                    && depends.test(name, value)) {
                loose.add(name);
            }
        }
        return loose.build();
    }

    /** Whether the event shows all of a variable. */
    private static boolean isObserved(TraceEvent event, UniqueString name, IValue value) {
        if (name.equals(PVCLOCK)) {
            return PARTS_OF_PVCLOCK.stream().allMatch(part -> isObserved(event, part, value));
        }
        return StateVariable.named(name.toString()).stream().anyMatch(variable -> isObserved(event, variable, value));
    }

    private static boolean isObserved(TraceEvent event, StateVariable variable, IValue value) {
        Object seen = event.state().get(variable);
        if (!(seen instanceof Map<?, ?> parts)) {
            return seen != null && variable.kind() == variable.kind().each();
        }
        return ((Value) value).toFcnRcd() instanceof FcnRcdValue function && function.values.length == parts.size();
    }

    /** A value with each word in it put off. */
    private static Value putOff(Value value, long by) {
        if (value instanceof TupleValue tuple) {
            return tuple.elems.length == 2 && tuple.elems[0] instanceof IntValue && tuple.elems[1] instanceof IntValue
                    ? Words64.word(Words64.bits(tuple) + by)
                    : new TupleValue(putOff(tuple.elems, by));
        }
        if (value instanceof FcnRcdValue function) {
            return new FcnRcdValue(function.getDomainAsValues().clone(), putOff(function.values, by), true);
        }
        if (value instanceof RecordValue record) {
            return new RecordValue(record.names.clone(), putOff(record.values, by), true);
        }
        if (value instanceof SetEnumValue set) {
            return new SetEnumValue(putOff(set.elems.toArray(), by), false);
        }
        return value;
    }

    private static Value[] putOff(Value[] values, long by) {
        Value[] other = new Value[values.length];
        for (int i = 0; i < values.length; i++) {
            other[i] = putOff(values[i], by);
        }
        return other;
    }
}
