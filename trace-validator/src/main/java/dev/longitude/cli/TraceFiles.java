package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.ImportedTrace;
import dev.longitude.recording.IoctlLog;
import dev.longitude.recording.TraceSource;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import dev.longitude.validator.Determined;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Validates what lies in a file, or in memory: a trace of ours, or a recording that is imported first. */
final class TraceFiles {
    private TraceFiles() {}

    /**
     * Validates a file.
     *
     * @param kernel the profile to judge by, or null for the one that the file names or was recorded on
     */
    static Verdict validate(Path file, @Nullable KernelProfile kernel) throws TraceFormatException, IOException {
        try (LineSource lines = LineSource.open(file)) {
            String first = lines.peek();
            if (first != null && IoctlLog.looksLike(first)) {
                return validate(file.toString(), IoctlLog.read(file, lines, kernel));
            }
            try (TraceReader reader = new TraceReader(lines)) {
                TraceHeader header =
                        kernel == null ? reader.header() : reader.header().withKernel(kernel);
                TraceValidator validator = new TraceValidator(header);
                Verdict verdict = run(file.toString(), header, validator, TraceSource.of(header, reader));
                return verdict.with(inferred(validator.determined()));
            }
        }
    }

    /**
     * What a file's trace is of, at one behaviour.
     *
     * @param refusal why it does not conform, or null
     * @param behaviour the events, with what was inferred of them; those before the refused one if one is
     */
    record Witnessed(@Nullable Refusal refusal, TlcReplay.Trace behaviour) {}

    /**
     * Finds a behaviour that a file's trace, or recording, is of.
     *
     * @param kernel the profile to judge by, or null for the one that the file names or was recorded on
     * @throws UndecidedException if that cannot be said
     */
    static Witnessed witness(Path file, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException, UndecidedException {
        TlcReplay.Trace trace = read(file, kernel);
        boolean recording = isRecording(file);
        TraceValidator validator = TraceValidator.keepingWitness(trace.header(), recording);
        TraceSource source = recording
                ? TraceSource.ofRecording(trace.header(), trace.events())
                : TraceSource.of(trace.header(), trace.events());
        Optional<Refusal> refusal = Optional.empty();
        for (List<TraceEvent> next = source.next(); !next.isEmpty() && refusal.isEmpty(); next = source.next()) {
            refusal = validator.accept(next);
        }
        return new Witnessed(
                refusal.orElse(null),
                new TlcReplay.Trace(trace.header().withSilent(ImmutableSet.of()).inOrder(), validator.witness()));
    }

    private static boolean isRecording(Path file) throws TraceFormatException, IOException {
        try (LineSource lines = LineSource.open(file)) {
            String first = lines.peek();
            return first != null && IoctlLog.looksLike(first);
        }
    }

    /**
     * Reads a whole trace, or recording.
     *
     * @param kernel the profile to judge by, or null for the one that the file names or was recorded on
     */
    static TlcReplay.Trace read(Path file, @Nullable KernelProfile kernel) throws TraceFormatException, IOException {
        try (LineSource lines = LineSource.open(file)) {
            String first = lines.peek();
            if (first != null && IoctlLog.looksLike(first)) {
                ImportedTrace imported = IoctlLog.read(file, lines, kernel);
                if (!imported.disturbances().isEmpty()) {
                    ImportedTrace.Disturbance disturbance =
                            imported.disturbances().get(0);
                    throw new TraceFormatException(
                            file.toString(),
                            "cannot be judged as a whole: " + disturbance.operation() + " in line " + disturbance.line()
                                    + " is not modelled");
                }
                return new TlcReplay.Trace(imported.header(), imported.events());
            }
            try (TraceReader reader = new TraceReader(lines)) {
                TraceHeader header =
                        kernel == null ? reader.header() : reader.header().withKernel(kernel);
                ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
                for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                    events.add(event);
                }
                return new TlcReplay.Trace(header, events.build());
            }
        }
    }

    /** Validates a trace in memory. */
    static Verdict validate(String name, TraceHeader header, ImmutableList<TraceEvent> events) {
        try {
            return run(name, header, new TraceValidator(header), TraceSource.of(header, events));
        } catch (TraceFormatException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Verdict validate(String name, ImportedTrace trace) throws TraceFormatException {
        TraceValidator validator = TraceValidator.ofRecording(trace.header());
        ImmutableList<TraceEvent> events = trace.events().stream()
                .filter(e -> trace.disturbances().stream().noneMatch(d -> d.vm() == e.vm() && e.line() >= d.line()))
                .collect(ImmutableList.toImmutableList());
        Verdict verdict = run(name, trace.header(), validator, TraceSource.ofRecording(trace.header(), events));
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        notes.addAll(verdict.notes());
        notes.add("instants: " + validator.determined().instants() + " made exact, "
                + validator.determined().instantsOpen() + " tried at both ends; " + trace.tracepoints());
        notes.add(trace.summary());
        String undecided = verdict.undecided();
        if (verdict.conforms() && !trace.disturbances().isEmpty()) {
            ImportedTrace.Disturbance first = trace.disturbances().get(0);
            long left = trace.events().size() - verdict.events();
            undecided =
                    verdict.events() + " events conform to " + trace.header().kernel() + "; the " + left
                            + " from line " + first.line() + " on are not judged, because " + first.operation()
                            + " is not modelled and changes what is";
        }
        return new Verdict(name, trace.header(), verdict.refusal(), undecided, verdict.events(), notes.build());
    }

    /** What was inferred of a trace that does not tell all, for people; empty if nothing was. */
    private static ImmutableList<String> inferred(Determined known) {
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        if (known.instants() + known.instantsOpen() > 0) {
            notes.add("instants: " + known.instants() + " made exact, " + known.instantsOpen() + " tried at both ends");
        }
        if (known.args() + known.argsOpen() > 0) {
            notes.add("arguments not seen: " + known.args() + " inferred, " + known.argsOpen() + " left open");
        }
        if (known.silentSteps() > 0) {
            notes.add("steps not seen: at least " + known.silentSteps());
        }
        ImmutableList<String> open = known.variablesOpen();
        if (!open.isEmpty()) {
            notes.add("state at the end: " + (known.variables() - open.size()) + " of " + known.variables()
                    + " variables known; open: " + String.join(", ", open));
        }
        return notes.build();
    }

    private static Verdict run(String name, TraceHeader header, TraceValidator validator, TraceSource events)
            throws TraceFormatException {
        Refusal refusal = null;
        String undecided = null;
        try {
            for (List<TraceEvent> next = events.next(); !next.isEmpty() && refusal == null; ) {
                Optional<Refusal> refused = validator.accept(next);
                refusal = refused.orElse(null);
                next = refusal == null ? events.next() : next;
            }
        } catch (UndecidedException e) {
            undecided = e.getMessage();
        }
        ImmutableList<String> notKept = validator.notKept().entrySet().stream()
                .map(e -> "does not keep " + e.getKey() + ": first in "
                        + (e.getValue().line() > 0 ? "line " + e.getValue().line() + ", " : "")
                        + e.getValue().call())
                .collect(ImmutableList.toImmutableList());
        return new Verdict(name, header, refusal, undecided, validator.events(), notKept);
    }
}
