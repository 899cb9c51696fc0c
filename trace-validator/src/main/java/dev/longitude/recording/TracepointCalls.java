package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.Interval;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The calls behind the tracepoints of one VM. A thread is in a call when the kernel writes a line, and not in two: each
 * call lasts from the thread's line before it to its own last line.
 */
final class TracepointCalls {
    /** How long before the first line the VM may have been created, cycles. */
    private static final long BEFORE = 1L << 32;

    private static final int VM = 0;

    private final String source;
    private final List<Tracepoint> points;
    private final Map<Integer, List<Tracepoint>> ofThread = new HashMap<>();
    private final Map<Integer, Set<Integer>> vcpusOfThread = new HashMap<>();
    private final Map<Integer, Long> latest = new HashMap<>();

    /** The first write of each vCPU, if it had no offset before. */
    private final Set<Tracepoint> creations = new HashSet<>();

    private final List<IoctlRecord> records = new ArrayList<>();
    private long begin;

    TracepointCalls(String source, List<Tracepoint> points) {
        this.source = source;
        this.points = points;
        Set<Integer> vcpus = new HashSet<>();
        for (Tracepoint point : points) {
            int pid = point.where().pid();
            ofThread.computeIfAbsent(pid, p -> new ArrayList<>()).add(point);
            if (point instanceof Tracepoint.WriteTscOffset write && vcpus.add(write.vcpu()) && write.prev() == 0) {
                creations.add(write);
            }
            if (point instanceof Tracepoint.PvclockUpdate) {
                vcpusOfThread.computeIfAbsent(pid, p -> new HashSet<>()).add(point.vcpu());
            }
        }
    }

    /** The records of these calls, in order of time. */
    ImmutableList<IoctlRecord> records() {
        Tracepoint first = points.get(0);
        begin = first.tsc() - BEFORE;
        long vm = first instanceof Tracepoint.UpdateMasterClock ? first.tsc() : first.tsc() - 1;
        records.add(record(first, "KVM_CREATE_VM", null, new Interval(begin, vm)));
        latest.put(first.where().pid(), vm);
        ofThread.forEach((pid, own) -> thread(own, own.get(0).equals(first) && vm == first.tsc() ? 1 : 0));
        long origin = begin;
        records.sort((a, b) -> Long.compare(lo(a) - origin, lo(b) - origin));
        return ImmutableList.copyOf(records);
    }

    private static long lo(IoctlRecord record) {
        Interval host = record.host();
        return host == null ? 0 : host.lo();
    }

    private void thread(List<Tracepoint> own, int from) {
        for (int i = from; i < own.size(); ) {
            i = call(own, i);
        }
    }

    /** Adds the call that a line belongs to; returns the index of the first line behind it. */
    private int call(List<Tracepoint> own, int at) {
        Tracepoint point = own.get(at);
        int next = at + 1;
        Tracepoint following = next < own.size() ? own.get(next) : null;
        if (point instanceof Tracepoint.WriteTscOffset write
                && following instanceof Tracepoint.TrackTsc
                && following.vcpu() == point.vcpu()) {
            add(
                    point,
                    creations.contains(write) ? "KVM_CREATE_VCPU" : IoctlRecord.SHOWN_WRITE,
                    point.vcpu(),
                    following.tsc());
            return next + 1;
        }
        int end = next;
        while (end < own.size() && mayFollow(own, end, vcpu(own.subList(at, end)))) {
            end++;
        }
        Integer vcpu = vcpu(own.subList(at, end));
        add(
                point,
                vcpu == null ? IoctlRecord.SHOWN_UPDATE : "KVM_RUN",
                vcpu,
                own.get(end - 1).tsc());
        return end;
    }

    /**
     * Whether a line may belong to the same entry as those before it: an update comes first, if there is one, and a write
     * that the VMM makes has a kvm_track_tsc behind it.
     */
    private static boolean mayFollow(List<Tracepoint> own, int at, @Nullable Integer vcpu) {
        Tracepoint point = own.get(at);
        boolean ofVmm = point instanceof Tracepoint.TrackTsc
                || (point instanceof Tracepoint.WriteTscOffset
                        && at + 1 < own.size()
                        && own.get(at + 1) instanceof Tracepoint.TrackTsc);
        return !ofVmm
                && !(point instanceof Tracepoint.UpdateMasterClock)
                && (point.vcpu() < 0 || vcpu == null || point.vcpu() == vcpu);
    }

    /** The vCPU of the lines, or the only one of their thread; null if nothing shows it. */
    private @Nullable Integer vcpu(List<Tracepoint> lines) {
        for (Tracepoint line : lines) {
            if (line.vcpu() >= 0) {
                return line.vcpu();
            }
        }
        Set<Integer> those = vcpusOfThread.getOrDefault(lines.get(0).where().pid(), ImmutableSet.of());
        return those.size() == 1 ? those.iterator().next() : null;
    }

    private void add(Tracepoint point, String op, @Nullable Integer vcpu, long end) {
        int pid = point.where().pid();
        Long before = latest.put(pid, end);
        long lo = before == null ? begin : before + 1;
        // (Only the beginning of a KVM_RUN is certain: it lasts until the thread does something else.)
        records.add(record(point, op, vcpu, op.equals("KVM_RUN") ? new Interval(lo, lo) : new Interval(lo, end)));
    }

    private IoctlRecord record(Tracepoint point, String op, @Nullable Integer vcpu, Interval when) {
        Payload nothing = Payload.empty(source, point.where().line());
        return new IoctlRecord(
                point.where().line(),
                null,
                VM,
                vcpu,
                op,
                String.valueOf(point.where().pid()),
                nothing,
                nothing,
                0L,
                0,
                0,
                0,
                null,
                LogArchitecture.X86,
                when,
                ImmutableSet.of());
    }
}
