package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Interval;
import dev.longitude.trace.VcpuId;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a log with all that belongs to it.
 *
 * @param vm the number of its VM in the trace; -1: it is for none, or the log does not say for which
 * @param vcpu the id of its vCPU; -1: it is for none, or the log does not say for which
 * @param lane the thread that did it, from 0: no two operations of one lane overlap
 * @param when the host's counter before and after it; of a KVM_RUN of which the log has only the beginning, until its thread
 *     did something else
 * @param ends whether it is known that it ended
 * @param realtime CLOCK_REALTIME, ns, before and after it; null if the log does not show it
 * @param points its tracepoints, in order
 */
record Segment(
        IoctlRecord record,
        int vm,
        int vcpu,
        int lane,
        Interval when,
        boolean ends,
        @Nullable Interval realtime,
        ImmutableList<Tracepoint> points) {

    Segment with(ImmutableList<Tracepoint> those) {
        return new Segment(record, vm, vcpu, lane, when, ends, realtime, those);
    }

    boolean is(String op) {
        return record.is(op);
    }

    /** From an instant of the segment to its end. */
    Interval from(long lo) {
        return new Interval(lo, when.hi());
    }

    /** The vCPU that it is for, if the log says for which. */
    VcpuId id() {
        return new VcpuId(vm, vcpu);
    }

    /** Whether the log has the vCPU that it is for, and the VM. */
    boolean isOnVcpu() {
        return vm >= 0 && vcpu >= 0;
    }
}
