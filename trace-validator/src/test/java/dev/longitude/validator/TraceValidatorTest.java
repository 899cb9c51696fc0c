package dev.longitude.validator;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.scenario.X86Scenario;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Kind;
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
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TraceValidatorTest {
    private static Optional<Refusal> validate(TraceHeader header, List<TraceEvent> events) throws Exception {
        TraceValidator validator = new TraceValidator(header);
        for (TraceEvent event : events) {
            Optional<Refusal> refusal = validator.accept(event);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
    }

    private static TraceEvent with(
            TraceEvent event, Map<Field, Object> results, Map<StateVariable, Object> state, Interval tsc) {
        return new TraceEvent(
                event.line(),
                event.vm(),
                tsc.isExact()
                        ? new HostTime(tsc, event.when().ns(), event.when().realtime())
                        : HostTime.of(tsc),
                event.operation(),
                event.args(),
                ImmutableMap.copyOf(results),
                ImmutableMap.copyOf(state));
    }

    static Stream<Arguments> variables() {
        return Stream.of(
                        X86Scenario.LATE_VCPU.play(KernelProfile.of("v6.12"), 3, 5),
                        Arm64Scenario.LATE_VCPU.play(KernelProfile.of("v6.1"), 3, 5))
                .flatMap(recording -> recording.events().get(0).state().keySet().stream()
                        .map(variable -> Arguments.of(
                                Named.of(variable.specName(), variable),
                                Named.of(recording.header().arch().machine(), recording))));
    }

    @Test
    void everyVariableIsOfAnArchitecture() {
        Set<Object> seen =
                variables().map(a -> ((Named<?>) a.get()[0]).getPayload()).collect(toSet());
        assertThat(seen).containsExactlyInAnyOrder((Object[]) StateVariable.values());
    }

    /** Each variable of each kind of event is compared: one that is off by a little is refused, at that event. */
    @ParameterizedTest
    @MethodSource("variables")
    void anyVariableThatIsOffIsRefused(StateVariable variable, Trace recording) throws Exception {
        List<Operation> tried = new ArrayList<>();
        for (int i = 0; i < recording.events().size(); i++) {
            TraceEvent event = recording.events().get(i);
            if (event.operation() == Operation.CREATE_VM || tried.contains(event.operation())) {
                continue;
            }
            tried.add(event.operation());
            Map<StateVariable, Object> state = new EnumMap<>(event.state());
            state.computeIfPresent(variable, (v, value) -> off(v.kind(), value));
            List<TraceEvent> tampered = new ArrayList<>(recording.events());
            tampered.set(i, with(event, event.results(), state, event.counter()));
            Optional<Refusal> refusal = validate(recording.header(), tampered);
            assertThat(refusal).as("%s of %s", variable, event.call()).isPresent();
            assertThat(refusal.orElseThrow().number()).isEqualTo(i + 1);
            assertThat(refusal.orElseThrow().first().differences().get(0).what())
                    .isEqualTo(variable.specName());
        }
        assertThat(tried).hasSizeGreaterThan(7);
    }

    /** The validator does not confuse two VMs that share a state: the same value, observed of the other VM. */
    @Test
    void whatIsSeenOfOneVmIsNotTakenForWhatAnotherHas() throws Exception {
        Trace recording = Arm64Scenario.TWO_VMS.play(KernelProfile.of("v6.12"), 2, 1);
        List<TraceEvent> events = recording.events();
        int tried = 0;
        for (int i = 1; i < events.size(); i++) {
            TraceEvent event = events.get(i);
            Object others = events.get(i - 1).state().get(StateVariable.POFFSET);
            if (events.get(i - 1).vm() != event.vm()
                    && others != null
                    && !others.equals(event.state().get(StateVariable.POFFSET))) {
                Map<StateVariable, Object> state = new EnumMap<>(event.state());
                state.put(StateVariable.POFFSET, others);
                List<TraceEvent> tampered = new ArrayList<>(events);
                tampered.set(i, with(event, event.results(), state, event.counter()));
                Refusal refusal = validate(recording.header(), tampered).orElseThrow();
                assertThat(refusal.number()).isEqualTo(i + 1);
                tried++;
            }
        }
        assertThat(tried).isPositive();
    }

    private static Object off(Kind kind, Object value) {
        return switch (kind) {
            case VCPU, PCPU, UINT31, INT8 -> (int) value + 1;
            case UINT64, UINT64_OF_VM -> (long) value + 1;
            case FLAG, FLAG_OF_VM -> !(boolean) value;
            case VCPU_SET -> ((Set<?>) value).contains(0) ? ImmutableSet.of(7) : ImmutableSet.of(0, 7);
            case UINT64_BY_VCPU, UINT64_BY_PCPU -> ImmutableMap.of(0, (long) first(value, 0L) + 1);
            case UINT31_BY_VCPU, INT8_BY_VCPU, UINT31_BY_PCPU -> ImmutableMap.of(0, (int) first(value, 0) + 1);
        };
    }

    private static Object first(Object byIndex, Object without) {
        Object first = ((Map<?, ?>) byIndex).get(0);
        return first == null ? without : first;
    }

    /** Each result of each operation that these recordings have, the first time that it comes. */
    static Stream<Arguments> results() {
        List<Arguments> each = new ArrayList<>();
        for (Trace recording : List.of(
                X86Scenario.BOOT.play(KernelProfile.of("v6.12"), 2, 1),
                Arm64Scenario.COUNTER_OFFSET.play(KernelProfile.of("v6.12"), 2, 1),
                Arm64Scenario.OFFSETS.play(KernelProfile.of("series-v1"), 2, 1),
                Arm64Scenario.OFFSETS.play(KernelProfile.of("series-v2"), 2, 1),
                Arm64Scenario.PTIMER.play(KernelProfile.of("v6.12"), 2, 1))) {
            Set<Operation> tried = new HashSet<>();
            for (int i = 0; i < recording.events().size(); i++) {
                TraceEvent event = recording.events().get(i);
                if (tried.add(event.operation())) {
                    for (Field field : event.results().keySet()) {
                        each.add(Arguments.of(event.operation(), field.name(), Named.of("it", recording), i, field));
                    }
                }
            }
        }
        return each.stream();
    }

    @ParameterizedTest(name = "{1} of {0}")
    @MethodSource("results")
    void aResultThatIsOffIsRefused(Operation operation, String name, Trace recording, int at, Field field)
            throws Exception {
        List<TraceEvent> tampered = new ArrayList<>(recording.events());
        TraceEvent event = tampered.get(at);
        tampered.set(
                at,
                with(
                        event,
                        ImmutableMap.of(
                                field,
                                off(field.kind(), requireNonNull(event.results().get(field)))),
                        event.state(),
                        event.counter()));
        Refusal refusal = validate(recording.header(), tampered).orElseThrow();
        assertThat(refusal.number()).isEqualTo(at + 1);
        assertThat(refusal.first().differences())
                .extracting(Refusal.Difference::what)
                .containsExactly(name);
        assertThat(refusal.first().conjunct())
                .as(operation.specName())
                .contains(recording.header().arch() == Arch.X86 ? "KvmX86.tla:" : "KvmArm64.tla:")
                .contains("reply'");
    }

    @Test
    void anOperationThatIsNotPossibleIsRefusedAtItsGuard() throws Exception {
        Trace recording = X86Scenario.BOOT.play(KernelProfile.of("v6.12"), 1, 1);
        List<TraceEvent> events = new ArrayList<>(recording.events());
        events.removeIf(event -> event.operation() == Operation.ENTER_GUEST);
        Refusal refusal = validate(recording.header(), events).orElseThrow();
        assertThat(refusal.event().operation()).isEqualTo(Operation.GUEST_READ_TSC);
        assertThat(refusal.first().conjunct()).endsWith("vcpu \\in inGuest");
        assertThat(refusal.possible())
                .contains(Operation.ENTER_GUEST, Operation.WRITE_TSC, Operation.GET_CLOCK)
                .doesNotContain(Operation.CREATE_VCPU, Operation.EXIT_GUEST, Operation.GUEST_READ_TSC);
        assertThat(refusal.first().differences()).isEmpty();
    }

    /** A VM's rate for which the host has no ratio: which rate a vCPU then gets is not modelled, and not known. */
    @Test
    void whatTheSpecificationLeavesOutIsUndecided() throws Exception {
        TraceHeader header =
                new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(1_000_000, 0, true, false), 1, "test");
        TraceValidator validator = new TraceValidator(header);
        validator.accept(event(Operation.CREATE_VM, ImmutableMap.of()));
        validator.accept(event(Operation.SET_VM_TSC_KHZ, ImmutableMap.of(Field.KHZ, 900_000)));
        TraceEvent created = event(Operation.CREATE_VCPU, ImmutableMap.of(Field.VCPU, 0));
        assertThatThrownBy(() -> validator.accept(created))
                .isInstanceOf(UndecidedException.class)
                .hasMessage("2 events conform to v6.12; event 3, CreateVcpu(vcpu 0), "
                        + "is beyond the specification (NotModelledCreateVcpu)");
    }

    private static TraceEvent event(Operation operation, ImmutableMap<Field, Object> args) {
        return new TraceEvent(0, 0, HostTime.exactly(5, 0, 0), operation, args, ImmutableMap.of(), ImmutableMap.of());
    }

    private static Optional<Refusal> judge(List<TraceEvent> events) throws Exception {
        TraceHeader header =
                new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(1_000_000, 0, true, false), 2, "test");
        return validate(header, events);
    }

    /** A base clock that does not follow the TSC advances while the TSC stands still: here by 300 ns in no cycle. */
    @Test
    void theBaseClockAdvancesWhileTheTscStandsStill() throws Exception {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(1_000, TscScaling.NONE, false, 1L << 40, events::add);
        X86Vm vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
        long clock = vm.getClock().clock();
        TraceEvent get = events.get(events.size() - 1);
        long ns = requireNonNull(get.when().ns()).lo();
        HostTime later = new HostTime(
                get.counter(), Interval.exactly(ns + 300), get.when().realtime());
        Map<Field, Object> results = new HashMap<>(get.results());
        results.put(Field.CLOCK, clock + 300);
        TraceHeader header =
                new TraceHeader(KernelProfile.of("v6.12"), new TraceHeader.X86(1_000, 0, false, false), 1, "test");
        TraceEvent shown = new TraceEvent(
                get.line(), get.vm(), later, get.operation(), get.args(), ImmutableMap.copyOf(results), get.state());
        assertThat(validate(header, List.of(events.get(0), get, shown))).isEmpty();
        TraceEvent stale = get.at(later);
        assertThat(validate(header, List.of(events.get(0), get, stale))).isPresent();
    }

    /** Two VMs; the two vCPUs of the second have different offsets, so it has no masterclock. */
    private static List<TraceEvent> twoVms(BiConsumer<X86Host, List<X86Vcpu>> then) {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 1L << 40, events::add);
        X86Vm vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
        X86Vm other = new X86Vm(host, KernelProfile.of("v6.12"), 1);
        List<X86Vcpu> vcpus = List.of(vm.createVcpu(0), other.createVcpu(0), other.createVcpu(1));
        vcpus.get(1).setTscOffset(7);
        for (X86Vcpu vcpu : vcpus) {
            host.advance(1_000);
            vcpu.enterGuest();
            vcpu.exitGuest();
        }
        then.accept(host, vcpus);
        return events;
    }

    /** The clocksource leaves the TSC for all VMs, also for one that is created later. */
    @Test
    void whatBefallsTheHostBefallsAllVms() throws Exception {
        List<TraceEvent> events = twoVms((host, vcpus) -> {
            host.setTscClocksource(false);
            vcpus.forEach(X86Vcpu::readTsc);
            new X86Vm(host, KernelProfile.of("v6.12"), 2).getClock();
        });
        assertThat(judge(events)).isEmpty();
        assertThat(events).filteredOn(e -> e.operation().isOfHost()).hasSize(1);
        events.removeIf(e -> e.operation().isOfHost());
        Refusal refusal = judge(events).orElseThrow();
        assertThat(refusal.event().call()).isEqualTo("ReadTsc(vcpu 0)");
        assertThat(refusal.first().differences().get(0).what()).isEqualTo("masterclockUpdate");
    }

    /**
     * Whether KVM asks a VM without the masterclock to update depends on the others; that it asks all or no vCPUs does
     * not.
     */
    @Test
    void theLossOfTheClocksourceAsksAllVcpusOrNone() throws Exception {
        List<TraceEvent> events = twoVms((host, vcpus) -> {
            host.setTscClocksource(false);
            vcpus.get(2).readTsc();
        });
        assertThat(judge(events)).isEmpty();
        for (ImmutableSet<Integer> asked : List.of(ImmutableSet.<Integer>of(), ImmutableSet.of(1))) {
            List<TraceEvent> otherwise = new ArrayList<>(events);
            TraceEvent last = events.get(events.size() - 1);
            Map<StateVariable, Object> state = new HashMap<>(last.state());
            state.put(StateVariable.MASTERCLOCK_UPDATE, asked);
            otherwise.set(events.size() - 1, with(last, last.results(), ImmutableMap.copyOf(state), last.counter()));
            assertThat(judge(otherwise).isPresent()).isEqualTo(!asked.isEmpty());
        }
    }

    /** All VMs share their host's time. */
    @Test
    void aVmDoesNotLiveBeforeAnother() throws Exception {
        List<TraceEvent> events = twoVms((host, vcpus) -> {
            vcpus.get(2).readTsc();
            host.advance(500);
            vcpus.get(0).readTsc();
        });
        assertThat(judge(events)).isEmpty();
        events.add(events.remove(events.size() - 2));
        Refusal refusal = judge(events).orElseThrow();
        assertThat(refusal.event().vm()).isEqualTo(1);
        assertThat(refusal.first().differences().get(0).what()).isEqualTo("hostTsc");
    }

    @Test
    void timeDoesNotGoBack() throws Exception {
        Trace recording = X86Scenario.BOOT.play(KernelProfile.of("v6.12"), 1, 1);
        List<TraceEvent> events = new ArrayList<>(recording.events());
        TraceEvent last = events.get(events.size() - 1);
        events.set(
                events.size() - 1,
                with(
                        last,
                        last.results(),
                        last.state(),
                        Interval.exactly(last.counter().lo() - 1)));
        Refusal refusal = validate(recording.header(), events).orElseThrow();
        assertThat(refusal.first().differences().get(0).what()).isEqualTo("hostTsc");
    }

    @Test
    void aTraceOfOneKernelIsRefusedUnderTheOtherWithTheSwitchAsReason() throws Exception {
        Trace recording = X86Scenario.YOUNG_GUEST.play(KernelProfile.of("v6.12"), 2, 1);
        Refusal refusal = validate(recording.header().withKernel(KernelProfile.of("v6.1")), recording.events())
                .orElseThrow();
        assertThat(refusal.event().operation()).isEqualTo(Operation.WRITE_TSC);
        assertThat(refusal.flips()).containsExactly(Switch.USER_SET_TSC_GATE);
        assertThat(refusal.explain("t")).contains("it would pass with userSetTscGate (since 6.7, bf328e22e472)");
    }

    /** Only what a log shows: intervals for instants, and the offset that is read later. */
    @Test
    void anInstantIsFoundFromTheOffsetThatAWriteLedTo() throws Exception {
        Trace recording = X86Scenario.SLOW_RESTORE.play(KernelProfile.of("v6.12"), 2, 3);
        List<TraceEvent> partial = new ArrayList<>();
        for (TraceEvent event : recording.events()) {
            long tsc = event.counter().lo();
            partial.add(with(
                    event,
                    Maps.filterKeys(event.results(), f -> f.equals(Field.VALUE) || f.equals(Field.OFFSET)),
                    ImmutableMap.of(),
                    event.operation() == Operation.CREATE_VM ? event.counter() : new Interval(tsc, tsc + 300)));
        }
        TraceValidator validator = TraceValidator.keepingWitness(recording.header(), false);
        for (TraceEvent event : partial) {
            assertThat(validator.accept(event)).isEmpty();
        }
        validator.finish();
        assertThat(validator.witness()).hasSameSizeAs(partial);
    }

    @Test
    void aWrappingHostTscIsNoObstacle() throws Exception {
        for (int seed = 1; seed <= 40; seed++) {
            Trace recording = X86Scenario.SLOW_RESTORE.play(KernelProfile.of("v6.1"), 2, seed);
            assertThat(validate(recording.header(), recording.events())).isEmpty();
            if (recording.events().get(0).counter().lo() < 0) {
                return; // this one began just below 2^64
            }
        }
        throw new AssertionError("no seed began just below 2^64");
    }
}
