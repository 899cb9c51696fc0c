package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.arm64.Arm64Timers;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/**
 * Two runs that differ in what must not matter to a guest give it the same. (Of rates nothing can be said: the counter
 * has one, no guest has another, and the implementation counts ticks only.)
 */
@AddLifecycleHook(Reproducible.class)
class MetamorphicArm64Properties {
    private static final int VCPUS = Arm64Run.VCPUS;
    private static final long SECOND = 62_500_000L;

    /** What shows the physical counter, which is the host's own until it is set. */
    private static final ImmutableSet<Operation> PHYSICAL = Sets.immutableEnumSet(
            Operation.GUEST_READ_CNTPCT, Operation.GET_PTIMER_CNT, Operation.GET_PTIMER_CVAL, Operation.LOOK_AT_PTIMER);

    /** Steps that a guest does not see: a vCPU's creation, and loops over all vCPUs. */
    private static final ImmutableSet<Operation> OF_CREATION =
            Sets.immutableEnumSet(Operation.BEGIN_CREATE_VCPU, Operation.CREATE_VCPU, Operation.BROADCAST_TO);

    /** Acts that set a counter of the VM. */
    private static final ImmutableSet<Arm64Act.Kind> SET_A_COUNTER = Sets.immutableEnumSet(
            Arm64Act.Kind.SET_TIMER_CNT,
            Arm64Act.Kind.SET_PTIMER_CNT,
            Arm64Act.Kind.SET_OFFSETS,
            Arm64Act.Kind.SET_COUNTER_OFFSET,
            Arm64Act.Kind.SET_COUNTER_OFFSET_RESERVED,
            Arm64Act.Kind.CREATE_VCPU);

    private static Arbitrary<List<Arm64Act>> acts(Set<Arm64Act.Kind> kinds, Arbitrary<Integer> ticks, int most) {
        Arbitrary<Arm64Act.Word> words = Arbitraries.oneOf(
                Arbitraries.longs().map(n -> new Arm64Act.Word(false, n)),
                Arbitraries.longs().between(-SECOND, SECOND).map(n -> new Arm64Act.Word(true, n)));
        return Combinators.combine(
                        Arbitraries.of(kinds),
                        Arbitraries.integers().between(0, VCPUS),
                        Arbitraries.integers().between(0, Arm64Run.PCPUS - 1),
                        words,
                        ticks)
                .as(Arm64Act::new)
                .list()
                .ofMaxSize(most);
    }

    private static Arbitrary<Integer> ticks() {
        return Arbitraries.integers().between(0, 1 << 20);
    }

    @Provide
    Arbitrary<List<Arm64Act>> acts() {
        return acts(ImmutableSet.copyOf(Arm64Act.Kind.values()), ticks(), 60)
                .map(acts -> acts.stream()
                        .map(MetamorphicArm64Properties::withOffsetsByTheHost)
                        .toList());
    }

    /** An offset is a number of the host: relative to its counter. */
    private static Arm64Act withOffsetsByTheHost(Arm64Act act) {
        return switch (act.kind()) {
            case SET_OFFSETS, SET_COUNTER_OFFSET, SET_COUNTER_OFFSET_RESERVED ->
                new Arm64Act(
                        act.kind(),
                        act.vcpu(),
                        act.pcpu(),
                        new Arm64Act.Word(true, act.word().number()),
                        act.ticks());
            default -> act;
        };
    }

    /** Where the host's counter began is nothing that the virtual counter shows, also if it wraps meanwhile. */
    @Property(tries = 200)
    void aGuestDoesNotSeeWhereTheHostsCounterBegan(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("acts") List<Arm64Act> acts,
            @ForAll long cntpct,
            @ForAll @IntRange(min = 1, max = 1 << 25) int beforeTheWrap) {
        Arm64Run run = new Arm64Run(kernel, vhe, true, cntpct);
        Arm64Run wraps = new Arm64Run(kernel, vhe, true, -beforeTheWrap);
        for (Arm64Run each : List.of(run, wraps)) {
            each.play(acts);
        }
        assertThat(wraps.seen(e -> !PHYSICAL.contains(e.operation())))
                .isEqualTo(run.seen(e -> !PHYSICAL.contains(e.operation())));
    }

    @Provide
    Arbitrary<List<Arm64Act>> withoutCreation() {
        return acts().map(acts -> acts.stream()
                .filter(act -> act.kind() != Arm64Act.Kind.CREATE_VCPU)
                .toList());
    }

    /**
     * The same of the physical counter once it is set, where the kernel has it. When a physical timer fires does depend
     * on the host's counter, in kernels in which a compare value can wrap.
     */
    @Property(tries = 200)
    void norDoesItOncePhysicalCounterIsSet(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("withoutCreation") List<Arm64Act> acts,
            @ForAll long cntpct,
            @ForAll @IntRange(min = 1, max = 1 << 25) int beforeTheWrap,
            @ForAll long value) {
        if (!kernel.has(Switch.PTIMER_CNT)) {
            return;
        }
        List<Arm64Run> runs =
                List.of(new Arm64Run(kernel, vhe, true, cntpct), new Arm64Run(kernel, vhe, true, -beforeTheWrap));
        for (Arm64Run run : runs) {
            run.stage.createAll();
            run.stage.vcpus.get(0).setPtimerCnt(value);
            run.play(acts);
        }
        boolean timers = kernel.has(Switch.FLIPS_CVAL) && kernel.has(Switch.CVAL_CANNOT_WRAP);
        assertThat(runs.get(1).seen(e -> timers || e.operation() != Operation.LOOK_AT_PTIMER))
                .isEqualTo(runs.get(0).seen(e -> timers || e.operation() != Operation.LOOK_AT_PTIMER));
    }

    private static void restore(Arm64Run run, long virtual, long physical) {
        for (Arm64Vcpu vcpu : run.stage.vcpus) {
            Arm64Timers timers = vcpu.timers();
            vcpu.setTimerCnt(virtual);
            vcpu.setPtimerCnt(physical);
            timers.setVtimerCval(virtual + SECOND);
            timers.setPtimerCval(physical + SECOND);
            timers.setVtimerCtl(true);
            timers.setPtimerCtl(true);
        }
    }

    /** A VMM that restores counters and timers by value twice at one instant has the same guest, and the same KVM. */
    @Property(tries = 200)
    void restoringByValueTwiceIsRestoringOnce(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("acts") List<Arm64Act> acts,
            @ForAll long cntpct,
            @ForAll long virtual,
            @ForAll long physical) {
        Arm64Run once = new Arm64Run(kernel, vhe, true, cntpct);
        Arm64Run twice = new Arm64Run(kernel, vhe, true, cntpct);
        for (Arm64Run run : List.of(once, twice)) {
            run.play(acts);
            run.stage.endRuns();
        }
        restore(twice, virtual, physical);
        for (Arm64Run run : List.of(once, twice)) {
            restore(run, virtual, physical);
        }
        assertThat(twice.observed()).isEqualTo(once.observed());
        assertThat(twice.read()).isEqualTo(once.read());
    }

    /** The same by offset, at any time, through whichever interface the kernel has. */
    @Property(tries = 200)
    void restoringTheOffsetsTwiceIsRestoringThemOnce(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("acts") List<Arm64Act> acts,
            @ForAll long cntpct,
            @ForAll long offset,
            @ForAll @IntRange int between) {
        Arm64Run once = new Arm64Run(kernel, vhe, true, cntpct);
        Arm64Run twice = new Arm64Run(kernel, vhe, true, cntpct);
        for (Arm64Run run : List.of(once, twice)) {
            run.play(acts);
            run.stage.endRuns();
        }
        setOffsets(twice, offset);
        for (Arm64Run run : List.of(once, twice)) {
            run.host.advance(between);
            setOffsets(run, offset);
        }
        assertThat(twice.observed()).isEqualTo(once.observed());
        assertThat(twice.read()).isEqualTo(once.read());
    }

    private static void setOffsets(Arm64Run run, long offset) {
        run.stage.vm.setCounterOffset(offset, 0);
        for (Arm64Vcpu vcpu : run.stage.vcpus) {
            if (vcpu.hasOffsetAttributes()) {
                vcpu.setVtimerOffset(offset);
                vcpu.setPtimerOffset(offset);
            }
            if (vcpu.hasSystemCounterState()) {
                vcpu.setSystemCounterState(0, new Arm64Vcpu.SystemCounterState(1, offset, offset));
            }
        }
    }

    @Provide
    Arbitrary<List<Arm64Act>> ofOneVcpu() {
        return acts(
                        Sets.difference(ImmutableSet.copyOf(Arm64Act.Kind.values()), SET_A_COUNTER),
                        Arbitraries.just(0),
                        24)
                .map(acts -> acts.stream()
                        .map(act -> new Arm64Act(act.kind(), act.vcpu(), act.vcpu(), act.word(), 0))
                        .toList());
    }

    /**
     * What concerns only one vCPU each, on a CPU of its own, may happen at one instant in any order: with the order of
     * each vCPU's own unchanged, each vCPU sees the same, and so does KVM.
     */
    @Property(tries = 200)
    void whatConcernsOneVcpuEachCommutes(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("acts") List<Arm64Act> before,
            @ForAll("ofOneVcpu") List<Arm64Act> acts,
            @ForAll long cntpct,
            @ForAll long order) {
        Arm64Run one = new Arm64Run(kernel, vhe, true, cntpct);
        Arm64Run other = new Arm64Run(kernel, vhe, true, cntpct);
        for (Arm64Run run : List.of(one, other)) {
            run.play(before);
            run.stage.createAll();
            run.stage.endRuns();
        }
        one.play(acts);
        other.play(interleaved(acts, new SplittableRandom(order)));
        for (int i = 0; i < VCPUS; i++) {
            int vcpu = i;
            assertThat(other.seen(e -> e.vcpu() == vcpu)).isEqualTo(one.seen(e -> e.vcpu() == vcpu));
        }
        assertThat(other.observed()).isEqualTo(one.observed());
    }

    private static List<Arm64Act> interleaved(List<Arm64Act> acts, SplittableRandom random) {
        List<List<Arm64Act>> threads = new ArrayList<>();
        for (int i = 0; i <= VCPUS; i++) {
            int vcpu = i;
            threads.add(new ArrayList<>(
                    acts.stream().filter(act -> act.vcpu() == vcpu).toList()));
        }
        List<Arm64Act> mixed = new ArrayList<>();
        for (threads.removeIf(List::isEmpty); !threads.isEmpty(); threads.removeIf(List::isEmpty)) {
            mixed.add(threads.get(random.nextInt(threads.size())).remove(0));
        }
        return mixed;
    }

    /** Setting a counter is no such operation: the last one counts for all vCPUs. */
    @Example
    void settingACounterDoesNotCommute() {
        List<List<Long>> read = new ArrayList<>();
        for (int first = 0; first < 2; first++) {
            Arm64Run run = new Arm64Run(KernelProfile.of("v6.12"), true, true, SECOND);
            run.stage.createAll();
            run.stage.vcpus.get(first).setTimerCnt(first);
            run.stage.vcpus.get(1 - first).setTimerCnt(1L - first);
            read.add(run.read());
        }
        assertThat(read.get(0)).isNotEqualTo(read.get(1));
    }

    /** A vCPU that is created with the others, at one instant, and never runs changes nothing, in any kernel. */
    @Property(tries = 200)
    void anIdleVcpuChangesNothing(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("withoutCreation") List<Arm64Act> acts,
            @ForAll long cntpct) {
        assertThat(withIdle(kernel, vhe, List.of(), acts, cntpct, true))
                .isEqualTo(withIdle(kernel, vhe, List.of(), acts, cntpct, false));
    }

    /**
     * Nor does one that is created later, where the kernel's profile says so: its creation keeps the others' line
     * ({@link Switch#CREATION_KEEPS_LINE}), or the VM's offset was set before.
     */
    @Property(tries = 200)
    void aLateIdleVcpuChangesNothingWhereCreationKeepsTheLine(
            @ForAll KernelProfile kernel,
            @ForAll boolean vhe,
            @ForAll("withoutCreation") List<Arm64Act> before,
            @ForAll("withoutCreation") List<Arm64Act> after,
            @ForAll long cntpct) {
        List<Arm64Act> acts = new ArrayList<>(before);
        if (!kernel.has(Switch.CREATION_KEEPS_LINE)) {
            if (!kernel.has(Switch.SET_COUNTER_OFFSET)) {
                return;
            }
            acts.add(0, new Arm64Act(Arm64Act.Kind.SET_COUNTER_OFFSET, 0, 0, new Arm64Act.Word(true, 0), 0));
        }
        assertThat(withIdle(kernel, vhe, acts, after, cntpct, true))
                .isEqualTo(withIdle(kernel, vhe, acts, after, cntpct, false));
    }

    /** Elsewhere it does: it restarts the counter of all. */
    @Example
    void aLateIdleVcpuRestartsTheCounterOfOtherKernels() {
        List<Arm64Act> later = List.of(new Arm64Act(Arm64Act.Kind.EXIT, 0, 0, new Arm64Act.Word(true, 0), 1_000));
        for (String name : List.of("v6.1", "v7.3")) {
            KernelProfile kernel = KernelProfile.of(name);
            assertThat(withIdle(kernel, true, later, List.of(), SECOND, true))
                    .as(name)
                    .isNotEqualTo(withIdle(kernel, true, later, List.of(), SECOND, false));
        }
    }

    /** What the vCPUs see that are not idle. */
    private static List<String> withIdle(
            KernelProfile kernel, boolean vhe, List<Arm64Act> before, List<Arm64Act> after, long cntpct, boolean idle) {
        Arm64Run run = new Arm64Run(kernel, vhe, true, cntpct);
        run.stage.createAll();
        run.play(before);
        if (idle) {
            run.stage.vm.createVcpu(VCPUS);
        }
        run.play(after);
        run.stage.endRuns();
        run.read();
        return run.seen(e -> e.vcpu() < VCPUS && !OF_CREATION.contains(e.operation()));
    }
}
