package dev.longitude.recording;

import dev.longitude.kernel.KvmAbi;

/** One line of the kernel's tracepoints that shows something of the modelled state. */
sealed interface Tracepoint {
    /** The thread that it happened in. */
    Where where();

    /**
     * Where and when.
     *
     * @param line the line of the file
     * @param pid the kernel's number of the thread
     * @param comm the thread's name, at most 15 characters of it
     * @param tsc the host's TSC, cycles, when the line was written: after what it shows, by as long as the thread was preempted
     */
    record Where(int line, int pid, String comm, long tsc) {}

    default long tsc() {
        return where().tsc();
    }

    /** The id of the vCPU that it is about, or -1: the line does not say. */
    default int vcpu() {
        return -1;
    }

    /** Whether it is an access of an MSR that is one of the model's. */
    default boolean isOfClockMsr() {
        return this instanceof GuestMsr msr && KvmAbi.Msr.of(msr.index()).isPresent();
    }

    /** kvm_write_tsc_offset: the vCPU's offset before and after. */
    record WriteTscOffset(Where where, @Override int vcpu, long prev, long next) implements Tracepoint {
        /** By how much the vCPU's TSC went on at once, cycles; less than 0 if it went back. */
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

    /** kvm_update_master_clock: a masterclock update was performed. */
    record UpdateMasterClock(Where where, boolean masterclock, String hostClock) implements Tracepoint {}

    /** kvm_pvclock_update: a vCPU's page was written. The version belongs to the guest's memory and is left out. */
    record PvclockUpdate(
            Where where, @Override int vcpu, long tscTimestamp, long systemTime, long mul, int shift, int flags)
            implements Tracepoint {}

    /** kvm_msr: the guest accessed an MSR: one of the model's, or it wrote one of which nobody knows what it moves. */
    record GuestMsr(Where where, boolean write, long index, long data) implements Tracepoint {}
}
