package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An importer's findings besides the events: what it could not use, and what ends the judgement. */
final class Findings {
    private record Stop(ImportedTrace.Disturbance disturbance, long from) {}

    private final ImmutableMultiset.Builder<String> notModelled = ImmutableMultiset.builder();
    private final ImmutableMultiset.Builder<String> harmless = ImmutableMultiset.builder();
    private final List<Stop> stops = new ArrayList<>();
    private final List<ImportedTrace.Assumption> assumptions = new ArrayList<>();
    private boolean clockRateIsAssumed;
    private final Set<String> notes = new LinkedHashSet<>();
    private final boolean orderOnly;
    private int modelled;

    /**
     * @param orderOnly whether the records show no payload: then what a record does not show is assumed to be of no
     *     consequence, and ends no judgement
     */
    Findings(boolean orderOnly) {
        this.orderOnly = orderOnly;
    }

    boolean orderOnly() {
        return orderOnly;
    }

    void modelled() {
        modelled++;
    }

    void harmless(String what) {
        harmless.add(what);
    }

    /**
     * Counts an operation as harmless if it is: it is in the list of harmless operations, or it failed.
     *
     * @param failureCounts whether a failed one may have changed something, or its failure is in the specification
     * @return whether it is harmless
     */
    boolean countsHarmless(IoctlRecord record, boolean failureCounts) {
        if (IoctlTable.harmless(record.op()).isPresent()) {
            harmless(record.op());
            return true;
        }
        if (record.failed() && !failureCounts) {
            harmless(record.op() + " (failed)");
            return true;
        }
        return false;
    }

    /** Notes an operation that is not modelled and cannot have changed modelled state. */
    void notModelled(String what) {
        notModelled.add(what);
    }

    /** Notes an operation that may have changed modelled state: the validator does not judge its VM from then on. */
    void stop(Segment segment, String reason) {
        notModelled.add(segment.record().op());
        stop(
                segment.record().line(),
                segment.vm() < 0 ? null : (Integer) segment.vm(),
                segment.when().lo(),
                reason);
    }

    /** Notes that the log does not show what an operation changed. */
    void unshown(Segment segment, String reason) {
        if (!orderOnly) {
            stop(segment, reason);
            return;
        }
        notModelled.add(segment.record().op());
        IoctlRecord record = segment.record();
        assume(
                record.line(),
                segment.vm() < 0 ? null : (Integer) segment.vm(),
                segment.when().lo(),
                "that " + record.op() + " in line " + record.line()
                        + " changed nothing that a later result depends on: " + reason);
    }

    /**
     * Notes that a VM cannot be judged from an instant on.
     *
     * @param vm null: the whole host
     * @param from the host's counter
     */
    void stop(int line, @Nullable Integer vm, long from, String reason) {
        stops.add(new Stop(new ImportedTrace.Disturbance(line, vm, reason), from));
    }

    /**
     * Notes an assumption from an instant on, which may be false.
     *
     * @param vm null: of the whole host
     * @param from the host's counter
     */
    void assume(int line, @Nullable Integer vm, long from, String what) {
        assumptions.add(new ImportedTrace.Assumption(line, vm, from, what));
    }

    /** Notes that nothing shows at which rate the kernel computes its clocks from the TSC: KVM's rate is assumed. */
    void assumeClockRate() {
        clockRateIsAssumed = true;
    }

    void note(String note) {
        notes.add(note);
    }

    /** Whether an event may have happened at or after the end of the judgement of its VM. */
    private boolean isCutOff(TraceEvent event) {
        return stops.stream()
                .filter(s -> s.disturbance().vm() == null || s.disturbance().vm() == event.vm())
                .anyMatch(s ->
                        event.counter().hi() - s.from() > 0 || event.counter().lo() - s.from() >= 0);
    }

    /**
     * The log as a trace.
     *
     * @throws TraceFormatException if the log has nothing to judge
     */
    ImportedTrace imported(String source, TraceHeader header, EventList events) throws TraceFormatException {
        ImmutableList<TraceEvent> all = events.inOrder();
        if (all.isEmpty() && stops.isEmpty()) {
            throw new TraceFormatException(source, "no operation of the log is modelled");
        }
        ImmutableList<TraceEvent> judged =
                all.stream().filter(e -> !isCutOff(e)).collect(ImmutableList.toImmutableList());
        return new ImportedTrace(
                new Trace(events.threads() ? header.withThreads() : header, judged),
                all.size() - judged.size(),
                modelled,
                notModelled.build(),
                harmless.build(),
                stops.stream()
                        .map(Stop::disturbance)
                        .sorted(Comparator.comparingInt(ImportedTrace.Disturbance::line))
                        .collect(ImmutableList.toImmutableList()),
                ImmutableList.copyOf(assumptions),
                ImmutableList.copyOf(notes),
                clockRateIsAssumed,
                null);
    }
}
