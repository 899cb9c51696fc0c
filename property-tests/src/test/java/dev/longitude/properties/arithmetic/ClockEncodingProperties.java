package dev.longitude.properties.arithmetic;

import static dev.longitude.properties.arithmetic.Computation.unsigned;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.kernel.Switch;
import dev.longitude.properties.Reproducible;
import dev.longitude.trace.StateVariable;
import dev.longitude.x86.KernelRates;
import dev.longitude.x86.TimeScale;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** The encodings of catching up and of kvmclock are what a VM does, whatever it has done before. */
@AddLifecycleHook(Reproducible.class)
class ClockEncodingProperties {
    private static final List<String> KERNELS = List.of("v6.12", "corrected");
    private static final long MOST_CYCLES = 1L << 40;
    private static final Term A = Term.word("a");
    private static final Term B = Term.word("b");
    private static final Term C = Term.word("c");
    private static final Term MULT = Term.word("mult", 32);

    private final KernelRates rates = new KernelRates();

    /** Words of every size, and those at the ends. */
    @Provide
    Arbitrary<Long> words() {
        return Arbitraries.oneOf(
                Arbitraries.longs(),
                Arbitraries.longs().between(-2, 2),
                Arbitraries.integers().between(0, 63).map(bit -> 1L << bit));
    }

    private static Computation at(long a, long b, long c) {
        return new Computation(ImmutableMap.of("a", unsigned(a), "b", unsigned(b), "c", unsigned(c)));
    }

    /**
     * The second of two vCPUs enters. With a masterclock, its instant is before the write that both have had; without, it is
     * the entry's own. Near to what is due, too.
     */
    @Property
    void aVcpuThatCatchesUp(
            @ForAll @IntRange(min = 1_000_251, max = 6_000_000) int khz,
            @ForAll("words") long host,
            @ForAll("words") long offset,
            @ForAll @LongRange(min = 0, max = MOST_CYCLES) long cycles,
            @ForAll @LongRange(min = -3, max = 3) long near,
            @ForAll("words") long far,
            @ForAll boolean masterclock,
            @ForAll boolean isNear) {
        for (String name : KERNELS) {
            KernelProfile kernel = KernelProfile.of(name);
            X86Host machine = new X86Host(1_000_000, TscScaling.NONE, masterclock, host, event -> {});
            machine.omitState();
            X86Vm vm = new X86Vm(machine, kernel, 0);
            vm.setVmTscKhz(khz);
            X86Vcpu first = vm.createVcpu(0);
            X86Vcpu second = vm.createVcpu(1);
            second.enterGuest();
            second.exitGuest();
            machine.advance(cycles);
            first.setTscOffset(offset);
            second.setTscOffset(offset);
            if (!masterclock) {
                machine.advance(cycles);
            }
            assertThat(vm.useMasterClock()).isEqualTo(masterclock);
            long kernelNs = masterclock ? vm.shown(StateVariable.MASTER_KERNEL_NS) : machine.baseNs();
            long tsc = masterclock ? vm.shown(StateVariable.MASTER_CYCLE_NOW) : machine.rdtsc();
            long since = kernelNs - vm.shown(StateVariable.THIS_TSC_NSEC, second);
            long write = vm.shown(StateVariable.THIS_TSC_WRITE, second);
            boolean before = kernel.has(Switch.SIGNED_CATCH_UP) && since < 0;
            BigInteger due = at(write, rates.nsToCycles(khz, before ? -since : since), 0)
                    .of(before ? Encodings.dueBefore(A, B) : Encodings.due(A, B));

            // The guest moves its TSC: at the instant of the update it is near to what is due, or anywhere.
            long moved = (isNear ? due.longValue() + near : far) - tsc;
            second.enterGuest();
            second.guestWriteTsc(machine.rdtsc() + moved);
            second.exitGuest();
            assertThat(second.tscOffset()).isEqualTo(moved);
            second.enterGuest();
            BigInteger raised = at(moved, tsc + moved, due.longValue()).of(Encodings.caughtUp(A, B, C));
            assertThat(unsigned(second.tscOffset())).isEqualTo(raised);
            second.exitGuest();
        }
    }

    /** What KVM_GET_CLOCK returns, and what the guest reads in its page, some time after a masterclock update. */
    @Property
    void theClockAndThePage(
            @ForAll @IntRange(min = 1_000_000, max = 6_000_000) int hostKhz,
            @ForAll @IntRange(min = 1_000_000, max = 6_000_000) int guestKhz,
            @ForAll("words") long host,
            @ForAll("words") long offset,
            @ForAll("words") long clock,
            @ForAll @LongRange(min = 0, max = MOST_CYCLES) long cycles) {
        for (String name : KERNELS) {
            KernelProfile kernel = KernelProfile.of(name);
            X86Host machine = new X86Host(hostKhz, TscScaling.INTEL, true, host, event -> {});
            machine.omitState();
            X86Vm vm = new X86Vm(machine, kernel, 0);
            vm.setVmTscKhz(guestKhz);
            X86Vcpu vcpu = vm.createVcpu(0);
            vcpu.setTscOffset(offset);
            vcpu.writeSystemTime(true);
            machine.advance(cycles);
            vm.setClock(clock, 0, 0);
            vcpu.enterGuest();
            machine.advance(cycles);

            long ratio = vcpu.tscScalingRatio();
            long began = vm.shown(StateVariable.MASTER_CYCLE_NOW);
            long systemTime = vm.shown(StateVariable.MASTER_KERNEL_NS) + vm.kvmclockOffset();
            long now = guestTsc(machine.rdtsc(), ratio, offset);
            long stamp = guestTsc(began, ratio, offset);
            long rate = kernel.has(Switch.RATES_IN_HZ)
                    ? TscScaling.INTEL.scale(rates.second(hostKhz), ratio)
                    : rates.second(TscScaling.INTEL.scaleKhz(hostKhz, ratio));
            BigInteger page = clockAt(rates.pageScale(rate), now, stamp, systemTime);
            assertThat(unsigned(vcpu.guestReadClock())).isEqualTo(page);
            BigInteger byHost = clockAt(rates.pageScale(rates.second(hostKhz)), machine.rdtsc(), began, systemTime);
            assertThat(unsigned(vm.getClock().clock()))
                    .isEqualTo(kernel.has(Switch.CLOCK_IN_GUEST_RATE) ? page : byHost);
            vcpu.exitGuest();
        }
    }

    private static long guestTsc(long host, long ratio, long offset) {
        return at(host, ratio, offset)
                .of(Encodings.guestTsc(A, B, C, TscScaling.INTEL.fracBits()))
                .longValue();
    }

    private static BigInteger clockAt(TimeScale scale, long tsc, long stamp, long time) {
        Computation at = new Computation(ImmutableMap.of(
                "a",
                unsigned(tsc),
                "b",
                unsigned(stamp),
                "c",
                unsigned(time),
                "mult",
                BigInteger.valueOf(scale.mult())));
        return at.of(Encodings.clockAt(A, B, C, MULT, scale.shift()));
    }

    /** KVM_SET_CLOCK with real time and without, of a VM with a masterclock and of one without; and until 5.12. */
    @Property
    void aClockThatIsSet(
            @ForAll("words") long host,
            @ForAll("words") long clock,
            @ForAll("words") long realtime,
            @ForAll("words") long now,
            @ForAll @LongRange(min = 0, max = MOST_CYCLES) long cycles,
            @ForAll boolean masterclock) {
        for (String kernel : List.of("v5.10", "v6.12", "corrected")) {
            X86Host machine = new X86Host(2_000_000, TscScaling.INTEL, masterclock, host, event -> {});
            machine.omitState();
            X86Vm vm = new X86Vm(machine, KernelProfile.of(kernel), 0);
            vm.createVcpu(0);
            machine.advance(cycles);
            machine.setRealtime(now);
            assertThat(vm.setClock(clock, 0, realtime)).isZero();
            assertThat(vm.useMasterClock()).isEqualTo(masterclock);
            assertThat(vm.getClock().clock()).isEqualTo(clock);
            machine.advance(cycles);
            machine.setRealtime(now);
            boolean knows = KernelProfile.of(kernel).has(Switch.CLOCK_REALTIME);
            assertThat(vm.setClock(clock, KvmAbi.CLOCK_REALTIME, realtime)).isEqualTo(knows ? 0 : KvmAbi.EINVAL);
            if (knows) {
                assertThat(unsigned(vm.getClock().clock()))
                        .isEqualTo(at(clock, realtime, now).of(Encodings.setWithRealtime(A, B, C)));
            }
        }
    }
}
