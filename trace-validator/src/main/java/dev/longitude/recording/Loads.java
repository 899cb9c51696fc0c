package dev.longitude.recording;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.SetMultimap;
import dev.longitude.trace.Interval;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The loads of vCPUs on a host whose TSC is unstable. KVM then gives a vCPU a new offset at each load, so that its TSC
 * goes on from where KVM saw it last, and at most entries it raises the TSC to where it should be. Both are
 * kvm_write_tsc_offset in the tracepoints: a load takes the TSC back, by the time that has passed since; catching up
 * takes it on. Every ioctl of a vCPU loads it, those too that have nothing to do with time, and so does a thread that
 * comes back after it was preempted.
 */
final class Loads {
    /** How long a tracepoint may come after what it tells of, cycles: a thread may be preempted in between. */
    private static final long LAG = 1L << 23;

    private final Tracepoints tracepoints;
    private final List<Tracepoints.WriteTscOffset> outside;

    /** The offsets that each vCPU has had: of two VMs' vCPUs with the same index, one has had what was there before. */
    private final SetMultimap<List<Integer>, Long> offsets = HashMultimap.create();

    /**
     * The loads that a log's tracepoints show.
     *
     * @param records the log: what happens within none of its operations belongs to an operation that it leaves out
     */
    Loads(Tracepoints tracepoints, List<IoctlRecord> records) {
        this.tracepoints = tracepoints;
        Set<Tracepoints.WriteTscOffset> within = new HashSet<>();
        for (IoctlRecord record : records) {
            if (record.host() != null && record.vcpu() != null) {
                within.addAll(tracepoints.offsetsWritten(record.vcpu(), record.host()));
            }
        }
        this.outside = new ArrayList<>(tracepoints.offsetsWritten());
        outside.removeAll(within);
    }

    /** Whether a vCPU's offset is written within an operation that does not write it. */
    static boolean areShown(Tracepoints tracepoints, List<IoctlRecord> records) {
        return records.stream()
                .filter(r -> r.op().startsWith("KVM_GET_") || r.op().equals("KVM_SET_CPUID2"))
                .anyMatch(r -> r.host() != null
                        && r.vcpu() != null
                        && !tracepoints.offsetsWritten(r.vcpu(), r.host()).isEmpty());
    }

    /** A load outside of all of the log's operations. */
    record Outside(int vm, Tracepoints.WriteTscOffset write) {}

    /**
     * What is loaded before an instant, outside of all of the log's operations.
     *
     * @return the loads, in order; their tracepoints are taken now
     */
    ImmutableList<Outside> before(long tsc) {
        ImmutableList.Builder<Outside> due = ImmutableList.builder();
        for (Tracepoints.WriteTscOffset write : List.copyOf(outside)) {
            Integer vm = write.tsc() - tsc < 0 && !tracepoints.isTaken(write) ? vmOf(write) : null;
            if (vm != null) {
                outside.remove(write);
                due.add(new Outside(vm, take(vm, write)));
            }
        }
        return due.build();
    }

    /**
     * What is loaded within an operation, before it writes an offset itself.
     *
     * @param writes whether the operation writes an offset itself: its own is the last before the books are brought up to
     *     date
     * @return the tracepoints, in order; they are taken now
     */
    ImmutableList<Tracepoints.WriteTscOffset> within(int vm, int vcpu, Interval operation, boolean writes) {
        List<Tracepoints.WriteTscOffset> all = tracepoints.offsetsWritten(vcpu, operation).stream()
                .filter(w -> !tracepoints.isTaken(w))
                .toList();
        Optional<Tracepoints.TrackTsc> booked = writes ? tracepoints.tracked(vcpu, operation) : Optional.empty();
        Tracepoints.WriteTscOffset own = null;
        if (writes) {
            for (Tracepoints.WriteTscOffset write : all) {
                if (booked.isEmpty() || write.tsc() - booked.get().tsc() <= 0) {
                    own = write;
                }
            }
        }
        ImmutableList.Builder<Tracepoints.WriteTscOffset> loads = ImmutableList.builder();
        for (Tracepoints.WriteTscOffset write : all) {
            if (Objects.equals(write, own)) {
                break;
            }
            loads.add(take(vm, write));
        }
        return loads.build();
    }

    /**
     * Whether a write of a vCPU's offset takes its TSC back by no more than the time since the write before: else it is
     * caught up with, if need be past the end of the word.
     */
    static boolean isLoad(Tracepoints.WriteTscOffset write, Tracepoints.@Nullable WriteTscOffset before) {
        return write.step() <= 0 && (before == null || write.step() + (write.tsc() - before.tsc()) + LAG >= 0);
    }

    /** Takes a write of an offset, of whatever kind. */
    Tracepoints.WriteTscOffset take(int vm, Tracepoints.WriteTscOffset write) {
        tracepoints.take(write);
        offsets.put(List.of(vm, write.vcpu()), write.next());
        return write;
    }

    /** The VM whose vCPU had the offset before; null if none had. */
    private @Nullable Integer vmOf(Tracepoints.WriteTscOffset write) {
        return offsets.entries().stream()
                .filter(e -> e.getValue() == write.prev() && e.getKey().get(1) == write.vcpu())
                .map(e -> e.getKey().get(0))
                .max(Integer::compare)
                .orElse(null);
    }

    /**
     * Until when KVM can have seen a vCPU's TSC last before its next loads: each goes on from there, at most when its
     * tracepoint was written.
     *
     * @param write what gave the vCPU the offset that it had then
     * @param from since when at the earliest; what goes back farther is no load, but a write of the guest's
     * @return the host's TSC, cycles; empty if no load follows
     */
    Optional<Long> seenUntil(Tracepoints.WriteTscOffset write, long from) {
        Long until = null;
        Tracepoints.WriteTscOffset before = write;
        for (Tracepoints.WriteTscOffset load : tracepoints.offsetsWritten()) {
            if (load.vcpu() == before.vcpu() && load.prev() == before.next() && load.tsc() - before.tsc() > 0) {
                long seen = load.tsc() + load.next() - write.next();
                if (!isLoad(load, before) || tracepoints.isBooked(load) || seen - from < 0) {
                    break;
                }
                until = until == null || seen - until < 0 ? (Long) seen : until;
                before = load;
            }
        }
        return Optional.ofNullable(until);
    }
}
