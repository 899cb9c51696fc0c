package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        List<IoctlRecord> records = records(lines);
        String machine = host.arch();
        boolean arm64 =
                machine == null ? records.stream().anyMatch(IoctlRecord::arm64) : machine.equals(Arch.ARM64.machine());
        if (machine != null && !arm64 && !machine.equals(Arch.X86.machine())) {
            throw new TraceFormatException(
                    file.toString(),
                    "recorded on " + machine + "; only " + Arch.X86 + " and " + Arch.ARM64 + " are modelled");
        }
        for (IoctlRecord record : records) {
            if (record.host() != null && record.arm64() != arm64) {
                throw record.fault(
                        lines.name(),
                        "expected " + (arm64 ? "host_cntvct" : "host_tsc") + ": the host is "
                                + (arm64 ? Arch.ARM64 : Arch.X86));
            }
        }
        KernelProfile profile = profile(file, host, kernel);
        String release = host.release();
        String origin = "recording " + file.getFileName() + (release == null ? "" : ", Linux " + release);
        ImportedTrace trace = arm64
                ? Arm64Log.read(lines.name(), profile, host, origin, records)
                : ofX86(lines.name(), profile, host, origin, records, TracepointFile.beside(file));
        if (kernel == null && host.isOfUnknownPatch()) {
            trace = withUnknownPatch(trace, profile, records);
        }
        boolean passedOver = arm64 && Files.isRegularFile(TracepointFile.of(file));
        return trace.withNote(
                        passedOver
                                ? "tracepoints not used: none of arm64 shows a counter, and the file is not read"
                                : null)
                .withNote(unlisted(records))
                .withNote(kernel == null ? tooNew(release) : null);
    }

    private static @Nullable String tooNew(@Nullable String release) {
        return release == null || KernelProfile.isKnown(release)
                ? null
                : "Linux " + release + " is newer than " + KernelProfile.newest()
                        + ", the newest of which anything is known here, and is judged as that";
    }

    /** What stable releases of its series have got, a kernel may have or not whose name does not show which it is. */
    private static ImportedTrace withUnknownPatch(
            ImportedTrace trace, KernelProfile profile, List<IoctlRecord> records) {
        String got = profile.laterInSeries(trace.header().arch()).stream()
                .map(Switch::specName)
                .collect(Collectors.joining(", "));
        return got.isEmpty()
                ? trace
                : assuming(
                        trace,
                        records,
                        "that the kernel is " + profile.release() + " and lacks " + got
                                + ", which later releases of its series got: its name does not show its patch level, and"
                                + " host.txt has no `version`; --kernel says which it is");
    }

    private static ImportedTrace assuming(ImportedTrace trace, List<IoctlRecord> records, String what) {
        IoctlRecord first =
                records.stream().filter(r -> r.host() != null).findFirst().orElse(null);
        return first == null || first.host() == null
                ? trace
                : trace.assuming(new ImportedTrace.Assumption(
                        first.line(), null, first.host().lo(), what));
    }

    private static ImportedTrace ofX86(
            String source,
            KernelProfile profile,
            HostFacts host,
            String origin,
            List<IoctlRecord> records,
            TracepointFile tracepoints)
            throws TraceFormatException {
        if (tracepoints.isOfAnotherClock(records)) {
            TracepointFile none = new TracepointFile(ImmutableList.of(), tracepoints.unusable(), 0);
            return ofX86(source, profile, host, origin, records, none)
                    .withNote("tracepoints not used: not one of the "
                            + tracepoints.points().size()
                            + " lines lies within the log's host_tsc: written with another trace clock?");
        }
        ImportedTrace trace = X86Log.read(source, profile, host, origin, records, tracepoints);
        if (host.hasClocksource()
                || host.unstable()
                || tracepoints.points().stream().anyMatch(IoctlLog::showsClocksource)) {
            return trace;
        }
        return assuming(
                trace,
                records,
                "that the host's clocksource is the TSC, which neither host.txt nor a tracepoint shows");
    }

    private static boolean showsClocksource(Tracepoint point) {
        return point instanceof Tracepoint.TrackTsc || point instanceof Tracepoint.UpdateMasterClock;
    }

    private static List<IoctlRecord> records(LineSource lines) throws TraceFormatException, IOException {
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
        return records;
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
