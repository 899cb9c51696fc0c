package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.ImportedTrace;
import dev.longitude.recording.IoctlLog;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.io.IOException;
import java.nio.file.Path;
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
                return run(file.toString(), header, validator, reader::next);
            }
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
                ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
                for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                    events.add(event);
                }
                return new TlcReplay.Trace(
                        kernel == null ? reader.header() : reader.header().withKernel(kernel), events.build());
            }
        }
    }

    /** Validates a trace in memory. */
    static Verdict validate(String name, TraceHeader header, ImmutableList<TraceEvent> events) {
        var iterator = events.iterator();
        try {
            return run(name, header, new TraceValidator(header), () -> iterator.hasNext() ? iterator.next() : null);
        } catch (TraceFormatException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Verdict validate(String name, ImportedTrace trace) throws TraceFormatException {
        TraceValidator validator = new TraceValidator(trace.header());
        var iterator = trace.events().stream()
                .filter(e -> trace.disturbances().stream().noneMatch(d -> d.vm() == e.vm() && e.line() >= d.line()))
                .iterator();
        Verdict verdict = run(name, trace.header(), validator, () -> iterator.hasNext() ? iterator.next() : null);
        ImmutableList.Builder<String> notes = ImmutableList.builder();
        notes.addAll(verdict.notes());
        notes.add("instants: " + validator.instantsDetermined() + " made exact, " + validator.instantsOpen()
                + " tried at both ends; " + trace.tracepoints());
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

    private interface Events {
        @Nullable
        TraceEvent next() throws TraceFormatException;
    }

    private static Verdict run(String name, TraceHeader header, TraceValidator validator, Events events)
            throws TraceFormatException {
        Refusal refusal = null;
        String undecided = null;
        try {
            for (TraceEvent event = events.next(); event != null && refusal == null; ) {
                Optional<Refusal> refused = validator.accept(event);
                refusal = refused.orElse(null);
                event = refusal == null ? events.next() : event;
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
