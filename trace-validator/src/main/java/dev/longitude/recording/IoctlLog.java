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
        if (file.equals(LineSource.STANDARD_INPUT)) {
            throw new TraceFormatException(
                    lines.name(), "an ioctl log is read from a file: host.txt and the tracepoints lie beside it");
        }
        HostFacts host = HostFacts.beside(file);
        ImmutableList<IoctlRecord> records = records(lines);
        LogArchitecture arch = LogArchitecture.of(
                host,
                file,
                records.stream()
                        .map(IoctlRecord::arch)
                        .max(Comparator.naturalOrder())
                        .orElse(LogArchitecture.X86));
        for (IoctlRecord record : records) {
            if (record.host() != null && record.arch() != arch) {
                throw record.fault(lines.name(), "expected " + arch.counterKey() + ": the host is " + arch);
            }
        }
        RecordedKernel recorded = RecordedKernel.of(file, host, kernel);
        RecordedRun run =
                new RecordedRun(lines.name(), file, recorded.profile(), host, recorded.origin(file), records, false);
        return recorded.noted(arch.read(run).withNote(unlisted(records)), run);
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
