package dev.longitude.recording;

import dev.longitude.kernel.KvmAbi;

/** One line of the kernel's tracepoints that shows modelled state. */
sealed interface Tracepoint {
    /** The thread that it happened in. */
    Where where();

    /**
     * Where and when.
     *
     * @param line the line of the file
     * @param pid the kernel's number of the thread
     * @param comm the thread's name, at most 15 characters of it
     * @param tsc the host's TSC, cycles, when the kernel wrote the line: after the event, later by the time that the
     *     thread was preempted
     */
    record Where(int line, int pid, String comm, long tsc) {}

    default long tsc() {
        return where().tsc();
    }

    /** The id of its vCPU; -1 if the line does not show it. */
    default int vcpu() {
        return -1;
    }

    /** The same at another reading of the host's TSC. */
    default Tracepoint at(long tsc) {
        Where moved = new Where(where().line(), where().pid(), where().comm(), tsc);
        if (this instanceof WriteTscOffset p) {
            return new WriteTscOffset(moved, p.vcpu, p.prev, p.next);
        } else if (this instanceof TrackTsc p) {
            return new TrackTsc(moved, p.vcpu, p.masterclock, p.nrMatched, p.hostClock);
        } else if (this instanceof UpdateMasterClock p) {
            return new UpdateMasterClock(moved, p.masterclock, p.hostClock);
        } else if (this instanceof PvclockUpdate p) {
            return new PvclockUpdate(moved, p.vcpu, p.tscTimestamp, p.systemTime, p.mul, p.shift, p.flags);
        }
        GuestMsr p = (GuestMsr) this;
        return new GuestMsr(moved, p.write, p.index, p.data);
    }

    /** Whether it is an access of a modelled MSR. */
    default boolean isOfClockMsr() {
        return this instanceof GuestMsr msr && KvmAbi.Msr.of(msr.index()).isPresent();
    }

    /** kvm_write_tsc_offset: the vCPU's offset before and after. */
    record WriteTscOffset(Where where, @Override int vcpu, long prev, long next) implements Tracepoint {
        /** The jump of the vCPU's TSC, cycles; negative if it went back. */
        long step() {
            return next - prev;
        }
    }

    /**
     * kvm_track_tsc: what KVM counts after a host's write of a TSC.
     *
     * @param hostClock the clocksource's mode as the kernel prints it: {@code none}, {@code tsc}, or a number
     */
    record TrackTsc(Where where, @Override int vcpu, boolean masterclock, int nrMatched, String hostClock)
            implements Tracepoint {}

    /** kvm_update_master_clock: KVM performed a masterclock update. */
    record UpdateMasterClock(Where where, boolean masterclock, String hostClock) implements Tracepoint {}

    /** kvm_pvclock_update: KVM wrote a vCPU's page. The version belongs to the guest's memory and is left out. */
    record PvclockUpdate(
            Where where, @Override int vcpu, long tscTimestamp, long systemTime, long mul, int shift, int flags)
            implements Tracepoint {}

    /** kvm_msr: the guest accessed a modelled MSR, or wrote an MSR with unknown effect. */
    record GuestMsr(Where where, boolean write, long index, long data) implements Tracepoint {}
}
