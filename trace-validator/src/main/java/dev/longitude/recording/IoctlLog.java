package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An ioctl log: one JSON object a line, each an operation with its decoded input and output and the host's counter
 * before and after. The companions {@code NAME.ftrace.txt} (x86) and {@code host.txt} are beside it.
 */
public final class IoctlLog implements RecordingFormat {
    /** The importer reads the whole log: its lines need not be in order of time. */
    private static final int MOST_RECORDS = 1_000_000;

    @Override
    public boolean recognises(String head) {
        String firstLine = head.lines().findFirst().orElse("");
        return firstLine.contains("\"op\"") && !firstLine.contains(TraceHeader.FORMAT);
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        RecordedRun run = run(file, lines, kernel);
        ImportedTrace trace = architecture(file, run.host(), run.records()).read(run);
        return RecordedKernel.of(file, run.host(), kernel).noted(trace.withNote(unlisted(run.records())), run);
    }

    /** Reads the records of a log, with what is known of its host. */
    static RecordedRun run(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        if (file.equals(LineSource.STANDARD_INPUT)) {
            throw new TraceFormatException(
                    lines.name(), "an ioctl log is read from a file: host.txt and the tracepoints lie beside it");
        }
        HostFacts host = HostFacts.beside(file);
        ImmutableList<IoctlRecord> records = records(lines);
        LogArchitecture arch = architecture(file, host, records);
        for (IoctlRecord record : records) {
            if (record.host() != null && record.arch() != arch) {
                throw record.fault(lines.name(), "expected " + arch.counterKey() + ": the host is " + arch);
            }
        }
        RecordedKernel recorded = RecordedKernel.of(file, host, kernel);
        return new RecordedRun(lines.name(), file, recorded.profile(), host, recorded.origin(file), records, false);
    }

    /** The architecture of the host, or of the counters in the lines. */
    static LogArchitecture architecture(Path file, HostFacts host, List<IoctlRecord> records)
            throws TraceFormatException {
        return LogArchitecture.of(
                host,
                file,
                records.stream()
                        .map(IoctlRecord::arch)
                        .max(Comparator.naturalOrder())
                        .orElse(LogArchitecture.X86));
    }

    private static ImmutableList<IoctlRecord> records(LineSource lines) throws TraceFormatException, IOException {
        List<IoctlRecord> records = new ArrayList<>();
        for (String line = lines.next(); line != null; line = lines.next()) {
            if (records.size() == MOST_RECORDS) {
                throw lines.fault(1, "more than " + MOST_RECORDS + " ioctls");
            }
            records.add(IoctlRecord.read(lines, line));
        }
        if (!lines.lastWasTerminated()) {
            throw lines.fault(1, "the last line has no end: the file is truncated here");
        }
        return ImmutableList.copyOf(records);
    }

    /** A note with the keys that the format does not list; null if there are none. */
    private static @Nullable String unlisted(List<IoctlRecord> records) {
        String keys = records.stream()
                .flatMap(r -> r.unlisted().stream())
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        return keys.isEmpty() ? null : "ignored keys, which the format does not list: " + keys;
    }
}
