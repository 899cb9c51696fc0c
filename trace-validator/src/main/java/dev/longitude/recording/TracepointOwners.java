package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.LinkedHashMultimap;
import com.google.common.collect.SetMultimap;
import dev.longitude.trace.Interval;
import dev.longitude.trace.VcpuId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Assigns each tracepoint to an operation of a log: one of its vCPU and thread, during which the kernel wrote it. A
 * line has the number and the name of its thread, but no VM.
 */
final class TracepointOwners {
    private final List<Segment> segments;
    private final boolean unstable;
    private final Findings findings;

    /** The names of the threads in the tracepoints, and their numbers: a log uses either. */
    private final Set<String> names = new HashSet<>();

    private final Map<VcpuId, Written> latest = new HashMap<>();

    /** For each thread of the kernel, the threads of the log that it can be. */
    private final SetMultimap<Integer, Integer> lanesOfThread = LinkedHashMultimap.create();

    private TracepointOwners(List<Segment> segments, TracepointFile file, boolean unstable, Findings findings) {
        this.segments = segments;
        this.unstable = unstable;
        this.findings = findings;
        for (Tracepoint point : file.points()) {
            names.add(point.where().comm());
            names.add(String.valueOf(point.where().pid()));
        }
    }

    /**
     * The same operations with their tracepoints.
     *
     * @param segments in order of time
     * @param unstable whether the host's TSC is unstable: then every ioctl of a vCPU writes its offset
     */
    static ImmutableList<Segment> give(
            ImmutableList<Segment> segments, TracepointFile file, boolean unstable, Findings findings) {
        return new TracepointOwners(segments, file, unstable, findings).given(file);
    }

    private ImmutableList<Segment> given(TracepointFile file) {
        List<List<Segment>> candidates = candidates(file.points());
        for (int i = 0; i < candidates.size(); i++) {
            if (candidates.get(i).size() == 1) {
                lanesOfThread.put(
                        file.points().get(i).where().pid(),
                        candidates.get(i).get(0).lane());
            }
        }
        IdentityHashMap<Segment, ImmutableList.Builder<Tracepoint>> owned = new IdentityHashMap<>();
        List<Segment> unrecorded = new ArrayList<>();
        int within = 0;
        int outside = 0;
        for (int i = 0; i < candidates.size(); i++) {
            Tracepoint point = file.points().get(i);
            List<Segment> those = ofThread(candidates.get(i), point);
            if (those.size() == 1) {
                owned.computeIfAbsent(those.get(0), k -> ImmutableList.builder())
                        .add(point);
                if (point instanceof Tracepoint.WriteTscOffset write) {
                    latest.put(new VcpuId(those.get(0).vm(), write.vcpu()), new Written(those.get(0), write));
                }
                continue;
            }
            if (those.isEmpty() && isAfterLog(point)) {
                outside++;
                continue;
            }
            Optional<Segment> load = those.isEmpty() ? unrecordedLoad(point) : Optional.empty();
            if (load.isPresent()) {
                unrecorded.add(load.get());
                continue;
            }
            within += those.isEmpty() ? 0 : 1;
            outside += those.isEmpty() ? 1 : 0;
            if (!(point instanceof Tracepoint.GuestMsr msr) || msr.write()) {
                findings.assume(
                        lineBefore(point.tsc()),
                        null,
                        point.tsc(),
                        "that line " + point.where().line()
                                + " of the tracepoints, which no operation of the log explains, concerns none of"
                                + " its VMs");
            }
        }
        note(outside, "within no operation of the log that can explain them");
        note(within, "within several operations that can explain them");
        List<Segment> all = new ArrayList<>();
        for (Segment segment : segments) {
            ImmutableList.Builder<Tracepoint> points = owned.get(segment);
            all.add(points == null ? segment : segment.with(points.build()));
        }
        if (!unrecorded.isEmpty()) {
            findings.note(
                    unrecorded.size() + " loads of a vCPU in the tracepoints belong to ioctls that are not in the log");
            all.addAll(unrecorded);
            long origin = segments.get(0).when().lo();
            all.sort(Comparator.comparingLong(s -> s.when().lo() - origin));
        }
        return ImmutableList.copyOf(all);
    }

    /**
     * Whether the kernel wrote a tracepoint after the end of the log: it then concerns none of the log's operations.
     */
    private boolean isAfterLog(Tracepoint point) {
        return segments.stream().allMatch(s -> s.when().hi() - point.tsc() < 0);
    }

    /** The last write of a vCPU's offset that belongs to an operation. */
    private record Written(Segment segment, Tracepoint.WriteTscOffset write) {}

    /**
     * On an unstable TSC each load of a vCPU writes its offset. A write outside all operations of the log belongs to an
     * unrecorded ioctl; its former offset shows the vCPU.
     */
    private Optional<Segment> unrecordedLoad(Tracepoint point) {
        if (!unstable || !(point instanceof Tracepoint.WriteTscOffset write) || write.prev() == 0 || write.step() > 0) {
            return Optional.empty();
        }
        List<Written> those = latest.values().stream()
                .filter(w -> w.write.vcpu() == write.vcpu() && w.write.next() == write.prev())
                .toList();
        if (those.size() != 1) {
            return Optional.empty();
        }
        Segment before = those.get(0).segment;
        Set<Integer> lanes = lanesOfThread.get(point.where().pid());
        IoctlRecord record = IoctlRecord.unrecorded(before.record());
        findings.assume(
                record.line(),
                before.vm(),
                point.tsc(),
                "that line " + point.where().line()
                        + " of the tracepoints shows a load of its vCPU, in an ioctl that is not in the log");
        int lane = lanes.size() == 1 ? lanes.iterator().next() : before.lane();
        long lo = those.get(0).write.tsc();
        for (Segment segment : segments) { // (the thread had finished its earlier operations)
            long end = segment.when().hi();
            lo = segment.lane() == lane && end - lo > 0 && end - point.tsc() <= 0 ? end : lo;
        }
        Segment load = new Segment(
                record,
                before.vm(),
                before.vcpu(),
                lane,
                new Interval(lo, point.tsc()),
                true,
                null,
                ImmutableList.of(point));
        latest.put(new VcpuId(before.vm(), write.vcpu()), new Written(load, write));
        return Optional.of(load);
    }

    private void note(int lines, String where) {
        if (lines > 0) {
            findings.note("tracepoints not used: " + lines + " that lie " + where);
        }
    }

    private int lineBefore(long tsc) {
        int line = 0;
        for (Segment segment : segments) {
            if (segment.when().lo() - tsc <= 0) {
                line = segment.record().line();
            }
        }
        return line;
    }

    /** For each tracepoint the operations that can explain it. */
    private List<List<Segment>> candidates(List<Tracepoint> points) {
        List<List<Segment>> all = new ArrayList<>();
        List<Segment> current = new ArrayList<>();
        int next = 0;
        for (Tracepoint point : points) {
            while (next < segments.size() && segments.get(next).when().lo() - point.tsc() <= 0) {
                current.add(segments.get(next++));
            }
            current.removeIf(s -> s.when().hi() - point.tsc() < 0);
            all.add(current.stream().filter(s -> explains(s, point)).toList());
        }
        return all;
    }

    private boolean explains(Segment segment, Tracepoint point) {
        IoctlRecord record = segment.record();
        if (IoctlTable.harmless(record.op()).isPresent() && !unstable) {
            return false;
        }
        String label = record.thread();
        if (label != null
                && names.contains(label)
                && !label.equals(point.where().comm())
                && !label.equals(String.valueOf(point.where().pid()))) {
            return false;
        }
        boolean run = record.is("KVM_RUN");
        boolean writes = record.is(IoctlRecord.SHOWN_WRITE)
                || record.is("KVM_CREATE_VCPU")
                || record.is("KVM_SET_MSRS")
                || record.is("KVM_SET_DEVICE_ATTR");
        boolean mine = segment.vcpu() == point.vcpu();
        if (point instanceof Tracepoint.WriteTscOffset) {
            return mine && (run || writes || unstable);
        }
        if (point instanceof Tracepoint.TrackTsc) {
            return mine && writes;
        }
        if (point instanceof Tracepoint.UpdateMasterClock) {
            return run
                    || record.is(IoctlRecord.SHOWN_UPDATE)
                    || record.is("KVM_CREATE_VM")
                    || (record.is("KVM_SET_CLOCK") && !record.failed());
        }
        return run && (mine || point instanceof Tracepoint.GuestMsr);
    }

    private List<Segment> ofThread(List<Segment> candidates, Tracepoint point) {
        Set<Integer> lanes = lanesOfThread.get(point.where().pid());
        if (candidates.size() < 2 || lanes.isEmpty()) {
            return candidates;
        }
        return candidates.stream().filter(s -> lanes.contains(s.lane())).toList();
    }
}
