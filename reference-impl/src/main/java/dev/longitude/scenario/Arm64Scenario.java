package dev.longitude.scenario;

import com.google.common.collect.ImmutableList;
import dev.longitude.arm64.Arm64Timers;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceHeader;
import java.util.SplittableRandom;

/** The scenarios of an arm64 host: a VM, and another with one vCPU and no offset that shares its CPUs. */
public enum Arm64Scenario implements Scenario {
    /** Creation, then every vCPU reads its counters. */
    BOOT("arm64-boot", "create the vCPUs one by one, then let each read its counters") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            stage.runEach();
        }
    },
    /** What QEMU, kvmtool and crosvm do: they restore every register of every vCPU. */
    TIMER_CNT("arm64-timer-cnt", "set the virtual counter by value on each vCPU in turn: the last one wins") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            stage.runEach();
            for (long value : new long[] {1L << 32, 1L << 33, 0}) {
                for (Arm64Vcpu vcpu : stage.vcpus) {
                    vcpu.setTimerCnt(value);
                    vcpu.getTimerCnt();
                    stage.pass(50);
                }
                stage.runEach();
            }
            stage.vcpus.get(0).setPtimerCnt(3L << 32);
            stage.runEach();
        }
    },
    /** The remedy since 6.4. */
    COUNTER_OFFSET("arm64-counter-offset", "set the VM's offset, again, wrongly, and then the counters by value") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            stage.runEach();
            for (long offset : new long[] {stage.host.cntpct() - 21_474_900_000L, -1, 1000, 0}) {
                stage.vm.setCounterOffset(offset, 0);
                stage.runEach();
            }
            stage.vm.setCounterOffset(0, 1);
            for (Arm64Vcpu vcpu : stage.vcpus) {
                vcpu.setTimerCnt(7);
                vcpu.setPtimerCnt(7);
                vcpu.getTimerCnt();
                vcpu.getPtimerCnt();
            }
            stage.runEach();
        }
    },
    /** A vCPU created later rewinds the others, unless KVM_ARM_SET_COUNTER_OFFSET was used. */
    LATE_VCPU(
            "arm64-late-vcpu", "create a vCPU after the counter was set, by value and by KVM_ARM_SET_COUNTER_OFFSET") {
        @Override
        void play(Arm64Stage stage) {
            stage.create();
            stage.vcpus.get(0).setTimerCnt(30L << 30);
            stage.runEach();
            stage.pass(100);
            stage.create();
            stage.runEach();
            stage.vm.setCounterOffset(stage.host.cntpct() - 30_064_770_000L, 0);
            stage.runEach();
            stage.pass(100);
            stage.create();
            stage.runEach();
        }
    },
    /** KVM_ARM_VCPU_INIT again. */
    REINIT("arm64-reinit", "initialise a vCPU again after its counter was set: the counter goes on") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            stage.vcpus.get(0).setTimerCnt(44L << 30);
            stage.runEach();
            stage.vcpus.get(0).init();
            stage.runEach();
        }
    },
    /** Other vCPUs are in the guest during the broadcast. */
    RUNNING("arm64-running", "set the counters while other vCPUs run: they keep the offset of their last load") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            Arm64Vcpu first = stage.vcpus.get(0);
            Arm64Vcpu last = stage.vcpus.get(stage.nrVcpus - 1);
            if (first != last) {
                last.load(0);
                last.enterGuest();
                stage.vm.setCounterOffset(1000, 0);
            }
            stage.host.setBetween(() -> stage.readIfRunning(last));
            first.setTimerCnt(48L << 30);
            first.setPtimerCnt(48L << 30);
            stage.host.setBetween(() -> {});
            stage.readIfRunning(last);
            if (last.inGuest()) {
                last.exitGuest();
                last.put(false);
                last.load(stage.anyIdle());
                last.enterGuest();
                stage.readIfRunning(last);
                last.exitGuest();
                last.put(true);
            }
            stage.vm.setCounterOffset(1000, 0);
            stage.runEach();
        }
    },
    /** The interface of the series, in both versions. */
    OFFSETS(
            "arm64-offsets",
            "set offsets of 0 and 180 s either way through the interface of the series, and read them") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            for (long offset : new long[] {0, 180_000_000_000L, -180_000_000_000L}) {
                stage.setOffsets(stage.vcpus.get(0), offset, offset + 5);
                stage.runEach();
            }
            stage.create();
            stage.runEach();
        }
    },
    /** Traps that another VM needs. */
    TWO_VMS("arm64-two-vms", "two VMs take turns on every CPU, one with a physical offset and one without") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            stage.setOffsets(stage.vcpus.get(0), 5_000, 5_000);
            stage.vm.setCounterOffset(5_000, 0);
            for (int pcpu = 0; pcpu < stage.host.pcpus(); pcpu++) {
                stage.run(stage.vcpus.get(0), pcpu);
                stage.run(stage.other, pcpu);
            }
            stage.setOffsets(stage.vcpus.get(0), 0, 0);
            stage.vm.setCounterOffset(0, 0);
            for (int pcpu = stage.host.pcpus() - 1; pcpu >= 0; pcpu--) {
                stage.run(stage.vcpus.get(0), pcpu);
                stage.run(stage.other, pcpu);
            }
        }
    },
    /** Both ways in which a compare value goes wrong for the host. */
    PTIMER(
            "arm64-ptimer",
            "look at a timer that the guest still waits for, and at one that was due before the host counted") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            Arm64Vcpu vcpu = stage.vcpus.get(0);
            // A guest 1000 behind its host, which waits 500 ticks; and one 100 ahead, whose timer was due at 50. For
            // the host that is 50 - 100, which wraps to a large number.
            long[][] offsetsAndCvals = {{1000, stage.host.cntpct() - 500}, {-100, 50}};
            for (long[] each : offsetsAndCvals) {
                stage.vm.setCounterOffset(each[0], 0);
                stage.setOffsets(vcpu, 0, each[0]);
                vcpu.load(stage.anyIdle());
                vcpu.enterGuest();
                vcpu.timers().guestSetPtimer(each[1]);
                vcpu.timers().lookAtPtimer();
                vcpu.exitGuest();
                vcpu.timers().lookAtPtimer();
                stage.host.advance(600);
                vcpu.timers().lookAtPtimer();
                vcpu.enterGuest();
                vcpu.timers().lookAtPtimer();
                vcpu.exitGuest();
                vcpu.put(true);
            }
        }
    },
    /** A compare value is the guest's number: it may come before the counter or after it. */
    TIMERS(
            "arm64-timers",
            "restore both timers before the counter and after it, and move the counter of a vCPU that is loaded") {
        @Override
        void play(Arm64Stage stage) {
            stage.createAll();
            for (Arm64Vcpu vcpu : stage.vcpus) {
                Arm64Timers timers = vcpu.timers();
                long cval = 5L << 30;
                timers.setVtimerCval(cval);
                timers.setPtimerCval(cval);
                vcpu.setTimerCnt(cval - 1_000);
                vcpu.setPtimerCnt(cval - 1_000);
                timers.setVtimerCtl(true);
                timers.setPtimerCtl(true);
                stage.lookAtTimers(vcpu);
                timers.setVtimerCval(cval + (1L << 24));
                timers.getVtimerCval();
                timers.getVtimerCtl();
                timers.getPtimerCval();
                timers.getPtimerCtl();
                stage.lookAtTimers(vcpu);
            }
            Arm64Vcpu first = stage.vcpus.get(0);
            Arm64Vcpu last = stage.vcpus.get(stage.vcpus.size() - 1);
            first.load(stage.anyIdle());
            first.enterGuest();
            first.timers().guestSetVtimer(first.guestReadCntvct() + 100);
            first.exitGuest();
            if (last != first) {
                last.setTimerCnt(first.virtualOffset() + (1L << 40)); // KVM does not reload the other vCPU
            }
            first.timers().lookAtVtimer();
            first.put(true);
            first.init();
            first.timers().getVtimerCtl();
            first.timers().setVtimerCtl(false);
            stage.runEach();
        }
    },
    /** Any operations. */
    RANDOM("arm64-random", "random operations on both VMs, with other vCPUs running during a broadcast") {
        @Override
        void play(Arm64Stage stage) {
            stage.host.setBetween(() -> stage.anythingInRun(stage.random.nextInt(3)));
            for (int i = 0; i < 120; i++) {
                stage.anything();
            }
        }
    };

    private final String commandName;
    private final String summary;

    Arm64Scenario(String commandName, String summary) {
        this.commandName = commandName;
        this.summary = summary;
    }

    abstract void play(Arm64Stage stage);

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
        return Arch.ARM64;
    }

    @Override
    public Trace play(KernelProfile kernel, int vcpus, long seed) {
        return play(kernel, vcpus, seed, Scenario.startOf(seed));
    }

    @Override
    public Trace play(KernelProfile kernel, int vcpus, long seed, long counter) {
        Scenario.checkVcpus(vcpus);
        Arm64Stage stage = new Arm64Stage(kernel, vcpus, new SplittableRandom(~seed), counter);
        play(stage);
        return new Trace(
                new TraceHeader(kernel, stage.host.described(), vcpus, origin(seed)),
                ImmutableList.copyOf(stage.events));
    }
}
