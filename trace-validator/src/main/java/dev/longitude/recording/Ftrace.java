package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * KVM's tracepoints of an x86 host without an ioctl log: the kernel's file {@code trace}, {@code trace-cmd report} or
 * {@code perf script}. They show the offset of each write, how many vCPUs match, whether the masterclock is on, and the
 * pages; no call, no value that the VMM wrote, and no VM.
 */
final class Ftrace implements RecordingFormat {
    private static final String ASSUMED =
            "that all lines are of one VM, that the file begins before its first vCPU, and"
                    + " that no call without a tracepoint, such as KVM_SET_TSC_KHZ, changed what they show";

    /** The rate where nothing shows it. */
    private static final int SOME_KHZ = 1_000_000;

    private static final BigInteger NS_PER_MS = BigInteger.valueOf(1_000_000);

    /** How much later than the event its time stamp may be, and rounded. */
    private static final long ROUNDED_NS = 2000;

    @Override
    public boolean recognises(String head) {
        return TracepointFile.isIn(head);
    }

    @Override
    public ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        TracepointFile read = TracepointFile.read(lines, true);
        if (read.points().isEmpty()) {
            throw new TraceFormatException(
                    lines.name(),
                    "shows none of " + String.join(", ", TracepointFile.EVENTS)
                            + (read.unusable().isEmpty() ? "" : "; not used: " + read.unusable()));
        }
        HostFacts host = HostFacts.beside(file);
        LogArchitecture arch = LogArchitecture.of(host, file, LogArchitecture.X86);
        if (arch != LogArchitecture.X86) {
            throw new TraceFormatException(
                    lines.name(), "tracepoints of " + arch + " show no counter: a log is needed");
        }
        RecordedKernel recorded = RecordedKernel.of(file, host, kernel);
        Integer khz = host.tscKhz().isPresent() ? (Integer) host.tscKhz().getAsInt() : ofPages(read.points());
        host.orTscKhz(khz == null ? SOME_KHZ : khz);
        ImmutableList<Tracepoint> points =
                read.inSeconds() ? byTsc(lines, read.points(), khz == null ? SOME_KHZ : khz) : read.points();
        TracepointFile shown = new TracepointFile(points, read.unusable(), read.missing(), false);
        RecordedRun run = new RecordedRun(
                lines.name(),
                file,
                recorded.profile(),
                host,
                recorded.origin(file),
                new TracepointCalls(lines.name(), points).records(),
                false);
        ImportedTrace trace = run.assuming(recorded.noted(X86Log.imported(run, shown), run), ASSUMED);
        if (khz == null) {
            trace = run.assuming(
                    trace, "that the host's TSC runs at " + SOME_KHZ + " kHz: neither a page nor host.txt shows it");
        }
        if (read.inSeconds()) {
            trace = run.assuming(
                    trace,
                    "that the clock of the time stamps runs with the TSC: with the trace clock x86-tsc they are the TSC");
        }
        return trace.judging(new ImportedTrace.Judged(
                count(points, Tracepoint.WriteTscOffset.class) + " writes of an offset, "
                        + count(points, Tracepoint.UpdateMasterClock.class) + " updates of the masterclock, "
                        + count(points, Tracepoint.PvclockUpdate.class) + " pages; no call",
                "tracepoints only",
                "what they show, and no call was compared"));
    }

    private static long count(List<Tracepoint> points, Class<? extends Tracepoint> type) {
        return points.stream().filter(type::isInstance).count();
    }

    /** The rate of a guest, kHz, by the multiplier and the shift of its page; null if there is no page. */
    private static @Nullable Integer ofPages(List<Tracepoint> points) {
        for (Tracepoint point : points) {
            if (point instanceof Tracepoint.PvclockUpdate page
                    && page.mul() > 0
                    && Math.abs(page.shift()) < Integer.SIZE) {
                // mul / 2^32 * 2^shift is the ns of a cycle.
                double nsPerCycle = page.mul() / (double) (1L << Integer.SIZE) * Math.pow(2, page.shift());
                long khz = Math.round(1_000_000 / nsPerCycle);
                if (khz > 0 && khz <= TraceHeader.MOST_TSC_KHZ) {
                    return (int) khz;
                }
            }
        }
        return null;
    }

    /**
     * The points at the TSC of their instant. KVM gives the first vCPU of a VM the offset at which its TSC begins at 0:
     * this shows the host's TSC at one instant.
     */
    private static ImmutableList<Tracepoint> byTsc(LineSource lines, List<Tracepoint> points, int khz)
            throws TraceFormatException {
        Tracepoint.WriteTscOffset first = points.stream()
                .filter(Tracepoint.WriteTscOffset.class::isInstance)
                .map(Tracepoint.WriteTscOffset.class::cast)
                .filter(w -> w.prev() == 0)
                .findFirst()
                .orElseThrow(() -> new TraceFormatException(
                        lines.name(),
                        "the time stamps are not the TSC, and no creation of a vCPU shows it: expected the trace clock"
                                + " x86-tsc, or a file that begins before the VM"));
        List<Tracepoint> moved = new ArrayList<>();
        long before = 0;
        for (Tracepoint point : points) {
            long ns = point.tsc() - first.tsc() + ROUNDED_NS;
            long cycles = BigInteger.valueOf(ns)
                    .multiply(BigInteger.valueOf(khz))
                    .divide(NS_PER_MS)
                    .longValue();
            long tsc = cycles - first.next();
            if (!moved.isEmpty() && tsc - before <= 0) {
                tsc = before + 2; // (of the same microsecond)
            }
            moved.add(point.at(tsc));
            before = tsc;
        }
        return ImmutableList.copyOf(moved);
    }
}
