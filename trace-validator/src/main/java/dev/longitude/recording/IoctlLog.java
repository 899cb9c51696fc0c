package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
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
    public boolean recognises(String firstLine) {
        return firstLine.contains("\"op\"") && !firstLine.contains(TraceHeader.FORMAT);
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        RecordedRun run = run(file, lines, kernel);
        LogArchitecture arch = architecture(file, run.host(), run.records());
        ImportedTrace trace = arch.read(run).withNote(unlisted(run.records()));
        return kernel == null ? asRecorded(trace, run) : trace;
    }

    /** Reads the records of a log, with what is known of its host. */
    static RecordedRun run(Path file, LineSource lines, @Nullable KernelProfile kernel)
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
        String release = host.release();
        String origin = "recording " + file.getFileName() + (release == null ? "" : ", Linux " + release);
        return new RecordedRun(lines.name(), file, profile, host, origin, records);
    }

    /** Notes what is unknown about the recorded kernel, unless the user names the kernel to judge by. */
    private static ImportedTrace asRecorded(ImportedTrace trace, RecordedRun run) {
        String release = run.host().release();
        if (release != null && !KernelProfile.isKnown(release)) {
            return trace.withNote("Linux " + release + " is newer than " + KernelProfile.newest()
                    + ", the newest known kernel, and is judged as that");
        }
        if (run.host().isOfRedHat()) {
            return run.assuming(
                    trace,
                    "that the kernel does what " + run.kernel().release()
                            + " does: Red Hat's kernels may have KVM's changes of later releases;"
                            + " --kernel says which it is like");
        }
        // A kernel whose name hides its patch level may or may not have the backports of its series.
        String got = run.kernel().laterInSeries(trace.header().arch()).stream()
                .map(Switch::specName)
                .collect(Collectors.joining(", "));
        return !run.host().isOfUnknownPatch() || got.isEmpty()
                ? trace
                : run.assuming(
                        trace,
                        "that the kernel is " + run.kernel().release() + " and lacks " + got
                                + ", which later releases of its series have: its name does not show its patch level,"
                                + " and host.txt has no `version`; --kernel says which it is");
    }

    /** The architecture of the host, or of the counters in the lines. */
    static LogArchitecture architecture(Path file, HostFacts host, List<IoctlRecord> records)
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

    /** A note with the keys that the format does not list; null if there are none. */
    private static @Nullable String unlisted(List<IoctlRecord> records) {
        String keys = records.stream()
                .flatMap(r -> r.unlisted().stream())
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        return keys.isEmpty() ? null : "ignored keys, which the format does not list: " + keys;
    }

    /** The profile to judge by: the requested one, or that of the recorded kernel. */
    private static KernelProfile profile(Path file, HostFacts host, @Nullable KernelProfile kernel)
            throws TraceFormatException {
        if (kernel != null) {
            return kernel;
        }
        String release = host.release();
        if (release == null) {
            throw new TraceFormatException(
                    file.toString(), "no host.txt beside it names the kernel; say which with --kernel");
        }
        return KernelProfile.covering(release)
                .orElseThrow(() -> new TraceFormatException(
                        file.toString(),
                        "nothing is known of the recorded kernel " + release + "; say which with --kernel ("
                                + KernelProfile.expected() + ")"));
    }
}
