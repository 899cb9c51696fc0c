package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Multiset;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.ImportedTrace;
import dev.longitude.recording.RecordingFormat;
import dev.longitude.recording.TraceSource;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import dev.longitude.validator.InferenceSummary;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.Specification;
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
            try {
                return validate(file, first, lines, kernel);
            } catch (TraceFormatException e) {
                throw AcceptedFormat.explained(e, first);
            }
        }
    }

    private static Verdict validate(Path file, @Nullable String first, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        Optional<RecordingFormat> format = RecordingFormat.of(first == null ? "" : first);
        if (format.isPresent()) {
            return validate(file.toString(), format.get().read(file, lines, kernel));
        }
        try (TraceReader reader = new TraceReader(lines)) {
            TraceHeader header =
                    kernel == null ? reader.header() : reader.header().withKernel(kernel);
            TraceValidator validator = new TraceValidator(header);
            Verdict verdict = run(file.toString(), header, validator, TraceSource.of(header, reader));
            return verdict.with(inferred(validator.inferred()));
        }
    }

    /**
     * What a file's trace is of, at one behaviour.
     *
     * @param refusal why it does not conform, or null
     * @param behaviour the events, with what was inferred of them; none if it does not conform
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
        TraceValidator validator = TraceValidator.keepingWitness(trace.header(), isRecording(file));
        TraceSource source = TraceSource.of(trace.header(), trace.events());
        Optional<Refusal> refusal = Optional.empty();
        for (List<TraceEvent> next = source.next(); !next.isEmpty() && refusal.isEmpty(); next = source.next()) {
            refusal = validator.accept(next);
        }
        ImmutableList<TraceEvent> behaviour = ImmutableList.of();
        if (refusal.isEmpty()) {
            validator.finish();
            behaviour = validator.witness();
        }
        return new Witnessed(
                refusal.orElse(null),
                new TlcReplay.Trace(trace.header().withSilent(ImmutableSet.of()).inOrder(), behaviour));
    }

    private static boolean isRecording(Path file) throws TraceFormatException, IOException {
        try (LineSource lines = LineSource.open(file)) {
            String first = lines.peek();
            return first != null && RecordingFormat.of(first).isPresent();
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
            Optional<RecordingFormat> format = RecordingFormat.of(first == null ? "" : first);
            if (format.isPresent()) {
                ImportedTrace imported;
                try {
                    imported = format.get().read(file, lines, kernel);
                } catch (TraceFormatException e) {
                    throw AcceptedFormat.explained(e, first);
                }
                if (!imported.disturbances().isEmpty()) {
                    throw new TraceFormatException(
                            file.toString(),
                            "cannot be judged as a whole, "
                                    + imported.disturbances().get(0));
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
            } catch (TraceFormatException e) {
                throw AcceptedFormat.explained(e, first);
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
        Verdict verdict = run(name, trace.header(), validator, TraceSource.of(trace.header(), trace.events()));
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        notes.addAll(verdict.notes());
        notes.addAll(inferred(validator.inferred()));
        notes.add(trace.summary());
        notes.addAll(trace.notes());
        String undecided = verdict.undecided();
        Refusal refusal = verdict.refusal();
        Optional<ImportedTrace.Assumption> assumed =
                refusal == null ? Optional.empty() : trace.assumedBefore(refusal.event());
        if (refusal != null && assumed.isPresent()) {
            undecided = refusal.event().call() + " in line "
                    + refusal.event().line() + " does not fit " + trace.header().kernel() + " if one assumes "
                    + assumed.get().what();
            refusal = null;
        } else if (verdict.conforms() && !trace.disturbances().isEmpty()) {
            undecided =
                    verdict.events() + " events conform to " + trace.header().kernel() + "; " + trace.notJudged()
                            + " are not judged, " + trace.disturbances().get(0);
        }
        return new Verdict(
                name,
                trace.header(),
                refusal,
                undecided,
                verdict.events(),
                verdict.properties(),
                trace.harmless().entrySet().stream()
                        .collect(ImmutableMap.toImmutableMap(Multiset.Entry::getElement, Multiset.Entry::getCount)),
                notes.build());
    }

    /** What was inferred of a trace that does not tell all, for people; empty if nothing was. */
    private static ImmutableList<String> inferred(InferenceSummary known) {
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        if (known.unknown() > 0) {
            notes.add("instants and words that are still unknown at the end: " + known.unknown());
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
            if (refusal == null) {
                validator.finish();
            }
        } catch (UndecidedException e) {
            undecided = e.getMessage();
        }
        ImmutableMap<String, PropertyVerdict> properties = validator.properties();
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        validator
                .firstFailures()
                .forEach((property, event) -> notes.add(
                        (properties.get(property) == PropertyVerdict.NOT_KEPT ? "does not keep " : "may not keep ")
                                + property + ": first in "
                                + (event.line() > 0 ? "line " + event.line() + ", " : "") + event.call()));
        if (!header.silent().isEmpty()) {
            notes.add("properties are judged after each line, and not after a step that no line shows");
        }
        Specification.of(header.arch())
                .onlyHere()
                .forEach(only -> notes.add(
                        "the specification has the switch " + only + ", which dev.longitude.kernel.Switch lacks"));
        return new Verdict(
                name, header, refusal, undecided, validator.events(), properties, ImmutableMap.of(), notes.build());
    }
}
