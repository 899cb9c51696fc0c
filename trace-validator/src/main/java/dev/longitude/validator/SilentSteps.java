package dev.longitude.validator;

import static java.util.stream.Collectors.toSet;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.Arch;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * What may have happened before an event without a line of its own. From each possible state every operation that the
 * header declares silent is taken, for every vCPU, again and again, until nothing new comes of it. What changes nothing
 * that an action depends on is left out: the trace conforms with it if it conforms without.
 *
 * <p>A silent step has happened at some instant between two lines. If it makes no difference when, it is taken at once;
 * if it does, at both ends and at the instants that the event shows.
 */
final class SilentSteps {
    /** The most states that silent steps may lead to between two events. */
    static final int MOST_STATES = 256;

    /** The silent steps after which there may be what no event shows. */
    static final ImmutableSet<Operation> HIDING = ImmutableSet.of(
            Operation.BEGIN_GET_CLOCK, Operation.BEGIN_SET_CLOCK, Operation.TAKE_HOST_TSC, Operation.GUEST_READ_CLOCK);

    private final Stepper stepper;
    private final TraceHeader header;

    SilentSteps(Stepper stepper, TraceHeader header) {
        this.stepper = stepper;
        this.header = header;
    }

    /**
     * Where silent steps may lead.
     *
     * @param all whether those are all; if not, there were too many
     */
    record Reached(List<Possible> states, boolean all) {}

    /**
     * The states that silent steps lead to from these before an event; those from which none was taken not among them.
     *
     * @param enough told of the states that so many steps lead to, then of those that one more does, and so on: whether no
     *     others need be looked for
     */
    Reached before(TraceEvent event, List<Possible> start, Predicate<List<Possible>> enough) {
        Set<Object> known = new HashSet<>();
        start.forEach(p -> known.add(key(p)));
        List<Possible> reached = new ArrayList<>();
        List<Possible> latest = start;
        while (!latest.isEmpty()) {
            List<Possible> next = new ArrayList<>();
            for (Possible from : latest) {
                for (TraceEvent silent : steps(event, from.state)) {
                    take(silent, event, from, known, next);
                    if (reached.size() + next.size() > MOST_STATES) {
                        reached.addAll(next);
                        return new Reached(reached, false);
                    }
                }
            }
            reached.addAll(next);
            latest = enough.test(next) ? List.of() : next;
        }
        return new Reached(reached, true);
    }

    /** Takes one silent step. */
    private void take(TraceEvent silent, TraceEvent event, Possible from, Set<Object> known, List<Possible> next) {
        List<State> atOnce = stepper.nexts(silent, from.state);
        if (atOnce.isEmpty()) {
            return;
        }
        Instants.Moment last = stepper.instants().earliest(event, from.state);
        boolean always =
                isSame(event, stepper.nexts(silent, stepper.reach(last, from.state)), stepper.reach(last, atOnce));
        keep(List.of(from.state), silent, silent.at(stepper.now(from.state)), from, known, next);
        if (always) {
            return;
        }
        Set<Instants.Moment> moments =
                new LinkedHashSet<>(stepper.candidates(silent, from.state).moments());
        moments.add(last);
        for (Instants.Moment moment : moments) {
            keep(stepper.reach(moment, from.state), silent, stepper.at(silent, moment), from, known, next);
        }
    }

    /** Whether some states are the same by what matters, and by what the event shows besides. */
    private boolean isSame(TraceEvent event, List<State> some, List<State> others) {
        if (some.size() == 1 && others.size() == 1) {
            return key(event, some.get(0)).equals(key(event, others.get(0)));
        }
        return keys(event, some).equals(keys(event, others));
    }

    private Set<Object> keys(TraceEvent event, List<State> states) {
        return states.stream().map(s -> key(event, s)).collect(toSet());
    }

    private Object key(TraceEvent event, State state) {
        return event.state().containsKey(StateVariable.LAST_GUEST_TSC)
                ? stepper.specification().standing(state)
                : stepper.specification().course(state);
    }

    /** The step itself, of which nothing was observed: what it carries is of the event after it. */
    private static TraceEvent bare(TraceEvent step) {
        return new TraceEvent(
                step.line(),
                step.vm(),
                step.when(),
                step.operation(),
                step.args(),
                ImmutableMap.of(),
                ImmutableMap.of());
    }

    private Object key(Possible p) {
        return List.of(stepper.specification().standing(p.state), p.loose);
    }

    private void keep(
            List<State> nows,
            TraceEvent silent,
            TraceEvent step,
            Possible from,
            Set<Object> known,
            List<Possible> next) {
        for (State now : nows) {
            for (State state : stepper.nexts(step, now)) {
                Possible there = stepper.thenSilently(from, now, state, silent, bare(step));
                if (known.add(key(there))) {
                    next.add(there);
                }
            }
        }
    }

    /** Every silent step that there can be, of the VMs that there are. */
    private List<TraceEvent> steps(TraceEvent event, State state) {
        HostTime between = between(event, state);
        List<TraceEvent> steps = new ArrayList<>();
        for (int vm : vms(event, state)) {
            for (Operation operation : header.silent()) {
                TraceEvent bare = new TraceEvent(
                                event.line(),
                                vm,
                                between,
                                operation,
                                ImmutableMap.of(),
                                ImmutableMap.of(),
                                shown(event, vm))
                        .revealing(event.revealedClocks());
                steps.addAll(stepper.readings(bare, state).events());
            }
        }
        return steps;
    }

    private static ImmutableMap<StateVariable, Object> shown(TraceEvent event, int vm) {
        return event.vm() == vm ? event.state() : ImmutableMap.of();
    }

    private HostTime between(TraceEvent event, State state) {
        HostTime now = stepper.now(state);
        return new HostTime(
                upTo(now.counter(), event.counter()),
                upTo(now.ns(), event.when().ns()),
                upTo(now.realtime(), event.when().realtime()));
    }

    private static Interval upTo(@Nullable Interval from, @Nullable Interval to) {
        long lo = from == null ? 0 : from.lo();
        return to == null || to.hi() - lo < 0 ? Interval.from(lo) : new Interval(lo, to.hi());
    }

    private Set<Integer> vms(TraceEvent event, State state) {
        if (header.arch() == Arch.X86) {
            return Set.of(event.vm());
        }
        Set<Integer> vms = new TreeSet<>();
        SetEnumValue online = (SetEnumValue) stepper.specification()
                .look(StateVariable.ONLINE.specName(), state)
                .toSetEnum();
        for (Value vcpu : online.elems.toArray()) {
            vms.add(((IntValue) ((TupleValue) vcpu).elems[0]).val);
        }
        vms.add(event.vm());
        return vms;
    }
}
