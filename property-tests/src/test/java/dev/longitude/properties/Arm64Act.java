package dev.longitude.properties;

import dev.longitude.arm64.Arm64Host;
import dev.longitude.arm64.Arm64Timers;
import dev.longitude.arm64.Arm64Vcpu;
import dev.longitude.arm64.Arm64Vm;
import java.util.ArrayList;
import java.util.List;

/**
 * One operation on an arm64 host with two VMs; the second, with one vCPU, keeps its counters. Any sequence of acts can
 * be played: an act on a vCPU that does not exist creates one instead, and an act that a vCPU cannot do in its state
 * takes it one step further, from loaded to entered to read to exited to put.
 *
 * @param vcpu which vCPU, modulo their number; the last is the second VM's
 * @param pcpu which CPU, modulo their number; the next one that is idle
 * @param word a counter's value, which may be near the vCPU's own, or an offset, near the host's counter
 * @param ticks ticks that pass before it
 */
record Arm64Act(Kind kind, int vcpu, int pcpu, Word word, int ticks) {
    enum Kind {
        CREATE_VCPU,
        INIT_VCPU,
        SET_TIMER_CNT,
        SET_PTIMER_CNT,
        GET_TIMER_CNT,
        GET_PTIMER_CNT,
        SET_OFFSETS,
        SET_COUNTER_OFFSET,
        SET_COUNTER_OFFSET_RESERVED,
        PREEMPT,
        EXIT,
        SET_TIMERS,
        GET_TIMERS,
        GUEST_SET_VTIMER,
        GUEST_SET_PTIMER,
        LOOK_AT_VTIMER,
        LOOK_AT_PTIMER,
        RUN_1,
        RUN_2,
        RUN_3
    }

    /** Any word, or one near another. */
    record Word(boolean relative, long number) {
        long from(long base) {
            return relative ? base + number : number;
        }
    }

    /** The host, its VMs, and the acts that run during broadcasts. */
    static final class Stage {
        final Arm64Host host;
        final Arm64Vm vm;
        final Arm64Vcpu other;
        final List<Arm64Vcpu> vcpus = new ArrayList<>();
        private final int most;

        Stage(Arm64Host host, int most) {
            this.host = host;
            this.most = most;
            this.vm = host.createVm(0);
            this.other = host.createVm(1).createVcpu(0);
        }

        private Arm64Vcpu chosen(int which) {
            int index = which % (vcpus.size() + 1);
            return index == vcpus.size() ? other : vcpus.get(index);
        }

        private void create() {
            vcpus.add(vm.createVcpu(vcpus.size()));
        }

        void createAll() {
            while (vcpus.size() < most) {
                create();
            }
        }

        /** Every KVM_RUN returns: first those that are on a CPU, then those that were preempted. */
        void endRuns() {
            List<Arm64Vcpu> all = new ArrayList<>(vcpus);
            all.add(other);
            for (Arm64Vcpu vcpu : all) {
                if (vcpu.inGuest()) {
                    vcpu.exitGuest();
                }
                if (vcpu.isLoaded()) {
                    vcpu.put(true);
                }
            }
            for (Arm64Vcpu vcpu : all) {
                if (vcpu.inRun()) {
                    vcpu.load(0);
                    vcpu.put(true);
                }
            }
        }

        /** The CPU from {@code from} on that is idle, or -1. */
        private int idle(int from) {
            for (int i = 0; i < host.pcpus(); i++) {
                int pcpu = (from + i) % host.pcpus();
                if (host.isIdle(pcpu)) {
                    return pcpu;
                }
            }
            return -1;
        }
    }

    void play(Stage stage) {
        stage.host.advance(ticks);
        Arm64Vcpu chosen = stage.chosen(vcpu);
        boolean mayCreate = stage.vcpus.size() < stage.most;
        if ((stage.vcpus.isEmpty() || kind == Kind.CREATE_VCPU) && mayCreate) {
            stage.create();
        } else if (kind == Kind.SET_COUNTER_OFFSET) {
            stage.vm.setCounterOffset(word.from(stage.host.cntpct()), 0);
        } else if (kind == Kind.SET_COUNTER_OFFSET_RESERVED) {
            stage.vm.setCounterOffset(word.number(), 1);
        } else if (chosen.inRun()) {
            step(stage, chosen);
        } else {
            ioctl(stage, chosen);
        }
    }

    /** Near the counter that the vCPU has, as a restore writes. */
    private long virtual(Stage stage, Arm64Vcpu chosen) {
        return word.from(stage.host.cntpct() - chosen.virtualOffset());
    }

    private long physical(Stage stage, Arm64Vcpu chosen) {
        return word.from(stage.host.cntpct() - chosen.physicalOffset());
    }

    private void ioctl(Stage stage, Arm64Vcpu chosen) {
        boolean left = chosen == stage.other;
        switch (kind) {
            case INIT_VCPU -> chosen.init();
            case GET_TIMER_CNT -> chosen.getTimerCnt();
            case GET_PTIMER_CNT -> chosen.getPtimerCnt();
            case SET_TIMER_CNT -> {
                if (!left) {
                    chosen.setTimerCnt(virtual(stage, chosen));
                }
            }
            case SET_PTIMER_CNT -> {
                if (!left) {
                    chosen.setPtimerCnt(physical(stage, chosen));
                }
            }
            case SET_OFFSETS -> {
                if (!left) {
                    setOffsets(stage, chosen, word.from(stage.host.cntpct()));
                }
            }
            case SET_TIMERS -> setTimers(stage, chosen);
            case GET_TIMERS -> getTimers(chosen.timers());
            default -> step(stage, chosen);
        }
    }

    private void setTimers(Stage stage, Arm64Vcpu chosen) {
        Arm64Timers timers = chosen.timers();
        switch (Math.floorMod(word.number(), 4)) {
            case 0 -> timers.setVtimerCval(virtual(stage, chosen));
            case 1 -> timers.setPtimerCval(physical(stage, chosen));
            case 2 -> timers.setVtimerCtl(pcpu != 0);
            default -> timers.setPtimerCtl(pcpu != 0);
        }
    }

    private static void getTimers(Arm64Timers timers) {
        timers.getVtimerCval();
        timers.getPtimerCval();
        timers.getVtimerCtl();
        timers.getPtimerCtl();
    }

    private void setOffsets(Stage stage, Arm64Vcpu chosen, long offset) {
        if (chosen.hasOffsetAttributes()) {
            chosen.setVtimerOffset(offset);
            chosen.setPtimerOffset(pcpu == 0 ? 0 : offset);
            chosen.getVtimerOffset();
            chosen.getPtimerOffset();
        } else if (chosen.hasSystemCounterState() && stage.idle(pcpu) >= 0) {
            chosen.setSystemCounterState(
                    stage.idle(pcpu), new Arm64Vcpu.SystemCounterState(vcpu % 3, offset, pcpu == 0 ? 0 : offset));
            chosen.getSystemCounterState();
        }
    }

    private void step(Stage stage, Arm64Vcpu chosen) {
        if (!chosen.isLoaded()) {
            if (stage.idle(pcpu) >= 0) {
                chosen.load(stage.idle(pcpu));
            }
        } else if (kind == Kind.LOOK_AT_VTIMER && chosen.timers().hasVtimer()) {
            chosen.timers().lookAtVtimer();
        } else if (kind == Kind.LOOK_AT_PTIMER && chosen.timers().hasPtimer()) {
            chosen.timers().lookAtPtimer();
        } else if (!chosen.inGuest()) {
            if (kind == Kind.PREEMPT) {
                chosen.put(false);
            } else if (kind == Kind.EXIT) {
                chosen.put(true);
            } else {
                chosen.enterGuest();
            }
        } else {
            switch (kind) {
                case GUEST_SET_VTIMER -> chosen.timers().guestSetVtimer(virtual(stage, chosen));
                case GUEST_SET_PTIMER -> chosen.timers().guestSetPtimer(physical(stage, chosen));
                case PREEMPT, EXIT -> chosen.exitGuest();
                default -> {
                    chosen.guestReadCntvct();
                    chosen.guestReadCntpct();
                }
            }
        }
    }

    /** The part that is possible during a broadcast: a vCPU that is in KVM_RUN continues. */
    void playBetween(Stage stage) {
        Arm64Vcpu chosen = stage.chosen(vcpu);
        if (chosen.inRun()) {
            stage.host.advance(ticks);
            step(stage, chosen);
        }
    }
}
