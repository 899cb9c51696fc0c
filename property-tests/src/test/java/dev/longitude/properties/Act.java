package dev.longitude.properties;

import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KvmAbi;
import dev.longitude.x86.PvclockPage;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.List;

/**
 * One operation on a VM. Any sequence of acts can be played: an act on a vCPU that does not exist creates one instead,
 * and one that needs a vCPU out of the guest (or in it) first brings it there.
 *
 * @param vcpu which vCPU, modulo their number
 * @param choice decides what is no number: flags, and which of several variants; not negative
 * @param word a value or an offset
 * @param cycles cycles that pass before it
 */
record Act(Kind kind, int vcpu, int choice, Word word, long cycles) {
    /** One more than the largest {@link #choice} that is of use: each variant's share of it is exact. */
    static final int CHOICES = 240;

    enum Kind {
        CREATE_VCPU,
        WRITE_TSC,
        SET_TSC_OFFSET,
        GET_TSC_OFFSET,
        READ_TSC,
        GET_CLOCK,
        ENTER_GUEST,
        EXIT_GUEST,
        GUEST_READ_TSC,
        GUEST_WRITE_TSC,
        GUEST_WRITE_TSC_ADJUST,
        GUEST_READ_TSC_ADJUST,
        WRITE_TSC_ADJUST,
        READ_TSC_ADJUST,
        SET_LAPIC,
        WRITE_TSC_DEADLINE,
        READ_TSC_DEADLINE,
        TIMER_FIRES,
        GUEST_SETS_TIMER,
        SET_TSC_KHZ,
        GET_TSC_KHZ,
        GET_VM_TSC_KHZ,
        SET_VM_TSC_KHZ,
        SET_CLOCK,
        SET_CLOCK_BY_REALTIME,
        WRITE_SYSTEM_TIME,
        KVMCLOCK_CTRL,
        READ_PVCLOCK_PAGE,
        WRITE_PVCLOCK_PAGE,
        VCPU_LOAD,
        CANCEL_ENTRY,
        ASK_FOR_CLOCK_UPDATE,
        ASK_FOR_MASTERCLOCK_UPDATE,
        PERFORM_MASTERCLOCK_UPDATE,
        GUEST_REENTER,
        GUEST_READ_CLOCK,
        GUEST_CLEARS_STOPPED,
        GUEST_WRITE_SYSTEM_TIME,
        HOST_CLOCKSOURCE,
        HOST_TSC_UNSTABLE,
        HOST_RESUMES,
        HOST_REALTIME
    }

    /** The same with another word. */
    Act with(Word another) {
        return new Act(kind, vcpu, choice, another, cycles);
    }

    /** The same with another choice. */
    Act with(int another) {
        return new Act(kind, vcpu, another, word, cycles);
    }

    private static final ImmutableSet<Kind> OF_THE_VM = ImmutableSet.of(
            Kind.GET_CLOCK, Kind.GET_VM_TSC_KHZ, Kind.SET_VM_TSC_KHZ, Kind.SET_CLOCK, Kind.SET_CLOCK_BY_REALTIME);

    /** Any word, or one near the vCPU's present value, as a restore writes. */
    record Word(boolean relative, long number) {
        long from(long base) {
            return relative ? base + number : number;
        }

        /** The same number as a distance. */
        Word near() {
            return new Word(true, number);
        }

        /** The same at another rate, if it is a number of cycles. */
        Word times(int rates) {
            return new Word(relative, rates * number);
        }
    }

    /** From 0 to twice the host's rate; KVM catches up with a faster rate where the host cannot scale. */
    private static int rate(X86Host host, Word word) {
        return 2 * host.tscKhz() - Math.floorMod(word.number(), 2 * host.tscKhz());
    }

    /** Whether the act is one of {@code in}, of all choices. */
    private boolean one(int in) {
        return choice % in == 0;
    }

    /** One in eight is too high for a host that scales. */
    private int rateOfVcpu(X86Host host, Word by) {
        return one(8) && host.scaling().supported() ? host.scaling().maxGuestTscKhz(host.tscKhz()) : rate(host, by);
    }

    private boolean even() {
        return one(2);
    }

    /**
     * The VM's rate. (Where the host cannot scale, a rate below the host's only when no vCPU will be created: such a
     * vCPU is not modelled.) One in four is about as high as the host's hardware can scale, or too high.
     */
    private int rateOfVm(X86Host host, Word by, boolean vcpusToCome) {
        if (one(4)) {
            return host.scaling().supported()
                    ? host.scaling().maxGuestTscKhz(host.tscKhz()) - (one(8) ? 1 : 0)
                    : Integer.MAX_VALUE;
        }
        return Math.max(rate(host, by), host.scaling().supported() || !vcpusToCome ? 1 : host.tscKhz());
    }

    private void playOnVm(X86Host host, X86Vm vm, Word inCycles, boolean vcpusToCome) {
        switch (kind) {
            case SET_VM_TSC_KHZ -> vm.setVmTscKhz(rateOfVm(host, inCycles, vcpusToCome));
            case GET_VM_TSC_KHZ -> vm.getVmTscKhz();
            case SET_CLOCK -> vm.setClock(word.number(), even() ? 0 : choice / 2 % 16, 0);
            case SET_CLOCK_BY_REALTIME -> vm.setClock(word.number(), KvmAbi.CLOCK_REALTIME, word.from(host.realtime()));
            default -> vm.getClock();
        }
    }

    private void playOnHost(X86Host host, Word inCycles, List<X86Vcpu> vcpus) {
        switch (kind) {
            case HOST_CLOCKSOURCE -> host.setTscClocksource(even() && !host.tscUnstable());
            case HOST_TSC_UNSTABLE -> host.markTscUnstable();
            case HOST_RESUMES -> {
                if (vcpus.stream().noneMatch(v -> v.inGuest() || v.entering())) {
                    host.resume(missing(inCycles), cycles);
                }
            }
            default -> host.setRealtime(word.from(host.realtime()));
        }
    }

    /** From 1 on, and far below what would be less than nothing. */
    private static long missing(Word word) {
        return Math.max(1, word.number() >>> 4);
    }

    void play(X86Host host, X86Vm vm, List<X86Vcpu> vcpus, int most) {
        play(host, vm, vcpus, most, 1);
    }

    /**
     * Plays the act on a host with so many times the rate, so that the same happens after the same time: numbers of
     * cycles and rates are larger, ns are not.
     *
     * @param most the most vCPUs
     * @param rates how many times the host's rate, positive
     */
    void play(X86Host host, X86Vm vm, List<X86Vcpu> vcpus, int most, int rates) {
        host.advance(rates * cycles);
        Word inCycles = word.times(rates);
        if (OF_THE_VM.contains(kind)) {
            playOnVm(host, vm, inCycles, vcpus.size() < most);
            return;
        }
        if (kind.name().startsWith("HOST_")) {
            playOnHost(host, inCycles, vcpus);
            return;
        }
        if (vcpus.isEmpty() || (kind == Kind.CREATE_VCPU && vcpus.size() < most)) {
            vcpus.add(vm.createVcpu(vcpus.size()));
            return;
        }
        X86Vcpu target = vcpus.get(vcpu % vcpus.size());
        finishEntry(target);
        if (kind == Kind.PERFORM_MASTERCLOCK_UPDATE) {
            target.askForMasterclockUpdate();
            target.performMasterclockUpdate();
            return;
        }
        boolean inside = kind == Kind.EXIT_GUEST || kind.name().startsWith("GUEST_");
        if (inside && !target.inGuest()) {
            target.enterGuest();
        } else if (!inside && target.inGuest()) {
            target.exitGuest();
        }
        playOnVcpu(host, vm, vcpus, target, inCycles);
    }

    /** A vCPU that has performed a masterclock update goes on into the guest. */
    private static void finishEntry(X86Vcpu vcpu) {
        if (vcpu.entering() && vcpu.inGuest()) {
            vcpu.reenterGuest();
        } else if (vcpu.entering()) {
            vcpu.enterGuest();
        }
    }

    /** All vCPUs return from KVM_RUN. */
    static void exitAll(List<X86Vcpu> vcpus) {
        vcpus.forEach(Act::finishEntry);
        vcpus.stream().filter(X86Vcpu::inGuest).forEach(X86Vcpu::exitGuest);
    }

    private void playOnVcpu(X86Host host, X86Vm vm, List<X86Vcpu> vcpus, X86Vcpu target, Word inCycles) {
        switch (kind) {
            case WRITE_TSC -> target.writeTsc(inCycles.from(host.rdtsc() + target.tscOffset()));
            case SET_TSC_OFFSET, GET_TSC_OFFSET -> playOffset(vm, target, inCycles);
            case READ_TSC -> target.readTsc();
            case EXIT_GUEST -> target.exitGuest();
            case GUEST_READ_TSC -> target.guestReadTsc();
            case GUEST_WRITE_TSC -> target.guestWriteTsc(inCycles.from(host.rdtsc() + target.tscOffset()));
            case GUEST_WRITE_TSC_ADJUST -> target.guestWriteTscAdjust(inCycles.from(0));
            case GUEST_READ_TSC_ADJUST -> target.guestReadTscAdjust();
            case WRITE_TSC_ADJUST -> target.writeTscAdjust(inCycles.from(0));
            case SET_LAPIC -> target.setLapic(!one(3));
            case WRITE_TSC_DEADLINE -> target.writeTscDeadline(deadline(host, target, inCycles));
            case READ_TSC_DEADLINE -> target.readTscDeadline();
            case TIMER_FIRES -> target.timerFires();
            case GUEST_SETS_TIMER -> target.guestSetsTimer(!one(3), deadline(host, target, inCycles));
            case SET_TSC_KHZ -> target.setTscKhz(rateOfVcpu(host, inCycles));
            case GET_TSC_KHZ -> target.getTscKhz();
            case READ_TSC_ADJUST -> target.readTscAdjust();
            case WRITE_SYSTEM_TIME -> target.writeSystemTime(even(), one(3));
            case WRITE_PVCLOCK_PAGE ->
                target.writePvclockPage(
                        (int) (word.number() & 0xfffe),
                        new PvclockPage.Contents(
                                inCycles.number(),
                                cycles,
                                target.pvclockPage().contents().scale(),
                                choice % 4));
            case KVMCLOCK_CTRL -> target.kvmclockCtrl();
            case READ_PVCLOCK_PAGE -> target.readPvclockPage();
            case VCPU_LOAD -> target.load();
            case CANCEL_ENTRY -> target.cancelEntry();
            case ASK_FOR_CLOCK_UPDATE -> target.askForClockUpdate();
            case ASK_FOR_MASTERCLOCK_UPDATE -> target.askForMasterclockUpdate();
            case GUEST_REENTER -> target.reenterGuest();
            case GUEST_READ_CLOCK, GUEST_CLEARS_STOPPED, GUEST_WRITE_SYSTEM_TIME -> playKvmclock(target, vcpus);
            default -> target.enterGuest();
        }
    }

    /** Mostly near the guest's TSC, so that it is sometimes reached; none in one of eight. */
    private long deadline(X86Host host, X86Vcpu target, Word by) {
        return one(8) ? 0 : by.from(host.rdtsc() + target.tscOffset());
    }

    private void playOffset(X86Vm vm, X86Vcpu target, Word by) {
        if (!vm.hasTscOffsetAttribute()) {
            target.readTsc();
        } else if (kind == Kind.SET_TSC_OFFSET) {
            target.setTscOffset(by.from(target.tscOffset()));
        } else {
            target.getTscOffset();
        }
    }

    /** An act that needs a page sets one up first. */
    private void playKvmclock(X86Vcpu target, List<X86Vcpu> vcpus) {
        target.guestWriteSystemTime(kind != Kind.GUEST_WRITE_SYSTEM_TIME || even(), one(3), one(5));
        target.reenterGuest();
        X86Vcpu through = vcpus.get(0);
        if (kind == Kind.GUEST_READ_CLOCK) {
            boolean shared = even()
                    && through.showsClock()
                    && through.pvclockPage().contents().stable();
            target.guestReadClock(shared ? through : target);
        } else if ((target.pvclockPage().contents().flags() & KvmAbi.PVCLOCK_GUEST_STOPPED) != 0) {
            target.guestClearsStopped();
        }
    }
}
