package dev.longitude.scenario;

import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** One host, its two VMs, and what a scenario does to them. */
final class Arm64Stage {
    private static final long TICKS_PER_MS = 62_500;

    final Arm64Host host;
    final Arm64Vm vm;
    final Arm64Vcpu other;
    final int nrVcpus;
    final SplittableRandom random;
    final List<Arm64Vcpu> vcpus = new ArrayList<>();
    final List<TraceEvent> events = new ArrayList<>();

    Arm64Stage(KernelProfile kernel, int nrVcpus, SplittableRandom random, long counter) {
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
                            random.nextInt(8) == 0 ? 2 : KvmAbi.SYSTEM_COUNTER_STATE_PHYS_OFFSET, virtual, physical));
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

    /** Whether the timers have fired, in the host and in the guest, before and after some time. */
    void lookAtTimers(Arm64Vcpu vcpu) {
        vcpu.load(anyIdle());
        for (int i = 0; i < 2; i++) {
            vcpu.timers().lookAtVtimer();
            vcpu.enterGuest();
            vcpu.timers().lookAtVtimer();
            if (vcpu.timers().hasPtimer()) {
                vcpu.timers().lookAtPtimer();
            }
            vcpu.exitGuest();
            host.advance(1_000);
        }
        vcpu.put(true);
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
                    if (vcpu.timers().hasPtimer()) {
                        vcpu.timers().lookAtPtimer();
                    }
                }
                default -> vcpu.enterGuest();
            }
        } else {
            switch (random.nextInt(8)) {
                case 0, 1 -> vcpu.exitGuest();
                case 2 ->
                    vcpu.timers().guestSetPtimer(host.cntpct() - vcpu.physicalOffset() + random.nextInt(1000) - 500);
                case 3 -> {
                    if (vcpu.timers().hasPtimer()) {
                        vcpu.timers().lookAtPtimer();
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
