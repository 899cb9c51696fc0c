package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Interval;
import dev.longitude.trace.VcpuId;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a log with its thread, interval and tracepoints.
 *
 * @param vm the number of its VM in the trace; -1: none, or unknown
 * @param vcpu the id of its vCPU; -1: none, or unknown
 * @param lane the thread that did it, from 0: no two operations of one lane overlap
 * @param when the host's counter before and after it; for a KVM_RUN with only its start in the log, until its thread
 *     did something else
 * @param ends whether it is known to have ended
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

    /** The vCPU that it acts on, if the log shows it. */
    VcpuId id() {
        return new VcpuId(vm, vcpu);
    }

    /** Whether the log has the vCPU that it acts on, and the VM. */
    boolean isOnVcpu() {
        return vm >= 0 && vcpu >= 0;
    }
}
