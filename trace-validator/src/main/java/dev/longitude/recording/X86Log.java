package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Field;
import dev.longitude.trace.Interval;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Imports the ioctl log of an x86 host. The kernel read the host's TSC between the two readings of a record; at a
 * tracepoint it had done so.
 */
final class X86Log {
    /**
     * The modes of the host's clocksource that KVM treats as the TSC. The kernel prints "tsc" or "none", perf their numbers,
     * and all others are numbers: 3 is Hyper-V's page, and 2 is kvm-clock, which does not count as the TSC.
     */
    private static final ImmutableSet<String> TSC_MODES = ImmutableSet.of("tsc", "0x1", "0x3");

    private X86Log() {}

    /** Converts a log to a trace, with the tracepoints beside it if they use its clock. */
    static ImportedTrace read(RecordedRun run) throws TraceFormatException, IOException {
        if (run.orderOnly()) {
            return imported(run, TracepointFile.NONE);
        }
        TracepointFile beside = TracepointFile.beside(run.file());
        if (!beside.isOfAnotherClock(run.records())) {
            return read(run, beside);
        }
        return read(run, new TracepointFile(ImmutableList.of(), beside.unusable(), 0, false))
                .withNote("tracepoints not used: not one of the "
                        + beside.points().size()
                        + " lines lies within the log's host_tsc: written with another trace clock?");
    }

    private static ImportedTrace read(RecordedRun run, TracepointFile tracepoints) throws TraceFormatException {
        ImportedTrace trace = imported(run, tracepoints);
        if (run.host().hasClocksource()
                || run.host().unstable()
                || tracepoints.points().stream().anyMatch(p -> showsTsc(p) != null)) {
            return trace;
        }
        return run.assuming(
                trace, "that the host's clocksource is the TSC, which neither host.txt nor a tracepoint shows");
    }

    /** Converts a log to a trace, with these tracepoints. */
    static ImportedTrace imported(RecordedRun run, TracepointFile tracepoints) throws TraceFormatException {
        KernelProfile kernel = run.kernel();
        HostFacts host = run.host();
        ImmutableList<IoctlRecord> records = run.records();
        Findings findings = new Findings(run.orderOnly());
        tracepoints
                .unusable()
                .entrySet()
                .forEach(e -> findings.note("tracepoints not used: " + e.getCount() + " " + e.getElement()));
        X86HostRate rate = X86HostRate.of(run.source(), host, records, findings);
        ImmutableList<Tracepoint> points = tracepoints.points();
        Long end =
                points.isEmpty() ? null : (Long) points.get(points.size() - 1).tsc();
        if (tracepoints.missing() > 0 && !records.isEmpty() && !points.isEmpty()) {
            findings.assume(
                    records.get(0).line(),
                    null,
                    points.get(0).tsc(),
                    "that the " + tracepoints.missing()
                            + " lines that the tracepoints lack by the count in their head showed nothing");
        }
        ImmutableList<Segment> plain = Segments.of(
                run.source(), records, LogArchitecture.X86.counterKey(), findings, end, tracepoints.sharedNames());
        boolean unstable = isUnstable(host, plain, points, findings);
        if (unstable && points.stream().noneMatch(Tracepoint.WriteTscOffset.class::isInstance) && !plain.isEmpty()) {
            Segment first = plain.get(0);
            findings.stop(
                    first.record().line(),
                    null,
                    first.when().lo(),
                    "the host's TSC is unstable: each load of a vCPU moves its offset, and no tracepoint shows where to");
        }
        if (host.ignoresTscOffsets() && !plain.isEmpty()) {
            Segment first = plain.get(0);
            String offsets =
                    "that this host's KVM gives a guest the TSC of its offset, although host.txt says that it ignores"
                            + " offsets";
            findings.note("doubtful: " + offsets);
            findings.assume(first.record().line(), null, first.when().lo(), offsets);
        }
        ImmutableList<Segment> segments = TracepointOwners.give(plain, tracepoints, unstable, findings);
        int lanes = 1 + segments.stream().mapToInt(Segment::lane).max().orElse(0);
        EventList list = new EventList(lanes, Segments.overlap(segments));
        X86Overview overview = new X86Overview(kernel, rate, unstable, segments, points);
        X86Events events = new X86Events(
                kernel, rate, unstable, list, findings, overview, new X86Timers(list, segments, unstable));
        boolean tscAtFirst = !unstable
                && (host.hasClocksource()
                        ? host.tscClocksource()
                        : points.stream()
                                .map(X86Log::showsTsc)
                                .filter(Objects::nonNull)
                                .findFirst()
                                .orElse(true));
        if (!host.showsClocksourceKhz()) {
            findings.assumeClockRate();
        }
        if (!unstable) {
            switches(tscAtFirst, segments, points, list, findings);
        }
        for (Segment segment : segments) {
            events.take(segment);
        }
        TraceHeader header = new TraceHeader(
                kernel,
                new TraceHeader.X86(
                        rate.khz(),
                        host.clocksourceKhz().orElse(rate.khz()),
                        rate.fracBits() == null ? 0 : rate.fracBits(),
                        tscAtFirst,
                        unstable),
                Math.max(1, events.mostVcpus()),
                run.origin());
        return findings.imported(run.source(), header, list);
    }

    /**
     * Whether the host's TSC is unstable. host.txt may have a message that is later than the log; as long as a tracepoint
     * shows the TSC as clocksource, it was stable.
     */
    private static boolean isUnstable(
            HostFacts host, List<Segment> segments, List<Tracepoint> points, Findings findings) {
        Tracepoint load =
                points.stream().filter(p -> showsLoad(p, segments)).findFirst().orElse(null);
        Tracepoint stable = points.stream()
                .takeWhile(p -> p != load)
                .filter(p -> Boolean.TRUE.equals(showsTsc(p)))
                .reduce((earlier, later) -> later)
                .orElse(null);
        if (stable == null || segments.isEmpty()) {
            return host.unstable() || load != null;
        }
        int line = segments.get(0).record().line();
        for (Segment segment : segments) {
            line = segment.when().lo() - stable.tsc() <= 0 ? segment.record().line() : line;
        }
        if (load != null) {
            findings.stop(
                    line,
                    null,
                    stable.tsc(),
                    "the host's TSC becomes unstable, which is not modelled: line "
                            + load.where().line() + " of the tracepoints shows a load that writes an offset");
        } else if (host.unstable()) {
            findings.assume(
                    line,
                    null,
                    stable.tsc(),
                    "that the host's TSC became unstable after the log: host.txt does not" + " show when, and line "
                            + stable.where().line() + " of the tracepoints is the last that shows it stable");
        }
        return false;
    }

    /** Whether KVM wrote a vCPU's offset within an operation that does not write it: then the host's TSC is unstable. */
    private static boolean showsLoad(Tracepoint point, List<Segment> segments) {
        if (!(point instanceof Tracepoint.WriteTscOffset)) {
            return false;
        }
        boolean inOther = false;
        for (Segment s : segments) {
            if (s.vcpu() == point.vcpu() && s.when().contains(point.tsc())) {
                boolean reads = s.record().op().startsWith("KVM_GET_") || s.is("KVM_SET_CPUID2");
                if (!reads) {
                    return false;
                }
                inOther = true;
            }
        }
        return inOther;
    }

    /**
     * The clocksource leaves the TSC, or returns to it, between the last tracepoint that shows one state and the first
     * that shows the other. That concerns all VMs of the host, including those created later.
     */
    private static void switches(
            boolean tscAtFirst, List<Segment> segments, List<Tracepoint> points, EventList events, Findings findings) {
        boolean tsc = tscAtFirst;
        Tracepoint before = null;
        int lane = -1;
        for (Tracepoint point : points) {
            Boolean now = showsTsc(point);
            if (now == null) {
                continue;
            }
            if (now != tsc) {
                tsc = now;
                lane = lane < 0 ? events.newLane() : lane;
                // (Before the log begins there is no VM.)
                long begin = segments.isEmpty() || segments.get(0).when().lo() - point.tsc() > 0
                        ? point.tsc()
                        : segments.get(0).when().lo();
                events.addOfHost(
                        point.where().line(),
                        lane,
                        new Interval(before == null ? begin : before.tsc(), point.tsc()),
                        Operation.HOST_CLOCKSOURCE,
                        ImmutableMap.of(Field.IS_TSC, tsc));
                findings.note("the host's clocksource " + (tsc ? "returned to" : "left") + " the TSC before line "
                        + point.where().line() + " of the tracepoints");
            }
            before = point;
        }
    }

    private static @Nullable Boolean showsTsc(Tracepoint point) {
        String mode = point instanceof Tracepoint.TrackTsc track
                ? track.hostClock()
                : point instanceof Tracepoint.UpdateMasterClock update ? update.hostClock() : null;
        return mode == null ? null : (Boolean) TSC_MODES.contains(mode);
    }
}
