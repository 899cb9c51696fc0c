package dev.longitude.recording;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Imports calls without payload. The importers of ioctl logs make the events; what a call would have to show for its
 * event becomes an assumption, so that a refusal counts only before the first such call. Nothing compares the clocks'
 * values, since the calls show none.
 */
final class CallOrder {
    private CallOrder() {}

    /**
     * The calls as a trace.
     *
     * @param file the file; host.txt may be beside it
     * @param assumed what is assumed of all calls, or null
     * @param kernel the profile to judge by, or null: then it follows from host.txt
     */
    static ImportedTrace read(
            Path file, LineSource lines, ShownCalls calls, @Nullable String assumed, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException {
        if (calls.size() == 0) {
            throw new TraceFormatException(lines.name(), "shows no ioctl of KVM");
        }
        HostFacts host = HostFacts.beside(file);
        LogArchitecture shown = calls.architecture();
        LogArchitecture arch = LogArchitecture.of(host, file, shown == null ? LogArchitecture.X86 : shown);
        RecordedKernel recorded = RecordedKernel.of(file, host, kernel);
        RecordedRun run = new RecordedRun(
                lines.name(), file, recorded.profile(), host, recorded.origin(file), calls.records(arch), true);
        ImportedTrace trace = recorded.noted(arch.read(run), run);
        if (assumed != null) {
            trace = run.assuming(trace, assumed);
        }
        if (shown == null && host.arch() == null) {
            trace = run.assuming(trace, "that the host is " + arch + ", which no call and no host.txt shows");
        }
        return trace.judging(new ImportedTrace.Judged(
                "order of " + counted(calls.size(), "call")
                        + (calls.payloads() == 0
                                ? "; no payload"
                                : "; payload of " + calls.payloads() + " that have a number for it"),
                "order only",
                "it, and no value of a clock was compared"));
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
