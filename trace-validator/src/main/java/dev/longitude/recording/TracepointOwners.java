package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.LinkedHashMultimap;
import com.google.common.collect.SetMultimap;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Which operation of a log each tracepoint belongs to: one within which it was written, of its vCPU, by its thread. A line
 * names its thread by a number and the thread's name, and no VM.
 */
final class TracepointOwners {
    private final List<Segment> segments;
    private final boolean unstable;
    private final Findings findings;

    /** The names of the threads in the tracepoints, and their numbers: a log calls its threads by either. */
    private final Set<String> names = new HashSet<>();

    /** The threads of the log that a thread of the kernel's can be. */
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
        int within = 0;
        int outside = 0;
        for (int i = 0; i < candidates.size(); i++) {
            Tracepoint point = file.points().get(i);
            List<Segment> those = ofThread(candidates.get(i), point);
            if (those.size() == 1) {
                owned.computeIfAbsent(those.get(0), k -> ImmutableList.builder())
                        .add(point);
                continue;
            }
            within += those.isEmpty() ? 0 : 1;
            outside += those.isEmpty() ? 1 : 0;
            if (!(point instanceof Tracepoint.GuestMsr msr) || msr.write()) {
                findings.assume(
                        lineBefore(point.tsc()),
                        null,
                        point.tsc(),
                        "that what line " + point.where().line()
                                + " of the tracepoints shows, and no operation of the log explains, concerns none of its VMs");
            }
        }
        note(outside, "within no operation of the log that can explain them");
        note(within, "within several operations that can explain them");
        return segments.stream()
                .map(s -> owned.containsKey(s)
                        ? s.with(Objects.requireNonNull(owned.get(s)).build())
                        : s)
                .collect(ImmutableList.toImmutableList());
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

    /** For each point the operations that can explain it. */
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
        boolean writes = record.is("KVM_CREATE_VCPU") || record.is("KVM_SET_MSRS") || record.is("KVM_SET_DEVICE_ATTR");
        boolean mine = segment.vcpu() == point.vcpu();
        if (point instanceof Tracepoint.WriteTscOffset) {
            return mine && (run || writes || unstable);
        }
        if (point instanceof Tracepoint.TrackTsc) {
            return mine && writes;
        }
        if (point instanceof Tracepoint.UpdateMasterClock) {
            return run || record.is("KVM_CREATE_VM") || (record.is("KVM_SET_CLOCK") && !record.failed());
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
