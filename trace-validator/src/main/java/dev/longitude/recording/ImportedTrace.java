package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.Multisets;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A recording as a trace.
 *
 * @param trace the events to judge: none at or after a disturbance
 * @param notJudged how many events are left out because of the disturbances
 * @param modelled how many operations of the log that may concern the guest's time are judged
 * @param notModelled the operations that may concern it and are not modelled, or not fully recorded, by name
 * @param harmless the operations that cannot have changed it, by name
 * @param disturbances what ends the judgement, earliest first
 * @param assumptions what the importer assumes without evidence: a refusal after an assumption does not count
 * @param notes notes about the log for people
 * @param clockRateIsAssumed whether nothing shows that the kernel computes its clocks from the TSC at KVM's rate, as the
 *     header says
 * @param judged what there is to judge, where that is less than in an ioctl log; otherwise null
 */
public record ImportedTrace(
        Trace trace,
        int notJudged,
        int modelled,
        ImmutableMultiset<String> notModelled,
        ImmutableMultiset<String> harmless,
        ImmutableList<Disturbance> disturbances,
        ImmutableList<Assumption> assumptions,
        ImmutableList<String> notes,
        boolean clockRateIsAssumed,
        @Nullable Judged judged) {

    /**
     * What a recording shows that is less than an ioctl log.
     *
     * @param what for people: {@code order of 214 calls; no payload}
     * @param only what the verdict is limited to: {@code order only}
     * @param compared what was compared, and what was not, after "allows": {@code it, and no value of a clock ...}
     */
    public record Judged(String what, String only, String compared) {}

    /** The header of the trace. */
    public TraceHeader header() {
        return trace.header();
    }

    /** The events of the trace. */
    public ImmutableList<TraceEvent> events() {
        return trace.events();
    }

    /** From {@code line} on, VM {@code vm} (null: the whole host) cannot be judged for a reason. */
    public record Disturbance(int line, @Nullable Integer vm, String reason) {
        /** {@code from line 5 on: ...}. */
        @Override
        public String toString() {
            return "from line " + line + " on: " + reason;
        }
    }

    /**
     * An assumption about VM {@code vm} (null: the whole host) from {@code line} on, which may be false.
     *
     * @param from the host's counter at that line
     */
    public record Assumption(int line, @Nullable Integer vm, long from, String what) {}

    /** The same with one more note, if there is one. */
    ImportedTrace withNote(@Nullable String note) {
        return note == null ? this : with(assumptions, and(notes, note), judged);
    }

    /** The same with one more assumption. */
    ImportedTrace assuming(Assumption one) {
        return with(and(assumptions, one), notes, judged);
    }

    /** The same, with what there is to judge. */
    ImportedTrace judging(Judged what) {
        return with(assumptions, notes, what);
    }

    private static <T> ImmutableList<T> and(ImmutableList<T> all, T one) {
        return ImmutableList.<T>builder().addAll(all).add(one).build();
    }

    private ImportedTrace with(
            ImmutableList<Assumption> assumed, ImmutableList<String> noted, @Nullable Judged judging) {
        return new ImportedTrace(
                trace,
                notJudged,
                modelled,
                notModelled,
                harmless,
                disturbances,
                assumed,
                noted,
                clockRateIsAssumed,
                judging);
    }

    /**
     * The unproven assumption that the refusal of an event would depend on: the last one of its own line, otherwise the
     * first of all.
     */
    public Optional<Assumption> assumedBefore(TraceEvent refused) {
        List<Assumption> before = assumptions.stream()
                .filter(a -> a.vm() == null || a.vm() == refused.vm())
                .filter(a -> refused.counter().hi() - a.from() >= 0)
                .toList();
        return before.stream()
                .filter(a -> a.line() == refused.line())
                .reduce((earlier, later) -> later)
                .or(() -> before.stream().findFirst());
    }

    /** {@code modelled: 77 of 80 operations that concern the guest's time (96.3 %); 12 others: KVM_GET_REGS 12}. */
    public String summary() {
        int all = modelled + notModelled.size();
        return String.format(
                Locale.ROOT,
                "modelled: %d of %d operations that concern the guest's time (%.1f %%)%s; %d others%s",
                modelled,
                all,
                all == 0 ? 0 : 100.0 * modelled / all,
                notModelled.isEmpty() ? "" : ", not " + counted(notModelled),
                harmless.size(),
                harmless.isEmpty() ? "" : ": " + counted(harmless));
    }

    /** {@code A 8, B 3, C 1}. */
    static String counted(ImmutableMultiset<String> those) {
        return Multisets.copyHighestCountFirst(those).entrySet().stream()
                .map(e -> e.getElement() + " " + e.getCount())
                .collect(Collectors.joining(", "));
    }
}
