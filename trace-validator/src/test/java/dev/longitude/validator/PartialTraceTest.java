package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import com.google.common.collect.Sets;
import dev.longitude.evaluator.State;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.spec.Specification;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.StateVariable;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** How the validator judges incomplete traces. */
class PartialTraceTest {
    private static final TraceHeader HEADER =
            new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(1_000_000, 0, true, false), 2, "test");

    /** Two vCPUs that were created, and what happens then. */
    private static List<TraceEvent> trace(Consumer<X86Vcpu[]> then) {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 1L << 40, events::add);
        X86Vm vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
        X86Vcpu[] vcpus = {vm.createVcpu(0), vm.createVcpu(1)};
        host.advance(1_000);
        then.accept(vcpus);
        return events;
    }

    private static TraceEvent seen(TraceEvent event, Set<StateVariable> variables) {
        return new TraceEvent(
                event.line(),
                event.vm(),
                event.when(),
                event.operation(),
                event.args(),
                event.results(),
                ImmutableMap.copyOf(Maps.filterKeys(event.state(), variables::contains)));
    }

    /** An event that returned something else, and showed nothing of the state. */
    private static TraceEvent returning(TraceEvent event, ImmutableMap<Field, Object> results) {
        return new TraceEvent(
                event.line(), event.vm(), event.when(), event.operation(), event.args(), results, ImmutableMap.of());
    }

    private static ImmutableList<TraceEvent> withoutState(List<TraceEvent> events) {
        return events.stream().map(e -> seen(e, Set.of())).collect(ImmutableList.toImmutableList());
    }

    static Optional<Refusal> validate(TraceValidator validator, TraceHeader header, List<TraceEvent> events)
            throws Exception {
        TraceSource source = TraceSource.of(new Trace(header, ImmutableList.copyOf(events)));
        for (List<TraceEvent> next = source.next(); !next.isEmpty(); next = source.next()) {
            Optional<Refusal> refusal = validator.accept(next);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        validator.finish();
        return Optional.empty();
    }

    /** The value follows from the offset that the write led to. */
    @Test
    void anArgumentThatNobodySawIsInferred() throws Exception {
        List<TraceEvent> events = new ArrayList<>(trace(vcpus -> vcpus[0].writeTsc(7_000_000_000L)));
        int last = events.size() - 1;
        events.set(
                last,
                seen(events.get(last), EnumSet.of(StateVariable.TSC_OFFSET)).with(ImmutableMap.of(Field.VCPU, 0)));
        TraceValidator validator = TraceValidator.keepingWitness(HEADER, false);
        assertThat(validate(validator, HEADER, events)).isEmpty();
        assertThat(validator.inferred().unknown()).isZero();
        assertThat(validator.witness().get(last).arg(Field.VALUE)).isEqualTo(7_000_000_000L);
    }

    /** Nothing was seen of the write; a later read shows its value. */
    @Test
    void anArgumentIsInferredFromWhatItLedToLater() throws Exception {
        List<TraceEvent> events = new ArrayList<>(withoutState(trace(vcpus -> {
            vcpus[0].writeTsc(7_000_000_000L);
            vcpus[0].getTscOffset();
        })));
        int write = events.size() - 2;
        events.set(write, events.get(write).with(ImmutableMap.of(Field.VCPU, 0)));
        TraceValidator validator = TraceValidator.keepingWitness(HEADER, false);
        assertThat(validate(validator, HEADER, events)).isEmpty();
        assertThat(validator.witness().get(write).arg(Field.VALUE)).isEqualTo(7_000_000_000L);
    }

    /** Two reads in one second show a TSC that stood still: their intervals contradict that. */
    @Test
    void aRefusalNamesTheLinesThatContradictEachOther() throws Exception {
        List<TraceEvent> events = new ArrayList<>(withoutState(trace(vcpus -> {
            vcpus[0].readTsc();
            vcpus[0].readTsc();
        })));
        int last = events.size() - 1;
        TraceEvent first = events.get(last - 1);
        long at = first.counter().lo();
        events.set(last - 1, first.at(HostTime.of(new Interval(at, at + 1_000))));
        events.set(
                last,
                returning(events.get(last), first.results())
                        .at(HostTime.of(new Interval(at + 2_000_000_000L, at + 2_000_001_000L))));
        Refusal refusal = validate(new TraceValidator(HEADER), HEADER, events).orElseThrow();
        assertThat(refusal.conflict()).isNotEmpty();
        assertThat(refusal.conflict()).extracting(c -> c.event().operation()).containsOnly(Operation.READ_TSC);
    }

    /** The vCPU is in the guest, and no line shows the entry; without it a read there is refused. */
    @Test
    void aSilentEntryIsFound() throws Exception {
        List<TraceEvent> events = new ArrayList<>(trace(vcpus -> {
            vcpus[1].enterGuest();
            vcpus[1].guestReadTsc();
        }));
        events.removeIf(e -> e.operation() == Operation.ENTER_GUEST);
        TraceHeader silent = HEADER.withSilent(ImmutableSet.of(Operation.ENTER_GUEST));
        TraceValidator validator = TraceValidator.keepingWitness(silent, false);
        assertThat(validate(validator, silent, events)).isEmpty();
        assertThat(validator.inferred().silentSteps()).isEqualTo(1);
        assertThat(validator.witness())
                .extracting(TraceEvent::call)
                .containsSequence("EnterGuest(vcpu 1)", "GuestReadTsc(vcpu 1)");
        Refusal refusal = validate(new TraceValidator(HEADER), HEADER, events).orElseThrow();
        assertThat(refusal.first().conjunct()).endsWith("vcpu \\in inGuest");
        assertThat(refusal.first().sides()).containsExactly(Map.entry("vcpu", "1"), Map.entry("inGuest", "{}"));
    }

    /** Silent steps do not make a wrong value acceptable. */
    @Test
    void aWrongValueIsRefusedAlsoWhereStepsAreSilent() throws Exception {
        List<TraceEvent> events = new ArrayList<>(withoutState(trace(vcpus -> {
            vcpus[0].setTscOffset(5);
            vcpus[0].enterGuest();
            vcpus[0].exitGuest();
            vcpus[0].getTscOffset();
        })));
        events.removeIf(e -> e.operation() == Operation.ENTER_GUEST || e.operation() == Operation.EXIT_GUEST);
        int last = events.size() - 1;
        TraceEvent get = events.get(last);
        events.set(last, returning(get, ImmutableMap.of(Field.OFFSET, 6L)));
        TraceHeader silent = HEADER.withSilent(ImmutableSet.of(Operation.ENTER_GUEST, Operation.EXIT_GUEST));
        Refusal refusal = validate(new TraceValidator(silent), silent, events).orElseThrow();
        assertThat(refusal.states()).isGreaterThan(1);
        assertThat(refusal.reasons().stream().mapToInt(Refusal.Reason::states).sum())
                .as("the states that silent steps lead to are explained too")
                .isEqualTo(refusal.states());
        assertThat(refusal.causes()).anySatisfy(cause -> {
            assertThat(cause.step().call()).isEqualTo("SetTscOffset(vcpu 0, offset 5)");
            assertThat(cause.variables()).contains("tscOffset");
        });
    }

    /**
     * Thread 0 reads the offset that thread 1 sets; the brackets of both overlap, and the file has them the wrong way
     * round.
     */
    @Test
    void theOrderOfThreadsIsFound() throws Exception {
        List<TraceEvent> events = new ArrayList<>(trace(vcpus -> {
            vcpus[0].setTscOffset(5);
            vcpus[0].getTscOffset();
        }));
        int get = events.size() - 1;
        TraceEvent first = events.get(get - 1);
        TraceEvent second = events.get(get);
        HostTime bracket = HostTime.of(
                new Interval(first.counter().lo() - 100, first.counter().lo() + 100));
        List<TraceEvent> mixed = new ArrayList<>(events.subList(0, get - 1));
        mixed.add(seen(second, Set.of()).at(bracket).by(0));
        mixed.add(seen(first, Set.of()).at(bracket).by(1));
        TraceValidator validator = TraceValidator.keepingWitness(HEADER.withThreads(), false);
        assertThat(validate(validator, HEADER.withThreads(), mixed)).isEmpty();
        assertThat(validator.witness())
                .extracting(TraceEvent::call)
                .endsWith("SetTscOffset(vcpu 0, offset 5)", "GetTscOffset(vcpu 0)");

        // By one thread they cannot have happened the other way round.
        mixed.set(get, mixed.get(get).by(0));
        assertThat(validate(new TraceValidator(HEADER.withThreads()), HEADER.withThreads(), mixed))
                .isPresent();
    }

    /** The events that a refusal depends on: of those before it, the ones that matter and no others. */
    @Test
    void aRefusalNamesWhatItRestsOn() throws Exception {
        List<TraceEvent> events = new ArrayList<>(trace(vcpus -> {
            vcpus[0].setTscOffset(5);
            vcpus[1].writeTscAdjust(9);
            vcpus[1].setTscOffset(7);
            vcpus[0].readTscAdjust();
            vcpus[0].getTscOffset();
        }));
        int last = events.size() - 1;
        TraceEvent get = events.get(last);
        events.set(last, returning(get, ImmutableMap.of(Field.OFFSET, 7L)));
        Refusal refusal = validate(new TraceValidator(HEADER), HEADER, events).orElseThrow();
        assertThat(refusal.causes())
                .extracting(c -> c.step().call())
                .first()
                .isEqualTo("SetTscOffset(vcpu 0, offset 5)");
        assertThat(refusal.causes())
                .first()
                .satisfies(c -> assertThat(c.variables()).containsExactly("tscOffset"));
        assertThat(refusal.causes())
                .extracting(c -> c.step().call())
                .doesNotContain(
                        "SetTscOffset(vcpu 1, offset 7)", "WriteTscAdjust(vcpu 1, value 9)", "ReadTscAdjust(vcpu 0)");
    }

    /** Only the silent steps in the list leave state behind that no event shows. */
    @Test
    void noOtherSilentStepHidesAnything() throws Exception {
        Set<Operation> hiding = EnumSet.noneOf(Operation.class);
        Specification specification = Specification.of(Arch.X86);
        for (Scenario scenario : Scenario.all()) {
            for (KernelProfile kernel : List.of(KernelProfile.of("v5.10"), KernelProfile.of("v6.12"))) {
                if (scenario.arch() == Arch.X86) {
                    Trace recording = scenario.play(kernel, 2, 1);
                    Transitions transitions = transitions(recording.header(), specification);
                    Transitions.Outcome taken = new Transitions.Outcome();
                    transitions.create(
                            recording.events().get(0), recording.header().host(), taken);
                    for (TraceEvent event :
                            recording.events().subList(1, recording.events().size())) {
                        if (event.vm() > 0) {
                            continue;
                        }
                        Transitions.Outcome next = new Transitions.Outcome();
                        boolean wasHidden = hides(specification, taken);
                        for (Candidate candidate : taken.after) {
                            transitions.take(event.of(0), candidate, next);
                        }
                        assertThat(next.after).isNotEmpty();
                        if (!wasHidden && hides(specification, next)) {
                            hiding.add(event.operation());
                        }
                        taken = next;
                    }
                }
            }
        }
        assertThat(Sets.filter(hiding, Operation::canBeSilent)).isSubsetOf(SilentSteps.HIDING);
        assertThat(hiding).contains(Operation.BEGIN_GET_CLOCK, Operation.BEGIN_SET_CLOCK, Operation.GUEST_READ_CLOCK);
    }

    private static Transitions transitions(TraceHeader header, Specification specification) {
        return new Transitions(header, specification, Platform.of(header, true), new Observation(specification), false);
    }

    private static boolean hides(Specification specification, Transitions.Outcome taken) {
        return taken.after.stream().anyMatch(c -> !nothingHidden(specification, c.state));
    }

    private static boolean nothingHidden(Specification specification, State state) {
        return specification.nothingHidden(state);
    }

    /**
     * A guest with a scaled TSC, on a host whose clocksource is not the TSC: of its instants only the order is known.
     */
    @Test
    void theSummarySaysWhatIsOpen() throws Exception {
        Trace recording = X86Scenario.SLOW_RESTORE.play(KernelProfile.of("v6.12"), 2, 3);
        List<TraceEvent> events = withoutState(recording.events()).stream()
                .limit(10)
                .map(e -> e.operation() == Operation.CREATE_VM
                        ? e
                        : e.at(HostTime.of(new Interval(
                                e.counter().lo() - 1_000, e.counter().lo() + 1_000))))
                .toList();
        TraceValidator validator = new TraceValidator(recording.header());
        assertThat(validate(validator, recording.header(), events)).isEmpty();
        InferenceSummary summary = validator.inferred();
        assertThat(summary.unknown()).isPositive();
        assertThat(summary.variables()).isGreaterThan(40);
        assertThat(summary.variablesOpen()).isNotEmpty().doesNotContain("online", "kernel");
    }
}
