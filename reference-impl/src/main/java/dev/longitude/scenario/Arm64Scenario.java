package dev.longitude.scenario;

import com.google.common.collect.ImmutableList;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** The scenarios of an arm64 host: a VM, and another with one vCPU and no offset that shares its CPUs. */
public enum Arm64Scenario implements Scenario {
    /** Creation, then every vCPU reads its counters. */
    BOOT("arm64-boot", "create the vCPUs one by one, then let each read its counters") {
        @Override
        void play(Stage stage) {
            stage.createAll();
            stage.runEach();
        }
    },
    /** What QEMU, kvmtool and crosvm do: they restore every register of every vCPU. */
    TIMER_CNT("arm64-timer-cnt", "set the virtual counter by value on each vCPU in turn: the last one wins") {
        @Override
        void play(Stage stage) {
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
        void play(Stage stage) {
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
        void play(Stage stage) {
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
        void play(Stage stage) {
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
        void play(Stage stage) {
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
        void play(Stage stage) {
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
        void play(Stage stage) {
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
        void play(Stage stage) {
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
                vcpu.guestSetPtimer(each[1]);
                vcpu.lookAtPtimer();
                vcpu.exitGuest();
                vcpu.lookAtPtimer();
                stage.host.advance(600);
                vcpu.lookAtPtimer();
                vcpu.enterGuest();
                vcpu.lookAtPtimer();
                vcpu.exitGuest();
                vcpu.put(true);
            }
        }
    },
    /** Any operations. */
    RANDOM("arm64-random", "random operations on both VMs, with other vCPUs running during a broadcast") {
        @Override
        void play(Stage stage) {
            stage.host.setBetween(() -> stage.anythingInRun(stage.random.nextInt(3)));
            for (int i = 0; i < 120; i++) {
                stage.anything();
            }
        }
    };

    private static final long TICKS_PER_MS = 62_500;

    private final String commandName;
    private final String summary;

    Arm64Scenario(String commandName, String summary) {
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
        return Arch.ARM64;
    }

    @Override
    public Trace play(KernelProfile kernel, int vcpus, long seed) {
        return play(kernel, vcpus, seed, Scenario.startOf(seed));
    }

    @Override
    public Trace play(KernelProfile kernel, int vcpus, long seed, long counter) {
        Scenario.checkVcpus(vcpus);
        Stage stage = new Stage(kernel, vcpus, new SplittableRandom(~seed), counter);
        play(stage);
        return new Trace(
                new TraceHeader(kernel, stage.host.described(), vcpus, origin(seed)),
                ImmutableList.copyOf(stage.events));
    }

    /** One host, its two VMs, and what a scenario does to them. */
    static final class Stage {
        final Arm64Host host;
        final Arm64Vm vm;
        final Arm64Vcpu other;
        final int nrVcpus;
        final SplittableRandom random;
        final List<Arm64Vcpu> vcpus = new ArrayList<>();
        final List<TraceEvent> events = new ArrayList<>();

        Stage(KernelProfile kernel, int nrVcpus, SplittableRandom random, long counter) {
            this.nrVcpus = nrVcpus;
            this.random = random;
            this.host = new Arm64Host(
                    kernel, random.nextBoolean(), random.nextBoolean(), 2 + random.nextInt(2), counter, events::add);
            this.vm = host.createVm(0);
            this.other = host.createVm(1).createVcpu(0);
        }

        void pass(long ms) {
            host.advance(ms * TICKS_PER_MS + random.nextInt(1000));
        }

        void create() {
            pass(1);
            Arm64Vcpu vcpu = vm.createVcpu(vcpus.size());
            vcpu.init();
            vcpus.add(vcpu);
        }

        void createAll() {
            for (int i = 0; i < nrVcpus; i++) {
                create();
            }
        }

        int anyIdle() {
            int pcpu = random.nextInt(host.pcpus());
            while (!host.isIdle(pcpu)) {
                pcpu = (pcpu + 1) % host.pcpus();
            }
            return pcpu;
        }

        boolean someIdle() {
            for (int pcpu = 0; pcpu < host.pcpus(); pcpu++) {
                if (host.isIdle(pcpu)) {
                    return true;
                }
            }
            return false;
        }

        /** Sets and reads both offsets through the series' interface, where the kernel has it. */
        void setOffsets(Arm64Vcpu vcpu, long virtual, long physical) {
            if (vcpu.hasOffsetAttributes()) {
                vcpu.setVtimerOffset(virtual);
                vcpu.setPtimerOffset(physical);
                vcpu.getVtimerOffset();
                vcpu.getPtimerOffset();
            }
            if (vcpu.hasSystemCounterState()) {
                vcpu.setSystemCounterState(
                        anyIdle(),
                        new Arm64Vcpu.SystemCounterState(
                                random.nextInt(8) == 0 ? 2 : KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET,
                                virtual,
                                physical));
                vcpu.getSystemCounterState();
            }
        }

        void run(Arm64Vcpu vcpu, int pcpu) {
            pass(1);
            vcpu.load(pcpu);
            vcpu.enterGuest();
            readIfRunning(vcpu);
            vcpu.exitGuest();
            vcpu.put(true);
        }

        void runEach() {
            for (Arm64Vcpu vcpu : vcpus) {
                vcpu.getTimerCnt();
                vcpu.getPtimerCnt();
                run(vcpu, anyIdle());
            }
        }

        void readIfRunning(Arm64Vcpu vcpu) {
            if (vcpu.inGuest()) {
                pass(0);
                vcpu.guestReadCntvct();
                vcpu.guestReadCntpct();
            }
        }

        /** Takes this number of steps of vCPUs that are in KVM_RUN, or preempted in it. */
        void anythingInRun(int steps) {
            for (int i = 0; i < steps; i++) {
                Arm64Vcpu vcpu = anyVcpu();
                if (vcpu.inRun()) {
                    stepOfRun(vcpu);
                }
            }
        }

        private Arm64Vcpu anyVcpu() {
            int index = random.nextInt(vcpus.size() + 1);
            return index == vcpus.size() ? other : vcpus.get(index);
        }

        void anything() {
            host.advance(random.nextInt(4) == 0 ? random.nextInt(1 << 20) : random.nextInt(4));
            int which = random.nextInt(24);
            if (which == 0 && vcpus.size() < nrVcpus) {
                create();
                return;
            }
            Arm64Vcpu vcpu = anyVcpu();
            if (vcpu.inRun()) {
                stepOfRun(vcpu);
                return;
            }
            boolean set = vcpu != other; // the other VM's counters stay as they are
            switch (which) {
                case 1 -> {
                    if (set) {
                        vcpu.setTimerCnt(anyValue());
                    }
                }
                case 2 -> {
                    if (set) {
                        vcpu.setPtimerCnt(anyValue());
                    }
                }
                case 3 -> vcpu.getTimerCnt();
                case 4 -> vcpu.getPtimerCnt();
                case 5 -> {
                    if (random.nextInt(4) == 0) {
                        vm.setCounterOffset(random.nextLong(), random.nextInt(4) == 0 ? 1 : 0);
                    }
                }
                case 6 -> {
                    if (set && someIdle()) {
                        setOffsets(vcpu, anyValue(), random.nextInt(3) == 0 ? 0 : anyValue());
                    }
                }
                case 7 -> vcpu.init();
                default -> stepOfRun(vcpu);
            }
        }

        private void stepOfRun(Arm64Vcpu vcpu) {
            if (!vcpu.isLoaded()) {
                if (someIdle()) {
                    vcpu.load(anyIdle());
                }
            } else if (!vcpu.inGuest()) {
                switch (random.nextInt(4)) {
                    case 0 -> vcpu.put(random.nextBoolean());
                    case 1 -> {
                        if (vcpu.hasPtimer()) {
                            vcpu.lookAtPtimer();
                        }
                    }
                    default -> vcpu.enterGuest();
                }
            } else {
                switch (random.nextInt(8)) {
                    case 0, 1 -> vcpu.exitGuest();
                    case 2 -> vcpu.guestSetPtimer(host.cntpct() - vcpu.physicalOffset() + random.nextInt(1000) - 500);
                    case 3 -> {
                        if (vcpu.hasPtimer()) {
                            vcpu.lookAtPtimer();
                        }
                    }
                    default -> readIfRunning(vcpu);
                }
            }
        }

        /** Mostly values near the host's counter. */
        private long anyValue() {
            return switch (random.nextInt(4)) {
                case 0 -> random.nextLong();
                case 1 -> 0;
                default -> host.cntpct() + random.nextInt();
            };
        }
    }
}
