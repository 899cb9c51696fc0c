package dev.longitude.verdict;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.ImportedTrace;
import dev.longitude.recording.RecordingFormat;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import dev.longitude.trace.TraceReader;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceSource;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file to judge: a trace of ours, or a recording, which is imported first.
 *
 * @param kernel the profile to judge by, or null for the one that the file names or was recorded on
 */
public record InputFile(Path path, @Nullable KernelProfile kernel) {
    /** Processes the lines of a file; the format is empty if it is no recording. */
    private interface Use<T> {
        T of(LineSource lines, Optional<RecordingFormat> format) throws TraceFormatException, IOException;
    }

    private <T> T use(Use<T> use) throws TraceFormatException, IOException {
        try (LineSource lines = LineSource.open(path)) {
            String head = lines.head();
            try {
                return use.of(lines, RecordingFormat.of(head));
            } catch (TraceFormatException e) {
                throw AcceptedFormat.explained(e, head);
            }
        }
    }

    /** Validates the file; it does not keep a trace in memory. */
    public Verdict validate() throws TraceFormatException, IOException {
        return use((lines, format) -> {
            if (format.isPresent()) {
                return Verdict.of(path.toString(), format.get().read(path, lines, kernel));
            }
            try (TraceReader reader = new TraceReader(lines)) {
                TraceHeader header = judgedBy(reader.header());
                return Verdict.ofInferred(path.toString(), header, TraceSource.of(header, reader));
            }
        });
    }

    private TraceHeader judgedBy(TraceHeader header) {
        return kernel == null ? header : header.withKernel(kernel);
    }

    /**
     * One behaviour that matches a file's trace.
     *
     * @param refusal why it does not conform, or null
     * @param behaviour the events, with the inferred values; none if it does not conform
     */
    public record WitnessResult(@Nullable Refusal refusal, Trace behaviour) {}

    /**
     * Finds a behaviour that matches its trace.
     *
     * @throws UndecidedException if the validator cannot decide
     */
    public WitnessResult witness() throws TraceFormatException, IOException, UndecidedException {
        Whole whole = whole();
        Trace trace = whole.trace;
        TraceValidator validator = TraceValidator.keepingWitness(trace.header(), whole.recording != null);
        TraceSource source = TraceSource.of(trace);
        Optional<Refusal> refusal = Optional.empty();
        for (List<TraceEvent> next = source.next(); !next.isEmpty() && refusal.isEmpty(); next = source.next()) {
            refusal = validator.accept(next);
        }
        ImmutableList<TraceEvent> behaviour = ImmutableList.of();
        Optional<String> assumed = refusal.isEmpty()
                ? Optional.empty()
                : whole.assumed(refusal.get().event());
        if (assumed.isPresent()) {
            throw new UndecidedException(assumed.get());
        }
        if (refusal.isEmpty()) {
            validator.finish();
            behaviour = validator.witness();
        }
        return new WitnessResult(
                refusal.orElse(null),
                new Trace(trace.header().withSilent(ImmutableSet.of()).inOrder(), behaviour));
    }

    /**
     * Some consecutive events of a file.
     *
     * @param skipped how many events stand before them
     * @param isCut whether events follow
     */
    public record Excerpt(TraceHeader header, ImmutableList<TraceEvent> events, long skipped, boolean isCut) {}

    /**
     * Reads the events around a line.
     *
     * @param line 0: the first events
     * @param before the most events before that line
     * @param after the most events of that line and after it
     */
    public Excerpt excerpt(int line, int before, int after) throws TraceFormatException, IOException {
        return use((lines, format) -> {
            if (format.isPresent()) {
                Trace trace = format.get().read(path, lines, kernel).trace();
                Iterator<TraceEvent> events = trace.events().iterator();
                return excerpt(trace.header(), () -> events.hasNext() ? events.next() : null, line, before, after);
            }
            try (TraceReader reader = new TraceReader(lines)) {
                return excerpt(judgedBy(reader.header()), reader::next, line, before, after);
            }
        });
    }

    /** The next event, or null. */
    private interface Events {
        @Nullable
        TraceEvent next() throws TraceFormatException;
    }

    private static Excerpt excerpt(TraceHeader header, Events events, int line, int before, int after)
            throws TraceFormatException {
        Deque<TraceEvent> window = new ArrayDeque<>();
        long skipped = 0;
        int left = after;
        TraceEvent event = events.next();
        while (event != null && left > 0) {
            window.add(event);
            if (event.line() >= line) {
                left--;
            } else if (window.size() > before) {
                window.remove();
                skipped++;
            }
            event = events.next();
        }
        return new Excerpt(header, ImmutableList.copyOf(window), skipped, event != null);
    }

    /** Reads it as a whole. */
    public Trace read() throws TraceFormatException, IOException {
        return whole().trace;
    }

    /** Why a refused event of the file refuses nothing, if that depends on an assumption of its importer. */
    public Optional<String> assumed(TraceEvent refused) throws TraceFormatException, IOException {
        return whole().assumed(refused);
    }

    private record Whole(Trace trace, @Nullable ImportedTrace recording) {
        Optional<String> assumed(TraceEvent refused) throws TraceFormatException {
            return recording == null ? Optional.empty() : Verdict.assumed(recording, refused);
        }
    }

    private Whole whole() throws TraceFormatException, IOException {
        Whole whole = parsed();
        if (whole.recording != null && !whole.recording.disturbances().isEmpty()) {
            throw new TraceFormatException(
                    path.toString(),
                    "cannot be judged as a whole, "
                            + whole.recording.disturbances().get(0));
        }
        return whole;
    }

    private Whole parsed() throws TraceFormatException, IOException {
        return use((lines, format) -> {
            if (format.isPresent()) {
                ImportedTrace imported = format.get().read(path, lines, kernel);
                ImportedTrace.Judged judged = imported.judged();
                if (judged != null) {
                    throw new TraceFormatException(
                            path.toString(),
                            "cannot be judged as a whole, since it shows too little (" + judged.what()
                                    + "): only validate with our own engine judges it");
                }
                return new Whole(imported.trace(), imported);
            }
            try (TraceReader reader = new TraceReader(lines)) {
                TraceHeader header = judgedBy(reader.header());
                ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
                for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
                    events.add(event);
                }
                return new Whole(new Trace(header, events.build()), null);
            }
        });
    }
}
