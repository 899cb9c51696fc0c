package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.trace.Interval;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The KVM_RUNs of which a log has only the instant at which they begin: such a run lasts until the next operation on its
 * vCPU. What happens in it is seen in the tracepoints alone, and lies between the records of other threads.
 */
final class OpenRuns {
    private final Deque<Step> steps = new ArrayDeque<>();

    /**
     * One step of a run.
     *
     * @param run the record of the run
     * @param when the host's TSC
     * @param kind what it is
     * @param update the masterclock update that it worked off, or null
     * @param page the page that it wrote, or null
     * @param offset the offset that the vCPU has after it, or null
     * @param raised whether the vCPU's TSC was raised to where it should be
     * @param kept the offset that it left as it was, or null if that is not known
     */
    record Step(
            IoctlRecord run,
            Interval when,
            Kind kind,
            Tracepoints.@Nullable UpdateMasterClock update,
            Tracepoints.@Nullable PvclockUpdate page,
            Tracepoints.@Nullable WriteTscOffset offset,
            boolean raised,
            @Nullable Long kept) {
        Step(
                IoctlRecord run,
                Interval when,
                Kind kind,
                Tracepoints.@Nullable UpdateMasterClock update,
                Tracepoints.@Nullable PvclockUpdate page) {
            this(run, when, kind, update, page, null, false, null);
        }

        /** The same step, at {@code latest} at the latest. */
        Step until(long latest) {
            return new Step(run, new Interval(when.lo(), latest), kind, update, page, offset, raised, kept);
        }
    }

    /** What a step is. */
    enum Kind {
        /** The vCPU is loaded on a pCPU. */
        LOAD,
        /** Into the guest. */
        ENTER,
        /** Back to the guest, after an exit that KVM handled itself. */
        REENTER,
        /** What the guest does, as far as the log tells. */
        GUEST,
        /** Out of the guest. */
        EXIT,
        /** What the guest left for: KVM reads the TSC's MSR for it, and the vCPU does not come back to the guest at once. */
        READ_BY_KVM
    }

    /** Whether the log has only the beginning of that run. */
    static boolean isOpen(IoctlRecord record) {
        Interval when = record.host();
        return record.op().equals("KVM_RUN") && when != null && when.isExact();
    }

    /** The open runs of a log. */
    static OpenRuns of(List<IoctlRecord> records, @Nullable Tracepoints tracepoints, @Nullable Loads loads) {
        List<Step> all = new ArrayList<>();
        for (int i = 0; i < records.size(); i++) {
            IoctlRecord run = records.get(i);
            if (isOpen(run) && run.vcpu() != null && run.vm() != null) {
                all.addAll(steps(run, next(records, i), endOf(records), tracepoints, loads));
            }
        }
        OpenRuns runs = new OpenRuns();
        all.stream()
                .sorted(Comparator.comparing((Step s) -> s.when.hi(), Long::compareUnsigned))
                .forEach(runs.steps::add);
        return runs;
    }

    /** The next operation on the same vCPU. */
    private static @Nullable IoctlRecord next(List<IoctlRecord> records, int i) {
        IoctlRecord run = records.get(i);
        return records.subList(i + 1, records.size()).stream()
                .filter(r -> Objects.equals(r.vcpu(), run.vcpu()) && Objects.equals(r.vm(), run.vm()))
                .filter(r -> r.host() != null)
                .findFirst()
                .orElse(null);
    }

    /** When the log's last operation was over: what the tracepoints have after that belongs to others. */
    private static long endOf(List<IoctlRecord> records) {
        return records.stream()
                .map(IoctlRecord::host)
                .filter(Objects::nonNull)
                .mapToLong(Interval::hi)
                .reduce((a, b) -> b - a > 0 ? b : a)
                .orElseThrow();
    }

    private static List<Step> steps(
            IoctlRecord run,
            @Nullable IoctlRecord next,
            long endOfLog,
            @Nullable Tracepoints tracepoints,
            @Nullable Loads loads) {
        long begin = Objects.requireNonNull(run.host()).lo();
        Interval last = next == null ? null : next.host();
        long end = last == null ? endOfLog : last.lo();
        List<Step> steps = new ArrayList<>();
        if (end - begin < 0) {
            return steps;
        }
        long from = begin;
        boolean entered = false;
        Tracepoints.UpdateMasterClock update = null;
        ImmutableList<Tracepoints.Point> points = tracepoints == null
                ? ImmutableList.of()
                : tracepoints.takeAll(Objects.requireNonNull(run.vcpu()), new Interval(begin, end), false);
        if (loads != null) {
            return RunSteps.steps(run, new Interval(begin, end), points, RunSteps.Guest.UNKNOWN, last != null, loads);
        }
        for (Tracepoints.Point point : points) {
            if (point instanceof Tracepoints.UpdateMasterClock master) {
                if (update != null) {
                    steps.add(new Step(run, new Interval(from, update.tsc()), kind(entered), update, null));
                    entered = true;
                    from = update.tsc();
                }
                update = master;
            } else if (point instanceof Tracepoints.PvclockUpdate page) {
                steps.add(new Step(run, new Interval(from, page.tsc()), kind(entered), update, page));
                entered = true;
                from = page.tsc();
                update = null;
            }
        }
        if (update != null) {
            steps.add(new Step(run, new Interval(from, update.tsc()), kind(entered), update, null));
            entered = true;
            from = update.tsc();
        }
        // (A run without a tracepoint may never have come into the guest: the vCPU of a young guest waits to be woken.)
        if (last != null && entered) {
            steps.add(new Step(run, Interval.exactly(end), Kind.EXIT, null, null));
        }
        return steps;
    }

    private static Kind kind(boolean entered) {
        return entered ? Kind.REENTER : Kind.ENTER;
    }

    /** The steps that come before a record, in order. */
    List<Step> before(IoctlRecord record) {
        List<Step> due = new ArrayList<>();
        Interval when = record.host();
        while (when != null && !steps.isEmpty() && steps.peekFirst().when.hi() - when.lo() <= 0) {
            due.add(steps.removeFirst());
        }
        return due;
    }

    /** The steps after all records. */
    List<Step> rest() {
        return List.copyOf(steps);
    }
}
