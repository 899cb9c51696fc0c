package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.scenario.Arm64Scenario;
import dev.longitude.trace.Field;
import dev.longitude.trace.Operation;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.TraceValidator;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** The reference implementation and the specification agree on every operation on the VMs of an arm64 host. */
@AddLifecycleHook(Reproducible.class)
class KvmArm64Properties {
    private static final int MOST_VCPUS = 3;
    private static final long SECOND = 62_500_000L;

    record HostStart(boolean vhe, boolean ecv, int pcpus, long cntpct) {}

    /** A host after its acts, and its trace. */
    private static final class Played {
        final List<TraceEvent> events = new ArrayList<>();
        final Arm64Act.Stage stage;
        final TraceHeader header;

        Played(KernelProfile kernel, HostStart start, List<Arm64Act> acts, List<Arm64Act> between) {
            Arm64Host host = new Arm64Host(kernel, start.vhe, start.ecv, start.pcpus, start.cntpct, events::add);
            header = new TraceHeader(kernel, host.described(), MOST_VCPUS, "property");
            PlayedTraces.note(header, events);
            stage = new Arm64Act.Stage(host, MOST_VCPUS);
            List<Arm64Act> left = new ArrayList<>(between);
            host.setBetween(() -> {
                if (!left.isEmpty()) {
                    left.remove(0).playBetween(stage);
                }
            });
            acts.forEach(act -> act.play(stage));
        }
    }

    @Provide
    Arbitrary<HostStart> hosts() {
        Arbitrary<Long> counter = Arbitraries.oneOf(
                Arbitraries.longs(), Arbitraries.longs().between(-10 * SECOND, -1)); // just below 2^64
        return Combinators.combine(
                        Arbitraries.of(true, false),
                        Arbitraries.of(true, false),
                        Arbitraries.integers().between(1, 3),
                        counter)
                .as(HostStart::new);
    }

    @Provide
    Arbitrary<List<Arm64Act>> acts() {
        Arbitrary<Arm64Act.Word> words = Arbitraries.oneOf(
                Arbitraries.longs().map(n -> new Arm64Act.Word(false, n)),
                Arbitraries.of(0L, 1L).map(n -> new Arm64Act.Word(false, n)),
                Arbitraries.longs().between(-SECOND, SECOND).map(n -> new Arm64Act.Word(true, n)));
        return Combinators.combine(
                        Arbitraries.of(Arm64Act.Kind.class),
                        Arbitraries.integers().between(0, MOST_VCPUS),
                        Arbitraries.integers().between(0, 2),
                        words,
                        Arbitraries.integers().between(0, 1 << 20))
                .as(Arm64Act::new)
                .list()
                .ofMaxSize(80);
    }

    /** Any sequence of operations under any kernel gives a trace that the specification accepts. */
    @Property(tries = 400)
    void anySequenceConforms(
            @ForAll KernelProfile kernel,
            @ForAll("hosts") HostStart start,
            @ForAll("acts") List<Arm64Act> acts,
            @ForAll("acts") List<Arm64Act> between)
            throws Exception {
        Played played = new Played(kernel, start, acts, between);
        TraceValidator validator = new TraceValidator(played.header);
        for (TraceEvent event : played.events) {
            assertThat(validator.accept(event).map(refusal -> refusal.explain("trace")))
                    .isEmpty();
        }
        assertThat(validator.events()).isEqualTo(played.events.size());
    }

    /** Two VMs that share CPUs in any schedule: the one without an offset always reads the host's own counter. */
    @Property(tries = 400)
    void nobodyReadsAnothersOffset(
            @ForAll KernelProfile kernel,
            @ForAll("hosts") HostStart start,
            @ForAll("acts") List<Arm64Act> acts,
            @ForAll("acts") List<Arm64Act> between) {
        Played played = new Played(kernel, start, acts, between);
        long own = played.stage.other.virtualOffset();
        for (TraceEvent event : played.events) {
            if (event.vm() == 1 && event.operation() == Operation.GUEST_READ_CNTPCT) {
                assertThat(event.results().get(Field.VALUE))
                        .isEqualTo(event.counter().lo());
                // (In the series v1 its reads may trap for the other VM's offset; they return the right value.)
                if (!kernel.has(Switch.TRAPS_IN_IOCTL) || !start.vhe) {
                    assertThat(event.results().get(Field.TRAPPED)).isEqualTo(false);
                }
            }
            if (event.vm() == 1 && event.operation() == Operation.GUEST_READ_CNTVCT) {
                assertThat(event.results().get(Field.VALUE))
                        .isEqualTo(event.counter().lo() - own);
            }
        }
    }

    /** Whatever happens before and meanwhile, the VM's offset reaches every vCPU, including those created later. */
    @Property(tries = 400)
    void theOffsetOfTheVmReachesEveryVcpu(
            @ForAll KernelProfile kernel,
            @ForAll("hosts") HostStart start,
            @ForAll("acts") List<Arm64Act> before,
            @ForAll("acts") List<Arm64Act> after,
            @ForAll long offset) {
        Played played = new Played(kernel, start, before, List.of());
        Arm64Act.Stage stage = played.stage;
        if (!stage.vm.hasCounterOffset()) {
            return;
        }
        stage.endRuns();
        assertThat(stage.vm.setCounterOffset(offset, 0)).isZero();
        for (Arm64Act act : after) {
            if (act.kind() != Arm64Act.Kind.SET_COUNTER_OFFSET) {
                act.play(stage);
            }
        }
        stage.endRuns();
        for (Arm64Vcpu vcpu : stage.vcpus) {
            vcpu.load(0);
            vcpu.enterGuest();
            assertThat(vcpu.guestReadCntvct()).isEqualTo(stage.host.cntpct() - offset);
            assertThat(vcpu.guestReadCntpct()).isEqualTo(stage.host.cntpct() - offset);
            vcpu.exitGuest();
            vcpu.put(true);
        }
    }

    /** Every scenario again, on a host whose counter wraps in the middle of it. */
    @Property(tries = 200)
    void everyScenarioConformsAcrossTheWrap(
            @ForAll Arm64Scenario scenario,
            @ForAll KernelProfile kernel,
            @ForAll @IntRange(min = 1, max = MOST_VCPUS) int vcpus,
            @ForAll long seed,
            @ForAll @LongRange(min = 1, max = SECOND / 2) long before)
            throws Exception {
        Trace recording = scenario.play(kernel, vcpus, seed, -before);
        PlayedTraces.note(recording);
        TraceValidator validator = new TraceValidator(recording.header());
        for (TraceEvent event : recording.events()) {
            assertThat(validator.accept(event).map(refusal -> refusal.explain("trace")))
                    .isEmpty();
        }
    }
}
