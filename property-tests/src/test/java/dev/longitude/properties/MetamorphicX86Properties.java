package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.TraceEvent;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** Two runs that differ in what must not matter to a guest give it the same. */
@AddLifecycleHook(Reproducible.class)
class MetamorphicX86Properties {
    private static final int VCPUS = 3;
    private static final int KHZ = 1_000_000;
    private static final long SECOND = 1_000_000_000L;

    /** What a guest, or a VMM by the guest's clocks, sees. (Offsets and host_tsc are numbers of the host.) */
    private static final ImmutableSet<Field> SEEN = ImmutableSet.of(
            Field.VALUE,
            Field.CLOCK,
            Field.REALTIME,
            Field.FLAGS,
            Field.TSC_TIMESTAMP,
            Field.SYSTEM_TIME,
            Field.DEADLINE,
            Field.KHZ,
            Field.ERRNO,
            Field.UPDATED);

    /** Those whose argument is a number of the guest: an absolute offset is one of the host. */
    @Provide
    Arbitrary<List<Act>> acts() {
        Arbitrary<Act.Word> words = Arbitraries.oneOf(
                Arbitraries.longs().between(0, 1L << 60).map(n -> new Act.Word(false, n)),
                Arbitraries.longs().between(-2 * SECOND, 2 * SECOND).map(n -> new Act.Word(true, n)));
        Arbitrary<Long> cycles = Arbitraries.of(0L, 1L, 1_000L, SECOND - 1, SECOND, 3 * SECOND);
        return Combinators.combine(
                        Arbitraries.of(Act.Kind.class), Arbitraries.integers().between(0, VCPUS - 1), words, cycles)
                .as((kind, vcpu, word, passing) -> new Act(
                        kind,
                        vcpu,
                        kind == Act.Kind.SET_TSC_OFFSET ? new Act.Word(true, word.number()) : word,
                        passing))
                .list()
                .ofMaxSize(40);
    }

    private static final class Run {
        final List<TraceEvent> events = new ArrayList<>();
        final X86Host host;
        final X86Vm vm;
        final List<X86Vcpu> vcpus = new ArrayList<>();

        Run(KernelProfile kernel, TscScaling scaling, long tsc, List<Act> acts) {
            host = new X86Host(KHZ, scaling, true, tsc, events::add);
            vm = new X86Vm(host, kernel, 0);
            for (Act act : acts) {
                act.play(host, vm, vcpus, VCPUS);
            }
            for (X86Vcpu vcpu : vcpus) {
                if (vcpu.inGuest()) {
                    vcpu.exitGuest();
                }
            }
        }

        /** Each operation, with what of its results is the guest's. */
        List<String> seen() {
            return events.stream()
                    .map(e -> e.operation() + " " + Maps.filterKeys(e.results(), SEEN::contains))
                    .toList();
        }

        /** What every vCPU's guest reads now. */
        ImmutableMap<Integer, Long> read() {
            ImmutableMap.Builder<Integer, Long> values = ImmutableMap.builder();
            for (X86Vcpu vcpu : vcpus) {
                vcpu.enterGuest();
                values.put(vcpu.index(), vcpu.guestReadTsc());
                vcpu.exitGuest();
            }
            return values.buildOrThrow();
        }
    }

    /** Where the host's counter began is nothing that a guest can see, also if it wraps meanwhile. */
    @Property(tries = 300)
    void aGuestDoesNotSeeWhereTheHostsCounterBegan(
            @ForAll KernelProfile kernel,
            @ForAll("acts") List<Act> acts,
            @ForAll long tsc,
            @ForAll @IntRange(min = 1, max = 2_000_000_000) int beforeTheWrap) {
        Run run = new Run(kernel, TscScaling.NONE, tsc, acts);
        assertThat(new Run(kernel, TscScaling.NONE, -beforeTheWrap, acts).seen())
                .isEqualTo(run.seen());
    }

    /** A VMM that restores the offsets twice has the same guest as one that does it once. */
    @Property(tries = 300)
    void restoringTheOffsetsTwiceIsRestoringThemOnce(
            @ForAll KernelProfile kernel, @ForAll("acts") List<Act> acts, @ForAll long tsc, @ForAll long offset) {
        if (!new X86Vm(new X86Host(KHZ, TscScaling.INTEL, true, 0, e -> {}), kernel, 0).hasTscOffsetAttribute()) {
            return;
        }
        Run once = new Run(kernel, TscScaling.INTEL, tsc, acts);
        Run twice = new Run(kernel, TscScaling.INTEL, tsc, acts);
        once.vcpus.forEach(vcpu -> vcpu.setTscOffset(offset));
        twice.vcpus.forEach(vcpu -> vcpu.setTscOffset(offset));
        twice.vcpus.forEach(vcpu -> vcpu.setTscOffset(offset));
        assertThat(twice.read()).isEqualTo(once.read());
    }

    /** Reads at one instant do not depend on their order. */
    @Property(tries = 300)
    void readsAtOneInstantCommute(@ForAll KernelProfile kernel, @ForAll("acts") List<Act> acts, @ForAll long tsc) {
        Run forth = new Run(kernel, TscScaling.AMD, tsc, acts);
        Run back = new Run(kernel, TscScaling.AMD, tsc, acts);
        ImmutableMap.Builder<Integer, List<Long>> one = ImmutableMap.builder();
        ImmutableMap.Builder<Integer, List<Long>> other = ImmutableMap.builder();
        for (int i = 0; i < forth.vcpus.size(); i++) {
            X86Vcpu vcpu = forth.vcpus.get(i);
            one.put(i, List.of(vcpu.readTsc(), vcpu.readTscAdjust(), (long) vcpu.getTscKhz(), vcpu.readTscDeadline()));
        }
        for (int i = back.vcpus.size() - 1; i >= 0; i--) {
            X86Vcpu vcpu = back.vcpus.get(i);
            long deadline = vcpu.readTscDeadline();
            long khz = vcpu.getTscKhz();
            long adjust = vcpu.readTscAdjust();
            other.put(i, List.of(vcpu.readTsc(), adjust, khz, deadline));
        }
        assertThat(other.buildOrThrow()).isEqualTo(one.buildOrThrow());
        assertThat(back.read()).isEqualTo(forth.read());
    }
}
