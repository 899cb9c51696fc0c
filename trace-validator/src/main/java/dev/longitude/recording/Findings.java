package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import dev.longitude.trace.TraceEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an importer finds out about a log besides its events: what it could not take, and what ends the judgement. */
final class Findings {
    private record Stop(ImportedTrace.Disturbance disturbance, long from) {}

    private final ImmutableMultiset.Builder<String> notModelled = ImmutableMultiset.builder();
    private final ImmutableMultiset.Builder<String> harmless = ImmutableMultiset.builder();
    private final List<Stop> stops = new ArrayList<>();
    private final List<ImportedTrace.Assumption> assumptions = new ArrayList<>();
    private final Set<String> notes = new LinkedHashSet<>();
    private int modelled;

    void modelled() {
        modelled++;
    }

    void harmless(String what) {
        harmless.add(what);
    }

    /** An operation that is not modelled, and cannot have changed what is. */
    void notModelled(String what) {
        notModelled.add(what);
    }

    /** An operation that may have changed what is modelled: its VM is not judged from then on. */
    void stop(Segment segment, String reason) {
        notModelled.add(segment.record().op());
        stop(
                segment.record().line(),
                segment.vm() < 0 ? null : (Integer) segment.vm(),
                segment.when().lo(),
                reason);
    }

    /**
     * A VM is not judged from an instant on.
     *
     * @param vm null: the whole host
     * @param from the host's counter
     */
    void stop(int line, @Nullable Integer vm, long from, String reason) {
        stops.add(new Stop(new ImportedTrace.Disturbance(line, vm, reason), from));
    }

    /**
     * Something that is taken to be true from an instant on, and may not be.
     *
     * @param vm null: of the whole host
     * @param from the host's counter
     */
    void assume(int line, @Nullable Integer vm, long from, String what) {
        assumptions.add(new ImportedTrace.Assumption(line, vm, from, what));
    }

    void note(String note) {
        notes.add(note);
    }

    boolean stopsNothing() {
        return stops.isEmpty();
    }

    /** Whether an event may have happened at or after something that ends the judgement of its VM. */
    boolean isCutOff(TraceEvent event) {
        return stops.stream()
                .filter(s -> s.disturbance().vm() == null || s.disturbance().vm() == event.vm())
                .anyMatch(s ->
                        event.counter().hi() - s.from() > 0 || event.counter().lo() - s.from() >= 0);
    }

    int modelledOperations() {
        return modelled;
    }

    ImmutableMultiset<String> notModelledOperations() {
        return notModelled.build();
    }

    ImmutableMultiset<String> harmlessOperations() {
        return harmless.build();
    }

    ImmutableList<ImportedTrace.Disturbance> disturbances() {
        return stops.stream()
                .map(Stop::disturbance)
                .sorted(Comparator.comparingInt(ImportedTrace.Disturbance::line))
                .collect(ImmutableList.toImmutableList());
    }

    ImmutableList<ImportedTrace.Assumption> assumptions() {
        return ImmutableList.copyOf(assumptions);
    }

    ImmutableList<String> notes() {
        return ImmutableList.copyOf(notes);
    }
}
