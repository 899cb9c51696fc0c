package dev.longitude.scenario;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** The scenarios of an x86 host, most of them with one VM. */
public enum X86Scenario implements Scenario {
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
                stage.setOffset(vcpu, offset);
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
            long offset = last.tscOffset();
            stage.setOffset(last, offset + 5);
            stage.runEach();
            stage.setOffset(last, offset);
            stage.runEach();
            for (X86Vcpu vcpu : stage.vcpus) {
                stage.setOffset(vcpu, offset);
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
            stage.setOffset(stage.vcpus.get(0), 5);
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
            stage.setOffset(stage.vcpus.get(0), 7);
            stage.setOffset(stage.vcpus.get(0), 7);
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
            stage.vm.setClock(0, 0, 0);
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
                    stage.setOffset(vcpu, offset);
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
            stage.vcpus.forEach(X86Vcpu::enterGuest);
            for (int i = 0; i < 5; i++) {
                stage.pass(1_000);
                stage.vcpus.forEach(X86Vcpu::guestReadTsc);
            }
            stage.vcpus.forEach(X86Vcpu::exitGuest);
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
            stage.vm.getVmTscKhz();
        }
    },
    /** The kernel's selftest kvm_clock_test, with its cases: 0, 180 s, and 0 with real time 180 s either way. */
    KVM_CLOCK("kvm-clock", "set kvmclock to 0 and 180 s, and by real time 180 s off, as kvm_clock_test does") {
        @Override
        void play(Stage stage) {
            stage.create();
            X86Vcpu vcpu = stage.vcpus.get(0);
            vcpu.writeSystemTime(true);
            stage.setClock(0, 0);
            stage.readClocks();
            stage.setClock(MINUTES_3, 0);
            stage.readClocks();
            stage.setClock(0, -MINUTES_3);
            stage.readClocks();
            stage.setClock(0, MINUTES_3);
            stage.readClocks();
            stage.vm.setClock(0, 16, 0);
            stage.vm.setClock(0, X86Vm.CLOCK_TSC_STABLE | X86Vm.CLOCK_HOST_TSC, 0);
            stage.readClocks();
        }
    },
    /** kvm-unit-tests' kvmclock_test, shortened: no vCPU's kvmclock may be behind another's. */
    KVMCLOCK_CYCLE("kvmclock-cycle", "let all vCPUs read kvmclock in turn, as kvm-unit-tests' kvmclock_test does") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.vcpus.forEach(X86Vcpu::enterGuest);
            for (int i = 0; i < 10; i++) {
                for (X86Vcpu vcpu : stage.vcpus) {
                    vcpu.reenterGuest();
                    stage.pass(0);
                    vcpu.guestReadClock();
                    vcpu.guestReadTsc();
                }
                stage.pass(200);
                stage.vm.getClock();
            }
            stage.vcpus.forEach(X86Vcpu::exitGuest);
        }
    },
    /** A save and a restore on the same host, as the kernel documents it: clock and offsets. */
    KVMCLOCK_RESTORE("kvmclock-restore", "hold the guest, set kvmclock back by real time, tell it, and go on") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.readClocks();
            X86Vm.ClockData saved = stage.vm.getClock();
            stage.pass(700);
            long offset = stage.vcpus.get(0).tscOffset();
            for (X86Vcpu vcpu : stage.vcpus) {
                stage.setOffset(vcpu, offset - stage.host.millis(700));
            }
            stage.vm.setClock(saved.clock(), saved.flags() & X86Vm.CLOCK_REALTIME, saved.realtime());
            stage.vm.getClock();
            stage.vcpus.forEach(X86Vcpu::kvmclockCtrl);
            stage.readClocks();
            X86Vcpu first = stage.vcpus.get(0);
            first.enterGuest();
            first.guestClearsStopped();
            stage.pass(3);
            first.guestReadClock();
            first.exitGuest();
            first.readPvclockPage();
            first.writeSystemTime(false);
            first.kvmclockCtrl();
        }
    },
    /** A guest that is faster than its host, which cannot scale. */
    CATCH_UP("catch-up", "run vCPUs ten percent faster than the host, with and without scaling hardware") {
        @Override
        void play(Stage stage) {
            stage.vm.setVmTscKhz(TSC_KHZ + TSC_KHZ / 10);
            stage.vm.getVmTscKhz();
            stage.createAll();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.runEach();
            stage.pass(50);
            stage.readClocks();
            stage.vcpus.get(0).writeTsc(stage.host.millis(3_000));
            stage.pass(20);
            stage.readClocks();
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            last.setTscKhz(TSC_KHZ * 2);
            stage.pass(20);
            stage.readClocks();
        }
    },
    /** The host's watchdog takes the TSC away and gives it back. */
    CLOCKSOURCE("clocksource", "the host's clocksource leaves the TSC and returns while the guest runs") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.readClocks();
            stage.host.setTscClocksource(false);
            stage.vm.getClock();
            stage.readClocks();
            stage.vcpus.forEach(X86Vcpu::load);
            stage.readClocks();
            stage.host.setTscClocksource(true);
            stage.readClocks();
            stage.vm.setClock(MINUTES_3, 0, 0);
            stage.readClocks();
        }
    },
    /** A host whose TSC cannot be relied on. */
    UNSTABLE_TSC("unstable-tsc", "the host's TSC is found unstable: each load goes on from where the vCPU was") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.readClocks();
            stage.host.markTscUnstable();
            for (int i = 0; i < 3; i++) {
                stage.pass(100);
                stage.vcpus.forEach(X86Vcpu::load);
                stage.readClocks();
            }
            stage.writeAll(stage.host.millis(9_000), 30);
            stage.writeAll(stage.host.millis(9_100), 30);
            stage.vcpus.forEach(X86Vcpu::load);
            stage.readClocks();
        }
    },
    /** A suspend to disk: the TSC begins anew. */
    HOST_SUSPEND("host-suspend", "the host's TSC comes back earlier; then a vCPU is added") {
        @Override
        void play(Stage stage) {
            for (int i = 0; i < stage.nrVcpus - 1; i++) {
                stage.create();
            }
            stage.runEach();
            stage.pass(2_000);
            stage.host.resume(stage.host.millis(1_900), 5_000_000_000L);
            stage.runEach();
            stage.create();
            stage.runEach();
        }
    },
    /** The guest's first kvmclock: the legacy MSR on vCPU 0 forbids the masterclock. */
    OLD_KVMCLOCK("old-kvmclock", "vCPU 0 sets up kvmclock by the legacy MSR, then by the new one") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            X86Vcpu boot = stage.vcpus.get(0);
            for (boolean legacy : new boolean[] {true, false}) {
                boot.enterGuest();
                boot.guestWriteSystemTime(true, legacy);
                boot.reenterGuest();
                boot.guestReadClock();
                boot.guestWriteTscAdjust(stage.host.millis(300));
                boot.reenterGuest();
                boot.guestReadClock();
                boot.exitGuest();
                stage.runEach();
            }
        }
    },
    /** Every x86 guest that SeaBIOS boots: its page by the legacy MSR, then the kernel's own by the new one. */
    PAGE_MOVES(
            "page-moves",
            "the guest registers other pages for kvmclock, as firmware and kernel do; the VMM loads one") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            X86Vcpu boot = stage.vcpus.get(0);
            boot.enterGuest();
            boot.guestWriteSystemTime(true, true, true);
            boot.reenterGuest();
            boot.guestReadClock();
            boot.exitGuest();
            stage.readClocks();
            boot.kvmclockCtrl();
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.enterGuest();
                vcpu.guestWriteSystemTime(true, false, true);
                vcpu.reenterGuest();
                vcpu.guestReadClock();
                vcpu.exitGuest();
                vcpu.readPvclockPage();
            }
            stage.readClocks();
            stage.vcpus.forEach(X86Vcpu::kvmclockCtrl);
            stage.readClocks();
            PvclockPage.Contents saved = boot.readPvclockPage();
            int version = boot.pvclockPage().version();
            boot.enterGuest();
            boot.guestClearsStopped();
            boot.exitGuest();
            stage.readClocks();
            boot.writePvclockPage(version, saved);
            boot.readPvclockPage();
            boot.writeSystemTime(true, false);
            stage.readClocks();
            boot.writeSystemTime(false, true);
            boot.writeSystemTime(true, true);
            stage.readClocks();
        }
    },
    /** Rates at the hardware's limit, and rates for vCPUs that never come. */
    RATE_LIMITS(
            "rate-limits", "set rates that are too high for a host that scales, and too low for one that does not") {
        @Override
        void play(Stage stage) {
            boolean scales = stage.host.scaling().supported();
            int limit = scales ? stage.host.scaling().maxGuestTscKhz(TSC_KHZ) : 2 * TSC_KHZ;
            stage.vm.setVmTscKhz(limit);
            stage.vm.getVmTscKhz();
            stage.vm.setVmTscKhz(TSC_KHZ / 2);
            stage.vm.getVmTscKhz();
            stage.vm.setVmTscKhz(0);
            stage.createAll();
            stage.runEach();
            for (int khz : new int[] {limit, limit - 1, TSC_KHZ / 2, 0}) {
                stage.vcpus.get(0).setTscKhz(khz);
                stage.vcpus.get(0).getTscKhz();
                stage.vcpus.get(0).readTsc();
            }
            stage.vm.setVmTscKhz(limit);
            stage.vm.setVmTscKhz(TSC_KHZ / 2);
            stage.vm.getVmTscKhz();
            stage.runEach();
        }
    },
    /** What Hyper-V's reference TSC and Xen's shared info page ask for. */
    REFERENCE_TSC("reference-tsc", "host and guest write HV_X64_MSR_REFERENCE_TSC: a masterclock update is asked for") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.readClocks();
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            last.askForMasterclockUpdate();
            stage.readClocks();
            last.enterGuest();
            last.askForMasterclockUpdate();
            last.reenterGuest();
            stage.pass(3);
            last.guestReadClock();
            last.exitGuest();
            stage.readClocks();
            stage.vcpus.forEach(X86Vcpu::askForMasterclockUpdate);
            stage.readClocks();
        }
    },
    /** A VMM that interrupts its vCPU threads: KVM_RUN with immediate_exit set. */
    IMMEDIATE_EXIT("immediate-exit", "KVM_RUN with immediate_exit loads the vCPU, and leaves all that is asked of it") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(X86Vcpu::load);
            stage.vm.getClock();
            stage.runEach();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.setOffset(stage.vcpus.get(0), 5);
            stage.vcpus.forEach(X86Vcpu::load);
            stage.vm.getClock();
            stage.readClocks();
            stage.host.markTscUnstable();
            stage.pass(10);
            stage.vcpus.forEach(X86Vcpu::load);
            stage.vcpus.forEach(X86Vcpu::readTsc);
            stage.readClocks();
        }
    },
    /** What befalls the host befalls all VMs, those that are created later as well. */
    TWO_VMS(
            "two-vms",
            "the host's clocksource leaves the TSC under two VMs, one without masterclock, and a third is created") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
            X86Vm other = new X86Vm(stage.host, stage.kernel, 1);
            X86Vcpu first = other.createVcpu(0);
            X86Vcpu second = other.createVcpu(3);
            if (other.hasTscOffsetAttribute()) {
                first.setTscOffset(7);
            }
            stage.run(first);
            stage.run(second);
            stage.host.setTscClocksource(false);
            stage.vm.getClock();
            other.getClock();
            stage.run(first);
            stage.runEach();
            X86Vm late = new X86Vm(stage.host, stage.kernel, 2);
            stage.run(late.createVcpu(0));
            late.getClock();
            stage.run(second);
            stage.host.setTscClocksource(true);
            stage.pass(5);
            stage.run(late.createVcpu(1));
            late.getClock();
            stage.host.markTscUnstable();
            stage.host.resume(stage.host.millis(1), 3_000_000_000L);
            stage.run(first);
            stage.runEach();
            stage.run(new X86Vm(stage.host, stage.kernel, 3).createVcpu(0));
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
    private static final long MINUTES_3 = 180_000_000_000L;
    private static final ImmutableList<TscScaling> SCALINGS =
            ImmutableList.of(TscScaling.NONE, TscScaling.INTEL, TscScaling.AMD);

    private final String commandName;
    private final String summary;

    X86Scenario(String commandName, String summary) {
        this.commandName = commandName;
        this.summary = summary;
    }

    abstract void play(Stage stage);

    @Override
    public String commandName() {
        return commandName;
    }

    @Override
    public String summary() {
        return summary;
    }

    @Override
    public Arch arch() {
        return Arch.X86;
    }

    @Override
    public Recording play(KernelProfile kernel, int vcpus, long seed) {
        return play(kernel, vcpus, seed, Scenario.startOf(seed));
    }

    @Override
    public Recording play(KernelProfile kernel, int vcpus, long seed, long tsc) {
        Scenario.checkVcpus(vcpus);
        Stage stage = new Stage(kernel, vcpus, new SplittableRandom(~seed), tsc);
        play(stage);
        return new Recording(
                new TraceHeader(
                        kernel,
                        new TraceHeader.X86(TSC_KHZ, stage.host.scaling().fracBits(), stage.clocksourceIsTsc, false),
                        vcpus,
                        origin(seed)),
                ImmutableList.copyOf(stage.events));
    }

    /** One host, one VM, and what a scenario does to them. */
    static final class Stage {
        final X86Host host;
        final KernelProfile kernel;
        final boolean clocksourceIsTsc;
        final X86Vm vm;
        final int nrVcpus;
        final SplittableRandom random;
        final List<X86Vcpu> vcpus = new ArrayList<>();
        final List<TraceEvent> events = new ArrayList<>();

        Stage(KernelProfile kernel, int nrVcpus, SplittableRandom random, long tsc) {
            this.kernel = kernel;
            this.nrVcpus = nrVcpus;
            this.random = random;
            // One host in eight has another clocksource, two in three scale.
            this.clocksourceIsTsc = random.nextInt(8) != 0;
            this.host = new X86Host(TSC_KHZ, SCALINGS.get(random.nextInt(3)), clocksourceIsTsc, tsc, events::add);
            host.setRealtime(1_626_400_000_000_000_000L + random.nextInt(1_000_000_000));
            this.vm = new X86Vm(host, kernel, 0);
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

        /** Sets the offset where the kernel can. */
        void setOffset(X86Vcpu vcpu, long offset) {
            if (vm.hasTscOffsetAttribute()) {
                vcpu.setTscOffset(offset);
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
                if (vm.hasTscOffsetAttribute()) {
                    vcpu.getTscOffset();
                }
                run(vcpu);
                vcpu.readTsc();
            }
            vm.getClock();
        }

        void run(X86Vcpu vcpu) {
            pass(1);
            vcpu.enterGuest();
            pass(0);
            vcpu.guestReadTsc();
            vcpu.exitGuest();
        }

        /** Sets kvmclock, by a real time that is so many ns from now if that is not 0. */
        void setClock(long clock, long shift) {
            vm.setClock(clock, shift == 0 ? 0 : X86Vm.CLOCK_REALTIME, shift == 0 ? 0 : host.realtime() + shift);
            vm.getClock();
        }

        /** Every vCPU with a page runs, reads its clocks, and the VMM asks and looks. */
        void readClocks() {
            for (X86Vcpu vcpu : vcpus) {
                pass(1);
                vcpu.enterGuest();
                pass(0);
                if (vcpu.showsClock()) {
                    vcpu.guestReadClock();
                }
                vcpu.guestReadTsc();
                vcpu.exitGuest();
                vcpu.readPvclockPage();
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
                inTheGuest(vcpu);
                return;
            }
            switch (random.nextInt(20)) {
                case 0 -> vcpu.writeTsc(anyValue(vcpu));
                case 1 ->
                    setOffset(
                            vcpu,
                            random.nextInt(3) == 0
                                    ? random.nextLong()
                                    : vcpus.get(random.nextInt(vcpus.size())).tscOffset());
                case 2 -> vcpu.readTsc();
                case 3 -> vm.getClock();
                case 4 -> vm.setClock(random.nextLong() >>> 20, 0, 0);
                case 5 -> setClock(random.nextLong() >>> 20, random.nextInt() * 1_000L);
                case 6 -> vcpu.writeTscAdjust(random.nextLong());
                case 7 -> vcpu.readTscAdjust();
                case 8 -> vcpu.setTscKhz(random.nextInt(2) * (TSC_KHZ - random.nextInt(TSC_KHZ) + TSC_KHZ / 2));
                case 9 -> vcpu.getTscKhz();
                case 10 -> vcpu.writeSystemTime(random.nextInt(4) != 0);
                case 11 -> vcpu.kvmclockCtrl();
                case 12 -> vcpu.readPvclockPage();
                case 13 -> vcpu.load();
                case 14 -> vcpu.askForClockUpdate();
                case 15 -> anythingOfTheHost();
                default -> vcpu.enterGuest();
            }
        }

        private void inTheGuest(X86Vcpu vcpu) {
            switch (random.nextInt(16)) {
                case 0 -> vcpu.guestWriteTsc(anyValue(vcpu));
                case 1 -> vcpu.guestWriteTscAdjust(host.millis(random.nextInt(1_000)));
                case 2 -> vcpu.guestReadTscAdjust();
                case 3 -> vcpu.guestWriteSystemTime(random.nextInt(4) != 0, random.nextInt(4) == 0);
                case 4, 5 -> vcpu.reenterGuest();
                case 6 -> vm.getClock();
                case 7, 8 -> {
                    vcpu.reenterGuest();
                    if (vcpu.showsClock()) {
                        vcpu.guestReadClock();
                    }
                }
                case 9 -> {
                    vcpu.reenterGuest();
                    if ((vcpu.pvclockPage().contents().flags() & PvclockPage.GUEST_STOPPED) != 0) {
                        vcpu.guestClearsStopped();
                    }
                }
                case 10, 11, 12 -> vcpu.exitGuest();
                default -> vcpu.guestReadTsc();
            }
        }

        private void anythingOfTheHost() {
            switch (random.nextInt(8)) {
                case 0 -> host.markTscUnstable();
                case 1 -> {
                    if (vcpus.stream().noneMatch(X86Vcpu::inGuest)) {
                        host.resume(host.millis(1 + random.nextInt(500)), random.nextInt(1_000_000_000));
                    }
                }
                case 2, 3, 4 -> host.setTscClocksource(!host.tscClocksource() && !host.tscUnstable());
                default -> host.setRealtime(host.realtime() + random.nextInt());
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
