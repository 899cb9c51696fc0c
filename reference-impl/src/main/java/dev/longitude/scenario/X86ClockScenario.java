package dev.longitude.scenario;

import dev.longitude.kernel.KvmAbi;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;

/** The scenarios of an x86 host in which kvmclock and the host matter; and one in which anything may happen. */
public enum X86ClockScenario implements OnX86 {
    /** The kernel's selftest kvm_clock_test, with its cases: 0, 180 s, and 0 with real time 180 s either way. */
    KVM_CLOCK("kvm-clock", "set kvmclock to 0 and 180 s, and by real time 180 s off, as kvm_clock_test does") {
        @Override
        public void play(X86Stage stage) {
            stage.create();
            X86Vcpu vcpu = stage.vcpus.get(0);
            vcpu.writeSystemTime(true);
            stage.setClock(0, 0);
            stage.readClocks();
            stage.setClock(X86Stage.MINUTES_3, 0);
            stage.readClocks();
            stage.setClock(0, -X86Stage.MINUTES_3);
            stage.readClocks();
            stage.setClock(0, X86Stage.MINUTES_3);
            stage.readClocks();
            stage.vm.setClock(0, 16, 0);
            stage.vm.setClock(0, KvmAbi.CLOCK_TSC_STABLE | KvmAbi.CLOCK_HOST_TSC, 0);
            stage.readClocks();
        }
    },
    /** kvm-unit-tests' kvmclock_test, shortened: no vCPU's kvmclock may be behind another's. */
    KVMCLOCK_CYCLE("kvmclock-cycle", "let all vCPUs read kvmclock in turn, as kvm-unit-tests' kvmclock_test does") {
        @Override
        public void play(X86Stage stage) {
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
    KVMCLOCK_RESTORE(
            "kvmclock-restore", "pause the guest, set kvmclock back by real time, mark it stopped, and resume") {
        @Override
        public void play(X86Stage stage) {
            stage.createAllWithClocks();
            X86Vm.ClockData saved = stage.vm.getClock();
            stage.pass(700);
            long offset = stage.vcpus.get(0).tscOffset();
            for (X86Vcpu vcpu : stage.vcpus) {
                stage.setOffset(vcpu, offset - stage.host.millis(700));
            }
            stage.vm.setClock(saved.clock(), saved.flags() & KvmAbi.CLOCK_REALTIME, saved.realtime());
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
    /** A guest that runs faster than its host, which cannot scale. */
    CATCH_UP("catch-up", "run vCPUs ten percent faster than the host, with and without scaling hardware") {
        @Override
        public void play(X86Stage stage) {
            stage.vm.setVmTscKhz(X86Stage.TSC_KHZ + X86Stage.TSC_KHZ / 10);
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
            last.setTscKhz(X86Stage.TSC_KHZ * 2);
            stage.pass(20);
            stage.readClocks();
        }
    },
    /** The host's watchdog takes the TSC away and gives it back. */
    CLOCKSOURCE("clocksource", "the host's clocksource leaves the TSC and returns while the guest runs") {
        @Override
        public void play(X86Stage stage) {
            stage.createAllWithClocks();
            stage.host.setTscClocksource(false);
            stage.vm.getClock();
            stage.readClocks();
            stage.vcpus.forEach(X86Vcpu::load);
            stage.readClocks();
            stage.host.setTscClocksource(true);
            stage.readClocks();
            stage.vm.setClock(X86Stage.MINUTES_3, 0, 0);
            stage.readClocks();
        }
    },
    /** A host whose TSC is unstable. */
    UNSTABLE_TSC("unstable-tsc", "the host's TSC is found unstable: each load goes on from where the vCPU was") {
        @Override
        public void play(X86Stage stage) {
            stage.createAllWithClocks();
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
    /** A suspend to disk: the TSC restarts. */
    HOST_SUSPEND("host-suspend", "the host's TSC comes back earlier; then a vCPU is added") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
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
    /**
     * Every x86 guest that SeaBIOS boots: SeaBIOS sets up a page by the legacy MSR, then the kernel its own by the new
     * one.
     */
    PAGE_MOVES(
            "page-moves",
            "the guest registers other pages for kvmclock, as firmware and kernel do; the VMM loads one") {
        @Override
        public void play(X86Stage stage) {
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
    /** Rates at the hardware's limit, and rates for vCPUs that are never created. */
    RATE_LIMITS(
            "rate-limits", "set rates that are too high for a host that scales, and too low for one that does not") {
        @Override
        public void play(X86Stage stage) {
            boolean scales = stage.host.scaling().supported();
            int limit = scales ? stage.host.scaling().maxGuestTscKhz(X86Stage.TSC_KHZ) : 2 * X86Stage.TSC_KHZ;
            stage.vm.setVmTscKhz(limit);
            stage.vm.getVmTscKhz();
            stage.vm.setVmTscKhz(X86Stage.TSC_KHZ / 2);
            stage.vm.getVmTscKhz();
            stage.vm.setVmTscKhz(0);
            stage.createAll();
            stage.runEach();
            for (int khz : new int[] {limit, limit - 1, X86Stage.TSC_KHZ / 2, 0}) {
                stage.vcpus.get(0).setTscKhz(khz);
                stage.vcpus.get(0).getTscKhz();
                stage.vcpus.get(0).readTsc();
            }
            stage.vm.setVmTscKhz(limit);
            stage.vm.setVmTscKhz(X86Stage.TSC_KHZ / 2);
            stage.vm.getVmTscKhz();
            stage.runEach();
        }
    },
    /** The update that Hyper-V's reference TSC and Xen's shared info page request. */
    REFERENCE_TSC(
            "reference-tsc", "host and guest write HV_X64_MSR_REFERENCE_TSC, which requests a masterclock update") {
        @Override
        public void play(X86Stage stage) {
            stage.createAllWithClocks();
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
    /** Between a vCPU's masterclock update and its page, another thread has performed one too. */
    UPDATES_OVERLAP("updates-overlap", "two vCPUs update the masterclock before either has written its page") {
        @Override
        public void play(X86Stage stage) {
            stage.createAllWithClocks();
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.askForMasterclockUpdate();
                vcpu.performMasterclockUpdate();
                stage.pass(3);
            }
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.enterGuest();
                vcpu.guestReadClock();
            }
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            last.askForMasterclockUpdate();
            last.performMasterclockUpdate();
            stage.pass(3);
            last.reenterGuest();
            stage.vcpus.forEach(X86Vcpu::guestReadClock);
            stage.vcpus.forEach(X86Vcpu::exitGuest);
            last.askForMasterclockUpdate();
            last.performMasterclockUpdate();
            last.cancelEntry();
            stage.readClocks();
        }
    },
    /** A VMM that interrupts its vCPU threads: KVM_RUN with immediate_exit set. */
    IMMEDIATE_EXIT("immediate-exit", "KVM_RUN with immediate_exit loads the vCPU, and leaves its requests pending") {
        @Override
        public void play(X86Stage stage) {
            stage.createAll();
            stage.vcpus.forEach(X86Vcpu::load);
            stage.vm.getClock();
            stage.runEach();
            stage.vcpus.forEach(v -> v.writeSystemTime(true));
            stage.setOffset(stage.vcpus.get(0), 5);
            stage.vcpus.forEach(X86Vcpu::load);
            stage.vm.getClock();
            stage.vcpus.get(0).cancelEntry(); // a signal that comes later: it does handle them
            stage.vcpus.get(0).readPvclockPage();
            stage.readClocks();
            stage.host.markTscUnstable();
            stage.pass(10);
            stage.vcpus.forEach(X86Vcpu::load);
            stage.vcpus.forEach(X86Vcpu::readTsc);
            stage.readClocks();
        }
    },
    /** An event of the host concerns all VMs, including those created later. */
    TWO_VMS(
            "two-vms",
            "the host's clocksource leaves the TSC under two VMs, one without masterclock, and a third is created") {
        @Override
        public void play(X86Stage stage) {
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
    /** Any operations. */
    RANDOM("random", "200 operations chosen by the seed") {
        @Override
        public void play(X86Stage stage) {
            for (int i = 0; i < 200; i++) {
                stage.anything();
            }
        }
    };

    private final String commandName;
    private final String summary;

    X86ClockScenario(String commandName, String summary) {
        this.commandName = commandName;
        this.summary = summary;
    }

    @Override
    public String commandName() {
        return commandName;
    }

    @Override
    public String summary() {
        return summary;
    }
}
