package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.migration.CounterOffsetPlan;
import dev.longitude.migration.Policy;
import dev.longitude.properties.Reproducible;
import dev.longitude.x86.KernelRates;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.SyncWindow;
import dev.longitude.x86.TimeScale;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** Each encoding is its method: otherwise a proof would be of something else. */
@AddLifecycleHook(Reproducible.class)
class EncodingProperties {
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term C = Term.word("c");

    /** Words of every size, and those at the ends. */
    @Provide
    Arbitrary<Long> words() {
        return Arbitraries.oneOf(
                Arbitraries.longs(),
                Arbitraries.longs().between(-2, 2),
                Arbitraries.integers().between(0, 63).map(bit -> 1L << bit),
                Arbitraries.integers().between(0, 63).map(bit -> (1L << bit) - 1));
    }

    private static Computation at(long a, long b, long c) {
        return new Computation(Map.of("a", unsigned(a), "b", unsigned(b), "c", unsigned(c)));
    }

    @Property
    void scaled(@ForAll("words") long cycles, @ForAll("words") long ratio) {
        for (TscScaling scaling : new TscScaling[] {TscScaling.INTEL, TscScaling.AMD}) {
            BigInteger encoded = at(cycles, ratio, 0).of(Encodings.scaled(A, B, scaling.fracBits()));
            assertThat(encoded).isEqualTo(unsigned(scaling.scale(cycles, ratio)));
        }
    }

    @Property
    void inWindow(@ForAll("words") long value, @ForAll("words") long expected, @ForAll("words") long hz) {
        assertThat(at(value, expected, hz).holds(Encodings.inWindow(A, B, C)))
                .isEqualTo(SyncWindow.contains(value, expected, hz));
    }

    @Property
    void converted(
            @ForAll("words") long delta,
            @ForAll @LongRange(min = 0, max = (1L << 32) - 1) long mult,
            @ForAll @IntRange(min = -32, max = 32) int shift) {
        Computation computation = new Computation(Map.of("a", unsigned(delta), "mult", unsigned(mult)));
        assertThat(computation.of(Encodings.converted(A, Term.word("mult", 32), shift)))
                .isEqualTo(unsigned(new TimeScale(mult, shift).apply(delta)));
    }

    @Property
    void clockAt(
            @ForAll("words") long tsc,
            @ForAll("words") long stamp,
            @ForAll("words") long time,
            @ForAll @LongRange(min = 0, max = (1L << 32) - 1) long mult,
            @ForAll @IntRange(min = -32, max = 32) int shift) {
        Computation computation = new Computation(
                Map.of("a", unsigned(tsc), "b", unsigned(stamp), "c", unsigned(time), "mult", unsigned(mult)));
        assertThat(computation.of(Encodings.clockAt(A, B, C, Term.word("mult", 32), shift)))
                .isEqualTo(unsigned(new PvclockPage.Contents(stamp, time, new TimeScale(mult, shift), 0).at(tsc)));
    }

    private static Computation rates(int user, int host) {
        return new Computation(Map.of("user", BigInteger.valueOf(user), "host", BigInteger.valueOf(host)));
    }

    @Property
    void ratesAndRatios(@ForAll @IntRange(min = 1) int user, @ForAll @IntRange(min = 1) int host) {
        Term u = Term.word("user", 31);
        Term h = Term.word("host", 31);
        Computation at = rates(user, host);
        for (TscScaling scaling : new TscScaling[] {TscScaling.INTEL, TscScaling.AMD}) {
            Term ratio = Encodings.ratio(u, h, scaling.fracBits());
            boolean fits = at.holds(ratio.isLess(Encodings.mostRatio(ratio, scaling.fracBits())));
            assertThat(unsigned(scaling.ratio(user, host))).isEqualTo(fits ? at.of(ratio) : BigInteger.ZERO);
            assertThat(at.of(Encodings.maxGuestTscKhz(h, scaling.fracBits())))
                    .isEqualTo(BigInteger.valueOf(scaling.maxGuestTscKhz(host)));
        }
        assertThat(at.holds(Encodings.nearEnough(u, h))).isEqualTo(TscScaling.nearEnough(user, host));
    }

    /** At and around both ends of the tolerance. */
    @Property
    void nearRates(
            @ForAll @IntRange(min = 10, max = 2_000_000_000) int host, @ForAll @IntRange(min = -2, max = 2) int by) {
        for (long end : new long[] {host * 999_750L / 1_000_000, host * 1_000_250L / 1_000_000}) {
            int user = (int) end + by;
            assertThat(rates(user, host).holds(Encodings.nearEnough(Term.word("user", 31), Term.word("host", 31))))
                    .isEqualTo(TscScaling.nearEnough(user, host));
        }
    }

    @Property
    void cyclesAndNs(@ForAll @IntRange(min = 1, max = Integer.MAX_VALUE) int khz, @ForAll("words") long a) {
        Term.Variable rate = new Term.Variable("khz", 31);
        Computation at = new Computation(Map.of("khz", BigInteger.valueOf(khz), "a", unsigned(a)));
        KernelRates rates = new KernelRates();
        assertThat(at.of(Encodings.cyclesToNsWide(rate, A).resized(Long.SIZE)))
                .isEqualTo(unsigned(rates.cyclesToNs(khz, a)));
        assertThat(at.of(taken(TO_CYCLES, at).apply(A))).isEqualTo(unsigned(rates.nsToCycles(khz, a)));
        ScalePath page = taken(PAGE, at);
        TimeScale scale = rates.pageScale(rates.second(khz));
        assertThat(page.shift()).isEqualTo(scale.shift());
        assertThat(at.of(page.mult())).isEqualTo(BigInteger.valueOf(scale.mult()));
        assertThat(at.of(page.apply(A))).isEqualTo(unsigned(rates.pageNs(scale, a)));
    }

    @Property
    void nsAtRatesInHz(@ForAll @IntRange(min = 1, max = (1 << 20) - 1) int hz, @ForAll("words") long a) {
        Computation at = new Computation(Map.of("hz", BigInteger.valueOf(hz), "a", unsigned(a)));
        assertThat(at.of(taken(TO_CYCLES_OF_HZ, at).apply(A)))
                .isEqualTo(unsigned(TimeScale.of(hz, TimeScale.NSEC_PER_SEC).apply(a)));
    }

    private static final List<ScalePath> TO_CYCLES_OF_HZ = Encodings.nsToCyclesOfHz(new Term.Variable("hz", 20));
    private static final List<ScalePath> TO_CYCLES = Encodings.nsToCycles(new Term.Variable("khz", 31));
    private static final List<ScalePath> PAGE = Encodings.pageScaleOfKhz(new Term.Variable("khz", 31));

    private static ScalePath taken(List<ScalePath> paths, Computation at) {
        return paths.stream()
                .filter(path -> at.holds(path.inRange()))
                .findFirst()
                .orElseThrow();
    }

    /** A TSC that is set by offset, read, and its deadline timer; near to the deadline too. */
    @Property
    void aVcpusTscAndItsDeadline(
            @ForAll @IntRange(min = 1_000, max = 6_000_000) int khz,
            @ForAll("words") long host,
            @ForAll("words") long offset,
            @ForAll @LongRange(min = -60_000, max = 60_000) long ahead) {
        X86Host machine = new X86Host(2_000_000, TscScaling.INTEL, true, host, event -> {});
        machine.omitState();
        X86Vcpu vcpu = new X86Vm(machine, KernelProfile.of("v6.12"), 0).createVcpu(0);
        vcpu.setTscKhz(khz);
        vcpu.setTscOffset(offset);
        long ratio = vcpu.tscScalingRatio();
        assertThat(at(host, ratio, offset).of(Encodings.guestTsc(A, B, C, TscScaling.INTEL.fracBits())))
                .isEqualTo(unsigned(vcpu.readTsc()));
        vcpu.setLapic(true);
        long tsc = vcpu.readTsc();
        long deadline = tsc + ahead;
        vcpu.writeTscDeadline(deadline);
        long advance = new KernelRates().nsToCycles(khz, 5_000);
        assertThat(deadline != 0 && at(tsc, deadline, advance).holds(Encodings.deadlineFires(A, B, C)))
                .isEqualTo(vcpu.timerFires());
    }

    /** arm64: both timers of a vCPU that KVM compares for, in a kernel that knows when the sum wraps and in one that does not. */
    @Property
    void aVcpusComparedTimers(
            @ForAll("words") long host,
            @ForAll("words") long offset,
            @ForAll("words") long word,
            @ForAll boolean near) {
        long compare = near ? host - offset + word % 3 : word;
        for (String kernel : new String[] {"v6.6", "corrected"}) {
            Arm64Host machine = new Arm64Host(KernelProfile.of(kernel), true, false, 1, host, null);
            Arm64Vm vm = machine.createVm(0);
            Arm64Vcpu vcpu = vm.createVcpu(0);
            vm.setCounterOffset(offset, 0);
            vcpu.timers().setVtimerCval(compare);
            vcpu.timers().setVtimerCtl(true);
            vcpu.timers().setPtimerCval(compare);
            vcpu.timers().setPtimerCtl(true);
            vcpu.load(0);
            Computation at = at(host, offset, compare);
            assertThat(at.holds(Encodings.reached(A, B, C)))
                    .isEqualTo(vcpu.timers().lookAtVtimer());
            boolean cannotWrap = KernelProfile.of(kernel).has(Switch.CVAL_CANNOT_WRAP);
            assertThat(cannotWrap).isEqualTo(kernel.equals("corrected"));
            assertThat(at.holds(Encodings.programmed(A, B, C, cannotWrap)))
                    .isEqualTo(vcpu.timers().lookAtPtimer());
        }
    }

    @Property
    void aBoundsTicks(
            @ForAll @LongRange(min = 0, max = 1L << 62) long ns,
            @ForAll @LongRange(min = 1, max = 1_000_000_000) long hz) {
        CounterOffsetPlan.Reading reading = new CounterOffsetPlan.Reading(0, 0, 0);
        CounterOffsetPlan plan = CounterOffsetPlan.of(hz, Policy.ADVANCE, reading, reading, ns);
        assertThat(at(ns, hz, 0).of(Encodings.ticks(A, B)))
                .isEqualTo(BigInteger.valueOf(requireNonNull(plan.bound().hostClocks())));
    }

    /** {@link ScaleLemmasTest} proves it of the loops' steps; this is of the loops. */
    @Property
    void aMultiplierIsAtLeastAHalfButForOneUnit(
            @ForAll @LongRange(min = 1, max = 1L << 40) long scaledHz,
            @ForAll @LongRange(min = 1, max = 1L << 40) long baseHz) {
        Assume.that(baseHz >> 32 <= scaledHz && scaledHz >> 31 <= baseHz);
        assertThat(TimeScale.of(scaledHz, baseHz).mult()).isGreaterThanOrEqualTo((1L << 31) - 1);
    }
}
