package dev.longitude.properties;

import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.List;

/**
 * One thing that is done to a VM. Any sequence of acts can be played: an act on a vCPU that does not exist creates one
 * instead, and one that needs a vCPU out of the guest (or in it) first brings it there.
 *
 * @param vcpu which vCPU, counted round
 * @param word a value or an offset
 * @param cycles that pass before
 */
record Act(Kind kind, int vcpu, Word word, long cycles) {
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
        SET_TSC_KHZ,
        GET_TSC_KHZ,
        SET_CLOCK
    }

    /** A word on its own, or near what the vCPU has now: what a restore writes. */
    record Word(boolean relative, long number) {
        long from(long base) {
            return relative ? base + number : number;
        }
    }

    /** The host's rate or a slower one: a faster one would be caught up with where the host cannot scale. */
    private int rate(X86Host host) {
        return host.tscKhz() - Math.floorMod(word.number(), host.tscKhz());
    }

    void play(X86Host host, X86Vm vm, List<X86Vcpu> vcpus, int most) {
        host.advance(cycles);
        if (kind == Kind.GET_CLOCK) {
            vm.getClock();
            return;
        }
        if (kind == Kind.SET_CLOCK) {
            vm.setClock();
            return;
        }
        if (vcpus.isEmpty() || (kind == Kind.CREATE_VCPU && vcpus.size() < most)) {
            vcpus.add(vm.createVcpu(vcpus.size()));
            return;
        }
        X86Vcpu target = vcpus.get(vcpu % vcpus.size());
        boolean inside = kind == Kind.EXIT_GUEST || kind.name().startsWith("GUEST_");
        if (inside && !target.inGuest()) {
            target.enterGuest();
        } else if (!inside && target.inGuest()) {
            target.exitGuest();
        }
        switch (kind) {
            case WRITE_TSC -> target.writeTsc(word.from(host.rdtsc() + target.tscOffset()));
            case SET_TSC_OFFSET -> target.setTscOffset(word.from(target.tscOffset()));
            case GET_TSC_OFFSET -> target.getTscOffset();
            case READ_TSC -> target.readTsc();
            case EXIT_GUEST -> target.exitGuest();
            case GUEST_READ_TSC -> target.guestReadTsc();
            case GUEST_WRITE_TSC -> target.guestWriteTsc(word.from(host.rdtsc() + target.tscOffset()));
            case GUEST_WRITE_TSC_ADJUST -> target.guestWriteTscAdjust(word.from(0));
            case GUEST_READ_TSC_ADJUST -> target.guestReadTscAdjust();
            case WRITE_TSC_ADJUST -> target.writeTscAdjust(word.from(0));
            case SET_TSC_KHZ -> target.setTscKhz(rate(host));
            case GET_TSC_KHZ -> target.getTscKhz();
            case READ_TSC_ADJUST -> target.readTscAdjust();
            case CREATE_VCPU, ENTER_GUEST, GET_CLOCK, SET_CLOCK -> target.enterGuest();
        }
    }
}
