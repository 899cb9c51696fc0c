package dev.longitude.tamper;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import com.google.common.collect.Sets;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * The kinds of information that a log may lack. A trace of which something was erased is still a trace of the same
 * behaviour: the validator must not refuse it.
 */
public enum TraceEraser {
    /** What operations returned: each with a chance of one half. */
    RESULTS("half of the results") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            return with(
                    event, event.args(), Maps.filterKeys(event.results(), r -> random.nextBoolean()), event.state());
        }
    },
    /** The state: all of it for half of the events; for the others each variable with a chance of nine tenths. */
    STATE("most of the state") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            boolean all = random.nextBoolean();
            return with(
                    event,
                    event.args(),
                    event.results(),
                    Maps.filterKeys(event.state(), v -> !all && random.nextInt(10) == 0));
        }
    },
    /** All of the state. */
    WHOLE_STATE("the state") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            return with(event, event.args(), event.results(), ImmutableMap.of());
        }
    },
    /** The host's clocks besides its counter. */
    CLOCKS("the clocks besides the counter") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            return event.at(HostTime.of(event.counter()));
        }
    },
    /** Instants: only intervals of the counter are left. */
    INSTANTS("instants: intervals") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            return event.at(HostTime.of(around(event, random, WIDE)));
        }
    },
    /** The instants of all events but the first: only their order is left. */
    ORDER("instants: their order") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            return event.operation() == Operation.CREATE_VM
                    ? event
                    : event.at(HostTime.of(Interval.from(event.counter().lo() - WIDE)));
        }
    },
    /** Arguments: each with a chance of one in eight. */
    ARGS("one argument in eight") {
        @Override
        TraceEvent of(TraceEvent event, SplittableRandom random) {
            return with(
                    event, Maps.filterKeys(event.args(), a -> random.nextInt(8) > 0), event.results(), event.state());
        }
    },
    /** Events: of up to three operations besides creation, each with a chance of one half. */
    STEPS("events: half of those of three operations") {
        @Override
        public Trace of(Trace trace, SplittableRandom random) {
            ImmutableList<Operation> could = trace.events().stream()
                    .map(TraceEvent::operation)
                    .filter(o -> o.canBeSilent() && o != Operation.CREATE_VCPU)
                    .distinct()
                    .collect(ImmutableList.toImmutableList());
            ImmutableSet.Builder<Operation> silent = ImmutableSet.builder();
            for (int i = 0; i < 3 && !could.isEmpty(); i++) {
                silent.add(could.get(random.nextInt(could.size())));
            }
            return without(trace, silent.build(), random);
        }
    },
    /** Half of the entries and exits. */
    ENTRIES("half of the entries and exits") {
        @Override
        public Trace of(Trace trace, SplittableRandom random) {
            return without(trace, ImmutableSet.of(Operation.ENTER_GUEST, Operation.EXIT_GUEST), random);
        }
    },
    /**
     * The order of the events of several threads: each vCPU is a thread, and so are the operations on the VM. (Not
     * where the host was suspended: its TSC does not show the order then.)
     */
    THREADS("the order of threads") {
        @Override
        public Trace of(Trace trace, SplittableRandom random) {
            if (trace.events().stream().anyMatch(e -> e.operation() == Operation.HOST_RESUMES)) {
                return trace;
            }
            List<List<TraceEvent>> threads = new ArrayList<>();
            for (TraceEvent event : trace.events()) {
                int thread = 1 + trace.header().host().numberOf(new VcpuId(event.vm(), event.vcpu()));
                TraceEvent by = event.by(thread).at(HostTime.of(around(event, random, NARROW)));
                List<TraceEvent> line = threads.stream()
                        .filter(t -> t.get(0).thread() == thread)
                        .findFirst()
                        .orElseGet(() -> {
                            List<TraceEvent> fresh = new ArrayList<>();
                            threads.add(fresh);
                            return fresh;
                        });
                line.add(by);
            }
            ImmutableList.Builder<TraceEvent> mixed = ImmutableList.builder();
            while (!threads.isEmpty()) {
                List<TraceEvent> thread = threads.get(random.nextInt(threads.size()));
                mixed.add(thread.remove(0));
                threads.removeIf(List::isEmpty);
            }
            return new Trace(trace.header().withThreads(), mixed.build());
        }
    };

    /** The most that a reading of the counter differs from an event's instant, cycles or ticks. */
    private static final int WIDE = 3_000;

    private static final int NARROW = 300;

    private final String summary;

    TraceEraser(String summary) {
        this.summary = summary;
    }

    /** What is erased, in a few words. */
    public String summary() {
        return summary;
    }

    /** The trace without what this erases. */
    public Trace of(Trace trace, SplittableRandom random) {
        UnaryOperator<TraceEvent> erase = event -> of(event, random);
        return new Trace(trace.header(), trace.events().stream().map(erase).collect(ImmutableList.toImmutableList()));
    }

    TraceEvent of(TraceEvent event, SplittableRandom random) {
        return event;
    }

    private static Trace without(Trace trace, ImmutableSet<Operation> those, SplittableRandom random) {
        return new Trace(
                trace.header()
                        .withSilent(Sets.union(trace.header().silent(), those).immutableCopy()),
                trace.events().stream()
                        .filter(e -> !those.contains(e.operation()) || random.nextBoolean())
                        .collect(ImmutableList.toImmutableList()));
    }

    private static Interval around(TraceEvent event, SplittableRandom random, int most) {
        Interval exactly = event.counter();
        return new Interval(exactly.lo() - random.nextInt(most), exactly.hi() + random.nextInt(most));
    }

    private static TraceEvent with(
            TraceEvent event, Map<Field, Object> args, Map<Field, Object> results, Map<StateVariable, Object> state) {
        return new TraceEvent(
                event.line(),
                event.vm(),
                event.when(),
                event.operation(),
                ImmutableMap.copyOf(args),
                ImmutableMap.copyOf(results),
                ImmutableMap.copyOf(state),
                event.thread(),
                event.optional());
    }
}
