package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
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
 * An ioctl log: a JSON object a line, each an operation with its decoded input and output and the host's counter before and
 * after. The companion {@code NAME.ftrace.txt} (x86) and the run's {@code host.txt} lie beside it.
 */
public final class IoctlLog implements RecordingFormat {
    /** A log is read as a whole: its lines need not stand in order of time. */
    private static final int MOST_RECORDS = 1_000_000;

    @Override
    public boolean recognises(String firstLine) {
        return firstLine.contains("\"op\"") && !firstLine.contains(TraceHeader.FORMAT);
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        if (file.equals(LineSource.STANDARD_INPUT)) {
            throw new TraceFormatException(
                    lines.name(), "an ioctl log is read from a file: host.txt and the tracepoints lie beside it");
        }
        HostFacts host = HostFacts.read(file.resolveSibling("host.txt"));
        ImmutableList<IoctlRecord> records = records(lines);
        LogArchitecture arch = architecture(file, host, records);
        for (IoctlRecord record : records) {
            if (record.host() != null && record.arch() != arch) {
                throw record.fault(lines.name(), "expected " + arch.counterKey() + ": the host is " + arch);
            }
        }
        KernelProfile profile = profile(file, host, kernel);
        String release = host.kernel();
        String origin = "recording " + file.getFileName() + (release == null ? "" : ", Linux " + release);
        return arch.read(new RecordedRun(lines.name(), file, profile, host, origin, records))
                .withNote(unlisted(records));
    }

    /** That of the host, or of the counters that the lines show. */
    private static LogArchitecture architecture(Path file, HostFacts host, List<IoctlRecord> records)
            throws TraceFormatException {
        String machine = host.arch();
        if (machine == null) {
            return records.stream()
                    .map(IoctlRecord::arch)
                    .max(Comparator.naturalOrder())
                    .orElse(LogArchitecture.X86);
        }
        return Arch.named(machine)
                .map(LogArchitecture::of)
                .orElseThrow(() -> new TraceFormatException(
                        file.toString(), "recorded on " + machine + "; only " + Arch.names() + " are modelled"));
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

    /** The keys that the format does not list, for people; null if there are none. */
    private static @Nullable String unlisted(List<IoctlRecord> records) {
        String keys = records.stream()
                .flatMap(r -> r.unlisted().stream())
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        return keys.isEmpty() ? null : "keys that the format does not list, and that are not read: " + keys;
    }

    /** The profile to judge by: the one that was asked for, or that of the recorded kernel. */
    private static KernelProfile profile(Path file, HostFacts host, @Nullable KernelProfile kernel)
            throws TraceFormatException {
        if (kernel != null) {
            return kernel;
        }
        String release = host.kernel();
        if (release == null) {
            throw new TraceFormatException(
                    file.toString(), "no host.txt beside it names the kernel; say which with --kernel");
        }
        return KernelProfile.covering(release)
                .orElseThrow(() -> new TraceFormatException(
                        file.toString(),
                        "no profile covers the recorded kernel " + release + "; say which with --kernel ("
                                + KernelProfile.names() + ")"));
    }
}
