package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Interval;
import dev.longitude.trace.TraceFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The operations of a log in order of time. Lines without {@code thread} belong to one thread, in the order of the
 * lines; the others may be in any order.
 */
final class Segments {
    /** The label of the lines that name no thread. */
    private static final String NO_LABEL = "";

    private record Lane(int number, String label, long end) {}

    private final String source;
    private final Findings findings;

    /** The labels known to belong to several threads. */
    private final Set<String> sharedNames;

    private final List<Lane> lanes = new ArrayList<>();

    private Segments(String source, Findings findings, Set<String> sharedNames) {
        this.source = source;
        this.findings = findings;
        this.sharedNames = sharedNames;
    }

    /**
     * The operations, without tracepoints yet.
     *
     * @param counter the counter that a record must have: {@code host_tsc} or {@code host_cntvct}
     * @param sharedNames the names known to belong to several threads
     * @param end the earliest end of the log, by the host's counter
     * @throws TraceFormatException if the log contradicts itself
     */
    static ImmutableList<Segment> of(
            String source,
            List<IoctlRecord> records,
            String counter,
            Findings findings,
            @Nullable Long end,
            Set<String> sharedNames)
            throws TraceFormatException {
        return new Segments(source, findings, sharedNames).segments(records, counter, end);
    }

    /** Whether operations of several threads overlap, so that their order is unknown. */
    static boolean overlap(List<Segment> segments) {
        Segment latest = null;
        for (Segment segment : segments) {
            if (latest != null
                    && latest.lane() != segment.lane()
                    && latest.when().hi() - segment.when().lo() > 0) {
                return true;
            }
            latest = latest == null || segment.when().hi() - latest.when().hi() > 0 ? segment : latest;
        }
        return false;
    }

    private ImmutableList<Segment> segments(List<IoctlRecord> records, String counter, @Nullable Long end)
            throws TraceFormatException {
        List<IoctlRecord> timed = new ArrayList<>();
        Map<Long, Integer> lineOf = new HashMap<>();
        for (IoctlRecord record : records) {
            Long seq = record.seq();
            Integer before = seq == null ? null : lineOf.put(seq, record.line());
            if (before != null) {
                throw record.fault(
                        source,
                        "seq " + seq + " is also that of line " + before
                                + ": several recorders wrote this log, and may number VMs alike; expected one log of each");
            }
            if (record.is(IoctlRecord.NOTE)) {
                continue;
            }
            if (record.host() != null) {
                timed.add(record);
            } else if (IoctlTable.harmless(record.op()).isPresent()) {
                findings.harmless(record.op());
            } else {
                throw record.fault(
                        source, "expected " + counter + ", the host's counter before and after " + record.op());
            }
        }
        checkProgramOrder(timed);
        if (timed.isEmpty()) {
            return ImmutableList.of();
        }
        long origin = host(timed.get(0)).lo();
        timed.sort((a, b) -> Long.compare(host(a).lo() - origin, host(b).lo() - origin));
        return inOrderOfTime(timed, end);
    }

    /** One thread sees the host's counter increase, if all CPUs share it. */
    private void checkProgramOrder(List<IoctlRecord> timed) {
        IoctlRecord before = null;
        for (IoctlRecord record : timed) {
            if (record.thread() != null) {
                continue;
            }
            if (before != null && host(record).lo() - host(before).hi() < 0) {
                boolean oneCpu = record.pcpu() != null && record.pcpu().equals(before.pcpu());
                boolean back = host(record).hi() - host(before).lo() < 0;
                if (back || !oneCpu) {
                    long from = back ? host(record).lo() : host(before).lo();
                    findings.stop(
                            before.line(),
                            null,
                            from,
                            "the host's counter goes back between line " + before.line() + cpu(before) + " and line "
                                    + record.line() + cpu(record)
                                    + "; if two threads wrote them, each line needs its thread in args");
                    return;
                }
            }
            before = record;
        }
    }

    private static String cpu(IoctlRecord record) {
        return record.pcpu() == null ? "" : " (CPU " + record.pcpu() + ")";
    }

    private ImmutableList<Segment> inOrderOfTime(List<IoctlRecord> timed, @Nullable Long end)
            throws TraceFormatException {
        VmNumbers numbers = new VmNumbers(source, timed, findings);
        Map<String, IoctlRecord> beforeInThread = new HashMap<>();
        Set<String> shared = new HashSet<>();
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < timed.size(); i++) {
            IoctlRecord record = timed.get(i);
            int vm = numbers.vm(record);
            int vcpu = numbers.vcpu(record);
            Interval when = host(record);
            boolean ends = true;
            if (record.isOpenRun()) {
                Long until = endOfRun(timed, i);
                ends = until != null;
                long hi = until != null ? until : lastInstant(timed, end);
                when = hi - when.lo() >= 0 ? new Interval(when.lo(), hi) : when;
            }
            String label = label(record);
            int lane = lane(label, when);
            if (lanes.stream().filter(l -> l.label().equals(label)).count() > 1) {
                shared.add(label);
            }
            IoctlRecord before = beforeInThread.put(label, record);
            segments.add(new Segment(
                    record,
                    vm,
                    vcpu,
                    lane,
                    when,
                    ends,
                    shared.contains(label) ? null : realtime(before, record),
                    ImmutableList.of()));
        }
        return ImmutableList.copyOf(segments);
    }

    /**
     * The end of a KVM_RUN with only its start in the log: its thread did something else, another thread used its vCPU,
     * or its VM was closed. Null if the log ends first.
     */
    private @Nullable Long endOfRun(List<IoctlRecord> timed, int index) {
        IoctlRecord run = timed.get(index);
        for (IoctlRecord later : timed.subList(index + 1, timed.size())) {
            boolean sameVm = Objects.equals(run.vm(), later.vm());
            boolean sameThread = !sharedNames.contains(label(run))
                    && label(run).equals(label(later))
                    && (sameVm || run.thread() == null);
            if (sameThread || (sameVm && later.is(IoctlRecord.CLOSE_VM))) {
                return host(later).lo();
            }
            if (sameVm && run.vcpu() != null && run.vcpu().equals(later.vcpu())) {
                return host(later).hi(); // it waited for the vCPU at most until then
            }
        }
        return null;
    }

    private static long lastInstant(List<IoctlRecord> timed, @Nullable Long end) {
        long latest = end == null ? host(timed.get(0)).hi() : end;
        for (IoctlRecord record : timed) {
            latest = host(record).hi() - latest > 0 ? host(record).hi() : latest;
        }
        return latest;
    }

    /** Two threads may have one name: then their operations overlap, and get two lanes. */
    private int lane(String label, Interval when) {
        for (int i = 0; i < lanes.size(); i++) {
            Lane lane = lanes.get(i);
            if (lane.label().equals(label) && (label.equals(NO_LABEL) || when.lo() - lane.end() >= 0)) {
                lanes.set(i, new Lane(lane.number(), label, when.hi()));
                return lane.number();
            }
        }
        lanes.add(new Lane(lanes.size(), label, when.hi()));
        return lanes.size() - 1;
    }

    private static String label(IoctlRecord record) {
        return record.thread() == null ? NO_LABEL : record.thread();
    }

    /**
     * The recorder noted real time after this operation, and after the previous one of the same thread. Real time may
     * have been set back.
     */
    private static @Nullable Interval realtime(@Nullable IoctlRecord before, IoctlRecord record) {
        return before == null || before.rt() <= 0 || record.rt() - before.rt() <= 0
                ? null
                : new Interval(before.rt(), record.rt());
    }

    private static Interval host(IoctlRecord record) {
        return Objects.requireNonNull(record.host());
    }
}
