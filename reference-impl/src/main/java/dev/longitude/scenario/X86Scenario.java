package dev.longitude.scenario;

import dev.longitude.x86.X86Vcpu;

/** The scenarios of an x86 host in which the TSC matters, most of them with one VM. */
public enum X86Scenario implements OnX86 {
    /** Creation, then every vCPU reads its TSC. */
    BOOT("boot", "create the vCPUs one by one, then let each read its TSC") {
        @Override
        public void play(X86Stage stage) {
            stage.createAll();
            stage.runEach();
        }
    },
    /** The restore that keeps its promises: the offset attribute. */
    RESTORE_BY_OFFSET("restore-by-offset", "set one offset on each vCPU, preempted for seconds in between") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
            stage.createAll();
            stage.pass(1_500);
            stage.writeAll(stage.host.millis(100_000), 900);
            stage.runEach();
        }
    },
    /** The restore by value, too slow. */
    SLOW_RESTORE("slow-restore", "write one value to each vCPU, more than a second apart: they part") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
            stage.createAll();
            stage.pass(300);
            stage.writeAll(stage.host.millis(700), 10);
            stage.runEach();
        }
    },
    /** 0 is special. */
    WRITE_ZERO("write-zero", "write 0 to each vCPU of a guest that is 2 s old: nothing changes") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
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
    /** A vCPU created later joins the line, but spoils the next write by value. */
    LATE_VCPU("late-vcpu", "add a vCPU between two writes of one restore by value") {
        @Override
        public void play(X86Stage stage) {
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
    /** The offsets are equal again, but not in KVM's bookkeeping. */
    AWAY_AND_BACK("away-and-back", "move one vCPU's offset by 5 cycles and back: the masterclock stays off") {
        @Override
        public void play(X86Stage stage) {
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
    /** The flag is set too long. */
    STALE_FLAG("stale-flag", "ask the clock after one vCPU's offset has changed, before any vCPU runs") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
            for (int i = 0; i < stage.nrVcpus; i++) {
                stage.create();
                stage.vcpus.get(i).writeTsc(stage.host.millis(100_000));
                stage.pass(10);
            }
            stage.runEach();
        }
    },
    /** KVM counts one vCPU twice. */
    EARLY_GENERATION("early-generation", "set one vCPU's offset twice, on a guest whose masterclock is on") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
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
    /** The flag stays as it is. */
    GUEST_WRITES("guest-writes", "the guest sets its TSC on one vCPU; the clock goes on saying stable") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
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
    /**
     * The kernel's selftest tsc_scaling_sync, with its values: 2345678 kHz for all vCPUs; the VMM writes the first
     * one's TSC.
     */
    SCALED_VM("scaled-vm", "run all vCPUs at 2345678 kHz, set on the VM first, as tsc_scaling_sync does") {
        @Override
        public void play(X86Stage stage) {
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
        public void play(X86Stage stage) {
            stage.createAll();
            stage.runEach();
            X86Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            last.readTsc();
            last.setTscKhz(X86Stage.TSC_KHZ / 2);
            last.getTscKhz();
            last.readTsc();
            stage.runEach();
            stage.writeAll(stage.host.millis(5_000), 10);
            last.setTscKhz(0);
            stage.writeAll(stage.host.millis(6_000), 10);
            stage.runEach();
            stage.vm.setVmTscKhz(X86Stage.TSC_KHZ - 100);
            stage.vm.getVmTscKhz();
        }
    },
    /**
     * What Dragonball did, and what is right: a deadline written before the local APIC's registers is dropped, one
     * written before the TSC fires by the wrong line.
     */
    TSC_DEADLINE("tsc-deadline", "restore the deadline before the local APIC, before the TSC, and last") {
        @Override
        public void play(X86Stage stage) {
            stage.createAll();
            long hour = stage.host.millis(3_600_000);
            for (X86Vcpu vcpu : stage.vcpus) {
                vcpu.writeTscDeadline(hour);
                vcpu.readTscDeadline();
                vcpu.setLapic(true);
                vcpu.readTscDeadline();
                stage.run(vcpu);
                vcpu.writeTscDeadline(hour + stage.host.millis(20));
                vcpu.writeTsc(hour);
                stage.run(vcpu);
                vcpu.setLapic(true);
                vcpu.readTscDeadline();
                stage.run(vcpu);
                vcpu.writeTscDeadline(vcpu.readTsc() + stage.host.millis(5));
                vcpu.timerFires();
                stage.pass(10);
                vcpu.enterGuest();
                vcpu.timerFires();
                vcpu.guestSetsTimer(true, vcpu.guestReadTsc() + stage.host.millis(50));
                vcpu.exitGuest();
                vcpu.readTscDeadline();
                vcpu.setLapic(false);
                vcpu.readTscDeadline();
                vcpu.enterGuest();
                vcpu.guestSetsTimer(false, 0);
                vcpu.exitGuest();
            }
            stage.runEach();
        }
    };

    private final String commandName;
    private final String summary;

    X86Scenario(String commandName, String summary) {
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
