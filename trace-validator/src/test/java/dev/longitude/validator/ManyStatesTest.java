package dev.longitude.validator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.HostTime;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A trace after which more states are possible than the validator follows. */
class ManyStatesTest {
    private static final int VCPUS = 7;
    private static final TraceHeader HEADER = new TraceHeader(
                    KernelProfile.of("v6.12"), new TraceHeader.X86(1_000_000, 0, true, false), VCPUS, "test")
            .withThreads();

    /**
     * A thread for each vCPU sets its offset, all at once, and then reads it. (KVM compares an offset with the last one
     * that was set: the order matters.)
     *
     * @param read the offset that the last vCPU reads
     */
    private static List<TraceEvent> trace(long read) {
        return trace(read, vcpus -> {}, vcpus -> {});
    }

    /**
     * The same.
     *
     * @param before what happens before the threads start
     * @param after what happens after they have ended
     */
    private static List<TraceEvent> trace(long read, Consumer<List<X86Vcpu>> before, Consumer<List<X86Vcpu>> after) {
        List<TraceEvent> events = new ArrayList<>();
        X86Host host = new X86Host(1_000_000, TscScaling.NONE, true, 1L << 40, events::add);
        X86Vm vm = new X86Vm(host, KernelProfile.of("v6.12"), 0);
        List<X86Vcpu> vcpus = new ArrayList<>();
        for (int i = 0; i < VCPUS; i++) {
            vcpus.add(vm.createVcpu(i));
        }
        before.accept(vcpus);
        host.advance(1_000);
        int seenAll = events.size();
        for (X86Vcpu vcpu : vcpus) {
            vcpu.setTscOffset(vcpu.index() < VCPUS - 1 ? vcpu.index() : read);
        }
        vcpus.forEach(X86Vcpu::getTscOffset);
        int open = events.size();
        host.advance(2_000);
        after.accept(vcpus);
        HostTime all = HostTime.of(new Interval((1L << 40) + 1_000, (1L << 40) + 2_000));
        HostTime later = HostTime.of(new Interval((1L << 40) + 3_000, (1L << 40) + 3_000));
        List<TraceEvent> seen = new ArrayList<>(events.subList(0, seenAll));
        for (TraceEvent event : events.subList(seenAll, open)) {
            boolean sets = event.operation() == Operation.SET_TSC_OFFSET;
            seen.add(new TraceEvent(
                            event.line(),
                            event.vm(),
                            sets ? all : later,
                            event.operation(),
                            sets
                                    ? ImmutableMap.of(Field.VCPU, event.vcpu(), Field.OFFSET, (long) event.vcpu())
                                    : event.args(),
                            event.results(),
                            ImmutableMap.of())
                    .by(sets ? event.vcpu() : 0));
        }
        for (TraceEvent event : events.subList(open, events.size())) { // (what it leads to depends on the order)
            seen.add(new TraceEvent(
                    event.line(),
                    event.vm(),
                    event.when(),
                    event.operation(),
                    event.args(),
                    ImmutableMap.of(),
                    ImmutableMap.of()));
        }
        return seen;
    }

    /** Two vCPUs whose counters differ run: SameLine fails. */
    private static void runOnTwoLines(List<X86Vcpu> vcpus) {
        for (X86Vcpu vcpu : vcpus.subList(0, 2)) {
            vcpu.setTscOffset(1_000_000L * vcpu.index());
            vcpu.enterGuest();
        }
        vcpus.subList(0, 2).forEach(X86Vcpu::exitGuest);
    }

    /** One behaviour is enough to conform; but in the others each property may fail. */
    @Test
    void whatIsFoundAmongSomeStatesConforms() throws Exception {
        TraceValidator validator = TraceValidator.keepingWitness(HEADER, false);
        assertThat(PartialTraceTest.validate(validator, HEADER, trace(VCPUS - 1)))
                .isEmpty();
        assertThat(validator.leftOut()).singleElement().asString().contains("states that are possible after event");
        assertThat(validator.witness()).hasSize(1 + 3 * VCPUS);
        assertThat(validator.properties().values()).containsOnly(PropertyVerdict.MAY_NOT_BE_KEPT);
    }

    /** Before any state was left out, it had failed in each: it failed in those that were not followed, too. */
    @Test
    void aPropertyThatHadFailedInEveryStateStaysNotKept() throws Exception {
        TraceValidator validator = new TraceValidator(HEADER);
        List<TraceEvent> trace = trace(VCPUS - 1, ManyStatesTest::runOnTwoLines, vcpus -> {});
        assertThat(PartialTraceTest.validate(validator, HEADER, trace)).isEmpty();
        assertThat(validator.leftOut()).isNotEmpty();
        assertThat(validator.properties()).containsEntry("SameLine", PropertyVerdict.NOT_KEPT);
        assertThat(validator.properties()).containsEntry("Monotonic", PropertyVerdict.MAY_NOT_BE_KEPT);
        assertThat(validator.firstFailures().get("SameLine"))
                .extracting(TraceEvent::operation)
                .isEqualTo(Operation.ENTER_GUEST);
    }

    /** A property that fails later, in each state that is followed, may be kept in another. */
    @Test
    void aPropertyThatFailsInEveryStateThatIsFollowedMayBeKeptInOthers() throws Exception {
        TraceValidator validator = new TraceValidator(HEADER);
        List<TraceEvent> trace = trace(VCPUS - 1, vcpus -> {}, ManyStatesTest::runOnTwoLines);
        assertThat(PartialTraceTest.validate(validator, HEADER, trace)).isEmpty();
        assertThat(validator.leftOut()).isNotEmpty();
        assertThat(validator.properties()).containsEntry("SameLine", PropertyVerdict.MAY_NOT_BE_KEPT);
        assertThat(validator.firstFailures()).containsKey("SameLine");
    }

    /** What is not found among some may be possible in others: no reason to refuse. */
    @Test
    void whatIsNotFoundAmongSomeStatesIsUndecided() {
        assertThatThrownBy(() -> PartialTraceTest.validate(new TraceValidator(HEADER), HEADER, trace(77)))
                .isInstanceOf(UndecidedException.class)
                .hasMessageContaining("is not accepted, but the search was not exhaustive: only some of ")
                .hasMessageContaining("states that are possible after event");
    }
}
