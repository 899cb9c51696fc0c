package dev.longitude.scenario;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** A named sequence of operations on one VM. The same scenario, kernel, vCPUs and seed give the same trace. */
public enum Scenario {
    /** Creation, then every vCPU reads its TSC. */
    BOOT("boot", "create the vCPUs one by one, then let each read its TSC") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
        }
    },
    /** The restore that keeps its promises: the offset attribute. */
    RESTORE_BY_OFFSET("restore-by-offset", "set one offset on each vCPU, preempted for seconds in between") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            long offset = stage.random.nextLong();
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.setTscOffset(offset);
                stage.vm.getClock();
                stage.pass(stage.random.nextInt(5_000));
            }
            stage.runEach();
        }
    },
    /** The restore by value, fast enough. */
    RESTORE_BY_VALUE("restore-by-value", "write one value to each vCPU, less than a second apart") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.pass(1_500);
            stage.writeAll(stage.host.millis(100_000), 900);
            stage.runEach();
        }
    },
    /** The restore by value, too slow. */
    SLOW_RESTORE("slow-restore", "write one value to each vCPU, more than a second apart: they part") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.pass(1_500);
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.writeTsc(stage.host.millis(100_000));
                stage.pass(1_000 + stage.random.nextInt(3_000));
            }
            stage.runEach();
        }
    },
    /** Kernels before 6.7 drop the value. */
    YOUNG_GUEST("young-guest", "write 0.7 s to a guest that is 0.3 s old") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.pass(300);
            stage.writeAll(stage.host.millis(700), 10);
            stage.runEach();
        }
    },
    /** 0 is special. */
    WRITE_ZERO("write-zero", "write 0 to each vCPU of a guest that is 2 s old: nothing changes") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            stage.pass(2_000);
            stage.writeAll(0, 10);
            stage.runEach();
            stage.writeAll(stage.host.millis(2_100), 10);
            stage.runEach();
        }
    },
    /** The edges of the one-second window: strict on both sides. */
    WINDOW_EDGES("window-edges", "write values exactly one second from the expected one, and one cycle less") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            X86Vcpu first = stage.vcpus.get(0);
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            long second = stage.host.millis(1_000);
            long base = 100 * second;
            for (long distance : new long[] {second, second - 1, -second, -second + 1}) {
                first.writeTsc(base);
                last.writeTsc(base + distance);
                stage.runEach();
                base += 100 * second;
            }
        }
    },
    /** A vCPU that comes later joins the line, but spoils the next write by value. */
    LATE_VCPU("late-vcpu", "add a vCPU between two writes of one restore by value") {
        @Override
        void play(Stage stage) {
            for (int i = 0; i < stage.nrVcpus - 1; i++) {
                stage.create();
            }
            stage.pass(1_200);
            stage.writeAll(stage.host.millis(100_000), 20);
            stage.runEach();
            stage.pass(50);
            stage.create();
            stage.runEach();
            stage.writeAll(stage.host.millis(100_050), 20);
            stage.runEach();
        }
    },
    /** Equal again, but not in the books. */
    AWAY_AND_BACK("away-and-back", "move one vCPU's offset by 5 cycles and back: the masterclock stays off") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            long offset = last.getTscOffset();
            last.setTscOffset(offset + 5);
            stage.runEach();
            last.setTscOffset(offset);
            stage.runEach();
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.setTscOffset(offset);
            }
            stage.runEach();
        }
    },
    /** The flag lags behind. */
    STALE_FLAG("stale-flag", "ask the clock after one vCPU's offset has changed, before any vCPU runs") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            stage.vm.getClock();
            stage.vcpus.get(0).setTscOffset(5);
            stage.vm.getClock();
            stage.runEach();
            stage.vm.getClock();
        }
    },
    /** As cloud-hypervisor and Firecracker did: each vCPU is created and written before the next. */
    WRITE_AT_CREATION("write-at-creation", "write one value to each vCPU right after its creation: they part") {
        @Override
        void play(Stage stage) {
            for (int i = 0; i < stage.nrVcpus; i++) {
                stage.create();
                stage.vcpus.get(i).writeTsc(stage.host.millis(100_000));
                stage.pass(10);
            }
            stage.runEach();
        }
    },
    /** One vCPU alone makes the count. */
    EARLY_GENERATION("early-generation", "set one vCPU's offset twice, on a guest whose masterclock is on") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            stage.vcpus.get(0).setTscOffset(7);
            stage.vcpus.get(0).setTscOffset(7);
            stage.runEach();
        }
    },
    /**
     * The ladder of the kernel's selftest tsc_msrs_test.c, with its values: a unit is 2^30 cycles, the guest steps by 4
     * units, the host adjusts by 64.
     */
    TSC_ADJUST_LADDER("tsc-adjust-ladder", "guest and host write TSC and TSC_ADJUST in turn, as tsc_msrs_test does") {
        @Override
        void play(Stage stage) {
            long unit = 1L << 30;
            long step = 4 * unit;
            long hostAdjust = 64 * unit;
            stage.create();
            X86Vcpu vcpu = stage.vcpus.get(0);
            vcpu.enterGuest();
            vcpu.guestWriteTsc(step);
            stage.readBoth();
            vcpu.guestWriteTscAdjust(2 * step);
            stage.readBoth();
            vcpu.exitGuest();
            vcpu.writeTsc(hostAdjust + 2 * step);
            vcpu.readTscAdjust();
            vcpu.writeTscAdjust(123456 * unit);
            vcpu.readTsc();
            vcpu.writeTscAdjust(2 * step);
            vcpu.enterGuest();
            vcpu.guestWriteTscAdjust(3 * step);
            stage.readBoth();
            vcpu.guestWriteTsc(4 * step);
            stage.readBoth();
            vcpu.exitGuest();
        }
    },
    /** The flag does not learn of it. */
    GUEST_WRITES("guest-writes", "the guest sets its TSC on one vCPU; the clock goes on saying stable") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            last.enterGuest();
            last.guestWriteTsc(stage.host.millis(1_000));
            last.exitGuest();
            stage.runEach();
            stage.vm.setClock();
            stage.vm.getClock();
        }
    },
    /** The kernel's selftest system_counter_offset_test, with its values: 0 and 180 * 10^9 cycles either way. */
    SYSTEM_COUNTER_OFFSET("system-counter-offset", "set offsets 0, 180e9 and -180e9 and read, as the selftest does") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            for (long offset : new long[] {0, 180_000_000_000L, -180_000_000_000L}) {
                for (X86Vcpu vcpu : stage.vcpus) {
                    vcpu.setTscOffset(offset);
                }
                stage.runEach();
            }
        }
    },
    /** kvm-unit-tests' x86/tsc.c and x86/tsc_adjust.c, with their values: 10^11 cycles. */
    UNIT_TEST_TSC("unit-test-tsc", "the guest writes TSC and TSC_ADJUST, as kvm-unit-tests' tsc and tsc_adjust do") {
        @Override
        void play(Stage stage) {
            long big = 100_000_000_000L;
            stage.createAll();
            X86Vcpu vcpu = stage.vcpus.get(0);
            vcpu.enterGuest();
            for (long value : new long[] {0, big}) {
                vcpu.guestWriteTsc(value);
                stage.readBoth();
            }
            vcpu.guestWriteTsc(0);
            vcpu.guestWriteTscAdjust(0);
            for (long adjust : new long[] {big, 0}) {
                vcpu.guestWriteTscAdjust(adjust);
                stage.readBoth();
            }
            vcpu.guestWriteTsc(big);
            stage.readBoth();
            vcpu.exitGuest();
            stage.runEach();
        }
    },
    /** The kernel's selftest tsc_scaling_sync, with its values: 2345678 kHz for all vCPUs, the first is written. */
    SCALED_VM("scaled-vm", "run all vCPUs at 2345678 kHz, set on the VM first, as tsc_scaling_sync does") {
        @Override
        void play(Stage stage) {
            stage.vm.setVmTscKhz(stage.host.scaling().supported() ? 2_345_678 : 0);
            stage.create();
            stage.vcpus.get(0).writeTsc(200_000_000);
            while (stage.vcpus.size() < stage.nrVcpus) {
                stage.create();
            }
            stage.runEach();
        }
    },
    /** The offset stays. */
    RATE_JUMP("rate-jump", "set a vCPU's rate after its TSC, and a rate that is refused: the TSC jumps") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            last.readTsc();
            last.setTscKhz(TSC_KHZ / 2);
            last.getTscKhz();
            last.readTsc();
            stage.runEach();
            stage.writeAll(stage.host.millis(5_000), 10);
            last.setTscKhz(0);
            stage.writeAll(stage.host.millis(6_000), 10);
            stage.runEach();
            stage.vm.setVmTscKhz(TSC_KHZ - 100);
        }
    },
    /** Anything. */
    RANDOM("random", "200 operations chosen by the seed") {
        @Override
        void play(Stage stage) {
            for (int i = 0; i < 200; i++) {
                stage.anything();
            }
        }
    };

    private static final int TSC_KHZ = 2_596_124;
    private static final ImmutableList<TscScaling> SCALINGS =
            ImmutableList.of(TscScaling.NONE, TscScaling.INTEL, TscScaling.AMD);

    private final String commandName;
    private final String summary;

    Scenario(String commandName, String summary) {
        this.commandName = commandName;
        this.summary = summary;
    }

    abstract void play(Stage stage);

    /** The name on the command line. */
    public String commandName() {
        return commandName;
    }

    /** What happens, in a line. */
    public String summary() {
        return summary;
    }

    /** The scenario of that name, if there is one. */
    public static Optional<Scenario> named(String commandName) {
        return Arrays.stream(values())
                .filter(s -> s.commandName.equals(commandName))
                .findFirst();
    }

    /**
     * Plays the scenario.
     *
     * @param vcpus how many vCPUs, 1 to 1024
     * @param seed decides every free choice, the host's TSC at the start among them
     */
    public Recording play(KernelProfile kernel, int vcpus, long seed) {
        checkArgument(vcpus >= 1 && vcpus <= 1024, "%s vCPUs; 1 to 1024 are possible", vcpus);
        Stage stage = new Stage(kernel, vcpus, new SplittableRandom(seed));
        play(stage);
        TraceHeader header = new TraceHeader(
                kernel,
                TSC_KHZ,
                stage.host.scaling().fracBits(),
                stage.host.tscClocksource(),
                vcpus,
                "reference implementation, scenario " + commandName + ", seed " + seed);
        return new Recording(header, ImmutableList.copyOf(stage.events));
    }

    /** What a played scenario left behind. */
    public record Recording(TraceHeader header, ImmutableList<TraceEvent> events) {}

    /** One host, one VM, and what a scenario does to them. */
    static final class Stage {
        final X86Host host;
        final X86Vm vm;
        final int nrVcpus;
        final SplittableRandom random;
        final List<X86Vcpu> vcpus = new ArrayList<>();
        final List<TraceEvent> events = new ArrayList<>();

        Stage(KernelProfile kernel, int nrVcpus, SplittableRandom random) {
            this.nrVcpus = nrVcpus;
            this.random = random;
            // One host in four is about to wrap its TSC, one in eight has another clocksource, two in three scale.
            long tsc = random.nextInt(4) == 0 ? -random.nextInt(1 << 30) - 1L : random.nextLong() >>> 20;
            this.host = new X86Host(TSC_KHZ, SCALINGS.get(random.nextInt(3)), random.nextInt(8) != 0, tsc);
            this.vm = new X86Vm(host, kernel, 0, events::add);
        }

        void pass(long ms) {
            host.advance(host.millis(ms) + random.nextInt(1000));
        }

        void create() {
            pass(1);
            vcpus.add(vm.createVcpu(vcpus.size()));
        }

        void createAll() {
            for (int i = 0; i < nrVcpus; i++) {
                create();
            }
        }

        void writeAll(long value, int msBetween) {
            for (X86Vcpu vcpu : vcpus) {
                vcpu.writeTsc(value);
                pass(msBetween);
            }
        }

        void runEach() {
            for (X86Vcpu vcpu : vcpus) {
                vcpu.getTscOffset();
                pass(1);
                vcpu.enterGuest();
                pass(0);
                vcpu.guestReadTsc();
                vcpu.exitGuest();
                vcpu.readTsc();
            }
            vm.getClock();
        }

        void readBoth() {
            pass(0);
            vcpus.get(0).guestReadTsc();
            vcpus.get(0).guestReadTscAdjust();
        }

        void anything() {
            if (random.nextInt(3) == 0) {
                pass(random.nextInt(4) == 0 ? random.nextInt(3_000) : random.nextInt(10));
            }
            int index = random.nextInt(nrVcpus);
            if (index >= vcpus.size()) {
                create();
                return;
            }
            X86Vcpu vcpu = vcpus.get(index);
            if (vcpu.inGuest()) {
                switch (random.nextInt(12)) {
                    case 0 -> vcpu.guestWriteTsc(anyValue(vcpu));
                    case 1 -> vcpu.guestWriteTscAdjust(host.millis(random.nextInt(1_000)));
                    case 2 -> vcpu.guestReadTscAdjust();
                    case 3, 4, 5, 6 -> vcpu.exitGuest();
                    default -> vcpu.guestReadTsc();
                }
                return;
            }
            switch (random.nextInt(12)) {
                case 0 -> vcpu.writeTsc(anyValue(vcpu));
                case 1 ->
                    vcpu.setTscOffset(
                            random.nextInt(3) == 0
                                    ? random.nextLong()
                                    : vcpus.get(random.nextInt(vcpus.size())).tscOffset());
                case 2 -> vcpu.getTscOffset();
                case 3 -> vcpu.readTsc();
                case 4 -> vm.getClock();
                case 5 -> vm.setClock();
                case 6 -> vcpu.writeTscAdjust(random.nextLong());
                case 7 -> vcpu.readTscAdjust();
                case 8 -> vcpu.setTscKhz(random.nextInt(2) * (TSC_KHZ - random.nextInt(TSC_KHZ / 2)));
                case 9 -> vcpu.getTscKhz();
                default -> vcpu.enterGuest();
            }
        }

        /** Mostly values that a restore would write: about what the guest's TSC shows, or the same again. */
        private long anyValue(X86Vcpu vcpu) {
            return switch (random.nextInt(5)) {
                case 0 -> 0;
                case 1 -> random.nextLong();
                case 2 -> host.millis(10_000);
                default -> host.rdtsc() + vcpu.tscOffset() + host.millis(random.nextInt(4_000) - 2_000);
            };
        }
    }
}
