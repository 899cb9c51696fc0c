package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Vcpu;
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

/** Two runs that differ in what must not matter to a guest give it the same. */
@AddLifecycleHook(Reproducible.class)
class MetamorphicX86Properties {
    private static final int VCPUS = X86Run.VCPUS;
    private static final long SECOND = 1_000_000_000L;

    /** What numbers of cycles and ns are multiples of where a quarter of the rate must not round. */
    private static final int EXACT = 8;

    /** Ioctls that read and change only their vCPU. */
    private static final ImmutableSet<Act.Kind> OF_ONE_VCPU = Sets.immutableEnumSet(
            Act.Kind.GET_TSC_OFFSET,
            Act.Kind.READ_TSC,
            Act.Kind.WRITE_TSC_ADJUST,
            Act.Kind.READ_TSC_ADJUST,
            Act.Kind.SET_LAPIC,
            Act.Kind.WRITE_TSC_DEADLINE,
            Act.Kind.READ_TSC_DEADLINE,
            Act.Kind.TIMER_FIRES,
            Act.Kind.GET_TSC_KHZ,
            Act.Kind.WRITE_SYSTEM_TIME,
            Act.Kind.KVMCLOCK_CTRL,
            Act.Kind.READ_PVCLOCK_PAGE,
            Act.Kind.WRITE_PVCLOCK_PAGE,
            Act.Kind.VCPU_LOAD,
            Act.Kind.ASK_FOR_CLOCK_UPDATE,
            Act.Kind.ASK_FOR_MASTERCLOCK_UPDATE);

    /** The same of what a guest does. (Its write of the TSC concerned the VM until 5.10.) */
    private static final ImmutableSet<Act.Kind> OF_ONE_GUEST = Sets.immutableEnumSet(
            Act.Kind.GUEST_READ_TSC,
            Act.Kind.GUEST_WRITE_TSC,
            Act.Kind.GUEST_READ_TSC_ADJUST,
            Act.Kind.GUEST_WRITE_TSC_ADJUST,
            Act.Kind.GUEST_SETS_TIMER);

    /** Acts that move a vCPU's TSC, or change how fast it is. */
    private static final ImmutableSet<Act.Kind> MOVE_THE_TSC = Sets.immutableEnumSet(
            Act.Kind.WRITE_TSC,
            Act.Kind.SET_TSC_OFFSET,
            Act.Kind.SET_TSC_KHZ,
            Act.Kind.GUEST_WRITE_TSC,
            Act.Kind.GUEST_WRITE_TSC_ADJUST,
            Act.Kind.HOST_RESUMES,
            Act.Kind.HOST_TSC_UNSTABLE);

    private static Arbitrary<List<Act>> acts(
            Set<Act.Kind> kinds, Arbitrary<Act.Word> words, Arbitrary<Long> cycles, int most) {
        return Combinators.combine(
                        Arbitraries.of(kinds),
                        Arbitraries.integers().between(0, VCPUS - 1),
                        Arbitraries.integers().between(0, Act.CHOICES - 1),
                        words,
                        cycles)
                .as(Act::new)
                .list()
                .ofMaxSize(most);
    }

    private static Set<Act.Kind> allBut(Set<Act.Kind> those) {
        return Sets.difference(ImmutableSet.copyOf(Act.Kind.values()), those);
    }

    private static Arbitrary<Act.Word> words() {
        return Arbitraries.oneOf(
                Arbitraries.longs().between(0, 1L << 60).map(n -> new Act.Word(false, n)),
                Arbitraries.longs().between(-2 * SECOND, 2 * SECOND).map(n -> new Act.Word(true, n)));
    }

    private static Arbitrary<Long> cycles() {
        return Arbitraries.of(0L, 1L, 1_000L, SECOND - 1, SECOND, 3 * SECOND);
    }

    /** Those whose argument is a number of the guest: an absolute offset is one of the host. */
    @Provide
    Arbitrary<List<Act>> acts() {
        return acts(ImmutableSet.copyOf(Act.Kind.values()), words(), cycles(), 40)
                .map(acts -> acts.stream()
                        .map(act -> act.kind() == Act.Kind.SET_TSC_OFFSET
                                ? act.with(act.word().near())
                                : act)
                        .toList());
    }

    /** Where the host's counter began is nothing that a guest can see, also if it wraps meanwhile. */
    @Property(tries = 200)
    void aGuestDoesNotSeeWhereTheHostsCounterBegan(
            @ForAll KernelProfile kernel,
            @ForAll("acts") List<Act> acts,
            @ForAll long tsc,
            @ForAll @IntRange(min = 1, max = 2_000_000_000) int beforeTheWrap) {
        X86Run run = X86Run.of(kernel, TscScaling.NONE, tsc, acts);
        X86Run wraps = X86Run.of(kernel, TscScaling.NONE, -beforeTheWrap, acts);
        assertThat(wraps.read()).isEqualTo(run.read());
        assertThat(wraps.seen()).isEqualTo(run.seen());
    }

    /**
     * Numbers that a quarter of the rate and twice the rate leave whole, and with which no TSC comes near to where it
     * wraps. Without what catches up, and without a guest's reads of a page whose time stamp may be later: there KVM and
     * the guest take a difference that is less than nothing for a huge one.
     */
    @Provide
    Arbitrary<List<Act>> exactActs() {
        Arbitrary<Act.Word> near = Arbitraries.longs()
                .between(-2 * SECOND / EXACT, 2 * SECOND / EXACT)
                .map(n -> new Act.Word(true, EXACT * n));
        return acts(allBut(ImmutableSet.of(Act.Kind.HOST_TSC_UNSTABLE)), near, cycles().map(n -> n / EXACT * EXACT), 40)
                .map(MetamorphicX86Properties::exact);
    }

    private static List<Act> exact(List<Act> acts) {
        boolean mayBeLater = acts.stream()
                .anyMatch(act -> MOVE_THE_TSC.contains(act.kind())
                        || act.kind() == Act.Kind.SET_VM_TSC_KHZ
                        || act.kind() == Act.Kind.WRITE_PVCLOCK_PAGE);
        return acts.stream()
                .filter(act -> !mayBeLater || act.kind() != Act.Kind.GUEST_READ_CLOCK)
                .map(MetamorphicX86Properties::exact)
                .toList();
    }

    private static Act exact(Act act) {
        long number = act.word().number();
        return switch (act.kind()) {
            // A half, one, one and a half or two times the host's rate: no other of the choices.
            case SET_TSC_KHZ, SET_VM_TSC_KHZ ->
                act.with(new Act.Word(false, Math.floorMod(number / EXACT, 4) * (X86Run.KHZ / 2L)))
                        .with(1);
            // (It becomes a sixteenth.)
            case HOST_RESUMES -> act.with(new Act.Word(false, (1 + Math.abs(number)) / EXACT * EXACT * 16));
            case WRITE_TSC_ADJUST, GUEST_WRITE_TSC_ADJUST -> act.with(new Act.Word(false, number));
            default -> act;
        };
    }

    /** A guest sees the same after the same time on a host, and with a rate, twice as fast: twice the cycles, the same ns. */
    @Property(tries = 200)
    void doublingTheRatesOfHostAndGuestShowsTheSameTime(
            @ForAll KernelProfile kernel, @ForAll("exactActs") List<Act> acts, @ForAll @IntRange(min = 1) int tsc) {
        long start = (1L << 56) + (long) EXACT * tsc;
        X86Run once = new X86Run(kernel, TscScaling.AMD, 1, start);
        X86Run twice = new X86Run(kernel, TscScaling.AMD, 2, 2 * start);
        for (X86Run run : List.of(once, twice)) {
            run.createAll();
            run.play(acts);
            run.exitAll();
            run.read();
        }
        assertThat(twice.seen()).isEqualTo(once.seen());
    }

    /** A VMM that restores the offsets twice, at any time, has the same guest as one that does it once. */
    @Property(tries = 200)
    void restoringTheOffsetsTwiceIsRestoringThemOnce(
            @ForAll KernelProfile kernel,
            @ForAll("acts") List<Act> acts,
            @ForAll long tsc,
            @ForAll long offset,
            @ForAll @IntRange int between) {
        X86Run once = X86Run.of(kernel, TscScaling.INTEL, tsc, acts);
        X86Run twice = X86Run.of(kernel, TscScaling.INTEL, tsc, acts);
        if (!once.vm.hasTscOffsetAttribute() || once.host.tscUnstable()) {
            return; // (KVM moves an unstable TSC forward at an entry.)
        }
        twice.vcpus.forEach(vcpu -> vcpu.setTscOffset(offset));
        twice.host.advance(between);
        once.host.advance(between);
        for (X86Run run : List.of(once, twice)) {
            run.vcpus.forEach(vcpu -> vcpu.setTscOffset(offset));
        }
        assertThat(twice.read()).isEqualTo(once.read());
    }

    /** All of a vCPU's time by value, as a VMM without offsets restores it. */
    private static void restoreByValue(X86Run run, long tsc, long clock) {
        for (X86Vcpu vcpu : run.vcpus) {
            vcpu.writeTscAdjust(tsc / 2);
            vcpu.writeTsc(tsc);
            vcpu.setLapic(true);
            vcpu.writeTscDeadline(tsc + SECOND);
            vcpu.writeSystemTime(true);
        }
        run.vm.setClock(clock, 0, 0);
    }

    /**
     * The same by value, at one instant. The exception is an unstable TSC, on which a write that is taken for one of
     * several goes on from the one before. What is compared does not include whether the masterclock is on: two of the
     * kernels count a vCPU that writes twice as two.
     */
    @Property(tries = 200)
    void restoringByValueTwiceIsRestoringOnce(
            @ForAll KernelProfile kernel,
            @ForAll("acts") List<Act> acts,
            @ForAll long tsc,
            @ForAll long value,
            @ForAll @IntRange int clock) {
        X86Run once = X86Run.of(kernel, TscScaling.NONE, tsc, acts);
        X86Run twice = X86Run.of(kernel, TscScaling.NONE, tsc, acts);
        if (once.host.tscUnstable()) {
            return;
        }
        restoreByValue(twice, value, clock);
        int before = twice.events.size();
        for (X86Run run : List.of(once, twice)) {
            restoreByValue(run, value, clock);
        }
        assertThat(twice.events).hasSizeGreaterThan(before);
        for (X86Run run : List.of(once, twice)) {
            run.events.clear();
            run.read();
            for (X86Vcpu vcpu : run.vcpus) {
                vcpu.readTscAdjust();
                vcpu.readTscDeadline();
            }
        }
        Set<Operation> compared =
                Set.of(Operation.GUEST_READ_TSC, Operation.READ_TSC_ADJUST, Operation.READ_TSC_DEADLINE);
        assertThat(twice.seen(e -> compared.contains(e.operation())))
                .isEqualTo(once.seen(e -> compared.contains(e.operation())));
        assertThat(twice.vm.getClock().clock()).isEqualTo(once.vm.getClock().clock());
    }

    @Provide
    Arbitrary<List<Act>> ofOneVcpu() {
        return acts(OF_ONE_VCPU, words(), Arbitraries.just(0L), 12);
    }

    @Provide
    Arbitrary<List<Act>> ofOneGuest() {
        return acts(OF_ONE_GUEST, words(), Arbitraries.just(0L), 12);
    }

    /**
     * What concerns only one vCPU each may happen at one instant in any order: with the order of each vCPU's own
     * unchanged, each vCPU sees the same, and so does KVM.
     */
    @Property(tries = 200)
    void whatConcernsOneVcpuEachCommutes(
            @ForAll KernelProfile kernel,
            @ForAll("acts") List<Act> before,
            @ForAll("ofOneVcpu") List<Act> ioctls,
            @ForAll("ofOneGuest") List<Act> inGuests,
            @ForAll long tsc,
            @ForAll long order) {
        SplittableRandom random = new SplittableRandom(order);
        boolean guestsWrite = !kernel.has(Switch.GUEST_WRITE_SYNCHRONIZES);
        List<Act> guests = inGuests.stream()
                .filter(act -> guestsWrite || act.kind() != Act.Kind.GUEST_WRITE_TSC)
                .toList();
        X86Run one = X86Run.of(kernel, TscScaling.AMD, tsc, before);
        X86Run other = X86Run.of(kernel, TscScaling.AMD, tsc, before);
        playHere(one, ioctls, guests);
        playHere(other, interleaved(ioctls, random), interleaved(guests, random));
        for (int i = 0; i < one.vcpus.size(); i++) {
            int vcpu = i;
            assertThat(other.seen(e -> e.vcpu() == vcpu)).isEqualTo(one.seen(e -> e.vcpu() == vcpu));
        }
        assertThat(other.vm.observed()).isEqualTo(one.vm.observed());
    }

    private static void playHere(X86Run run, List<Act> ioctls, List<Act> guests) {
        run.createAll();
        run.play(ioctls);
        run.vcpus.forEach(X86Vcpu::enterGuest);
        run.play(guests);
        run.exitAll();
    }

    /** The acts in another order, with the order of each vCPU's own unchanged. */
    private static List<Act> interleaved(List<Act> acts, SplittableRandom random) {
        List<List<Act>> threads = new ArrayList<>();
        for (int i = 0; i < VCPUS; i++) {
            int vcpu = i;
            threads.add(new ArrayList<>(
                    acts.stream().filter(act -> act.vcpu() == vcpu).toList()));
        }
        List<Act> mixed = new ArrayList<>();
        for (threads.removeIf(List::isEmpty); !threads.isEmpty(); threads.removeIf(List::isEmpty)) {
            mixed.add(threads.get(random.nextInt(threads.size())).remove(0));
        }
        return mixed;
    }

    /** Writes of the TSC are no such operations: the second of two vCPUs joins the first. */
    @Example
    void writesOfTheTscDoNotCommute() {
        List<List<Long>> read = new ArrayList<>();
        for (int first = 0; first < 2; first++) {
            X86Run run = X86Run.of(KernelProfile.of("v6.12"), TscScaling.NONE, SECOND, List.of());
            run.createAll();
            run.vcpus.get(first).writeTsc(50 * SECOND + first);
            run.vcpus.get(1 - first).writeTsc(50 * SECOND + 1 - first);
            read.add(run.read());
        }
        assertThat(read.get(0)).isNotEqualTo(read.get(1));
    }

    @Provide
    Arbitrary<List<Act>> onStableTsc() {
        return acts(allBut(ImmutableSet.of(Act.Kind.HOST_TSC_UNSTABLE)), words(), cycles(), 40);
    }

    @Provide
    Arbitrary<List<Act>> leavingTheTsc() {
        return acts(allBut(MOVE_THE_TSC), words(), cycles(), 40);
    }

    /** The same acts without and with one more vCPU, created with the others, that does nothing. */
    private static List<X86Run> withoutAndWithIdle(KernelProfile kernel, long tsc, List<Act> acts) {
        X86Run without = new X86Run(kernel, TscScaling.AMD, 1, tsc);
        X86Run with = new X86Run(kernel, TscScaling.AMD, 1, tsc);
        without.createAll();
        with.createAll();
        with.vm.createVcpu(VCPUS);
        for (X86Run run : List.of(without, with)) {
            run.events.clear();
            run.play(acts);
            run.exitAll();
            run.read();
        }
        return List.of(without, with);
    }

    /** A vCPU that is created with the others and never runs changes no TSC, in any kernel. */
    @Property(tries = 150)
    void anIdleVcpuChangesNoTsc(@ForAll KernelProfile kernel, @ForAll("onStableTsc") List<Act> acts, @ForAll long tsc) {
        List<X86Run> runs = withoutAndWithIdle(kernel, tsc, acts);
        Set<Operation> clocks = Set.of(
                Operation.GET_CLOCK,
                Operation.READ_PVCLOCK_PAGE,
                Operation.GUEST_READ_CLOCK,
                Operation.GUEST_CLEARS_STOPPED,
                Operation.ENTER_GUEST,
                Operation.REENTER_GUEST,
                Operation.CANCEL_ENTRY);
        assertThat(runs.get(1).seen(e -> !clocks.contains(e.operation())))
                .isEqualTo(runs.get(0).seen(e -> !clocks.contains(e.operation())));
    }

    /** As long as no TSC is moved, it changes no clock either. (Then it is a vCPU that is not matched.) */
    @Property(tries = 150)
    void anIdleVcpuChangesNoClockWhileNoTscIsMoved(
            @ForAll KernelProfile kernel, @ForAll("leavingTheTsc") List<Act> acts, @ForAll long tsc) {
        List<X86Run> runs = withoutAndWithIdle(kernel, tsc, acts);
        assertThat(runs.get(1).seen()).isEqualTo(runs.get(0).seen());
    }

    @Provide
    Arbitrary<List<Act>> ofEqualRates() {
        return acts(
                allBut(ImmutableSet.of(
                        Act.Kind.HOST_TSC_UNSTABLE,
                        Act.Kind.HOST_RESUMES,
                        Act.Kind.SET_TSC_KHZ,
                        Act.Kind.SET_VM_TSC_KHZ,
                        Act.Kind.CREATE_VCPU)),
                words(),
                cycles(),
                30);
    }

    /**
     * A vCPU that is created later, where the kernel's profile says that a vCPU's creation between two writes does not
     * spoil their window ({@link Switch#KEEPS_LINE_ON_MATCH}): the writes of the others have the same effect.
     */
    @Property(tries = 150)
    void aLateIdleVcpuChangesNoTscWhereCreationKeepsTheLine(
            @ForAll("ofEqualRates") List<Act> before, @ForAll("ofEqualRates") List<Act> after, @ForAll long tsc) {
        KernelProfile kernel = KernelProfile.of("corrected");
        assertThat(kernel.has(Switch.KEEPS_LINE_ON_MATCH)).isTrue();
        assertThat(tscsWithLateIdle(kernel, before, after, tsc, true))
                .isEqualTo(tscsWithLateIdle(kernel, before, after, tsc, false));
    }

    private static List<String> tscsWithLateIdle(
            KernelProfile kernel, List<Act> before, List<Act> after, long tsc, boolean idle) {
        X86Run run = new X86Run(kernel, TscScaling.NONE, 1, tsc);
        run.createAll();
        run.play(before);
        if (idle) {
            run.vm.createVcpu(VCPUS);
        }
        run.events.clear();
        run.play(after);
        run.exitAll();
        run.read();
        return run.seen(e -> e.operation() == Operation.READ_TSC || e.operation() == Operation.GUEST_READ_TSC);
    }

    /** Where it does not say so, such a vCPU does spoil the window. */
    @Example
    void aLateIdleVcpuSpoilsTheWindowOfOtherKernels() {
        List<Act> write = List.of(new Act(Act.Kind.WRITE_TSC, 0, 1, new Act.Word(false, 100 * SECOND), 0));
        List<Act> next = List.of(new Act(Act.Kind.WRITE_TSC, 1, 1, new Act.Word(false, 100 * SECOND), SECOND / 2));
        KernelProfile kernel = KernelProfile.of("v7.3");
        assertThat(tscsWithLateIdle(kernel, write, next, SECOND, true))
                .isNotEqualTo(tscsWithLateIdle(kernel, write, next, SECOND, false));
    }

    /** (A page of which a guest sees that it was stopped shows that its contents are compared at all.) */
    @Example
    void whatAGuestSeesIncludesItsPage() {
        X86Run run = X86Run.of(KernelProfile.of("v6.12"), TscScaling.NONE, SECOND, List.of());
        run.createAll();
        X86Vcpu vcpu = run.vcpus.get(0);
        vcpu.writePvclockPage(
                2, new PvclockPage.Contents(7, 9, vcpu.pvclockPage().contents().scale(), 2));
        vcpu.readPvclockPage();
        assertThat(run.seen().get(run.events.size() - 1)).contains("=7", "=9", "=" + KvmAbi.PVCLOCK_GUEST_STOPPED);
    }
}
