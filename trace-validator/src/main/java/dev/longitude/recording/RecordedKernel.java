package dev.longitude.recording;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The kernel of a recording.
 *
 * @param profile the profile to judge by
 * @param host what {@code host.txt} says
 * @param asked whether the user named the profile
 */
record RecordedKernel(KernelProfile profile, HostFacts host, boolean asked) {
    /** The kernel to judge by: the requested one, or that of the recorded release. */
    static RecordedKernel of(Path file, HostFacts host, @Nullable KernelProfile kernel) throws TraceFormatException {
        if (kernel != null) {
            return new RecordedKernel(kernel, host, true);
        }
        String release = host.release();
        if (release == null) {
            throw new TraceFormatException(
                    file.equals(LineSource.STANDARD_INPUT) ? "standard input" : file.toString(),
                    "no host.txt beside it names the kernel; say which with --kernel");
        }
        KernelProfile profile = KernelProfile.covering(release)
                .orElseThrow(() -> new TraceFormatException(
                        file.toString(),
                        "nothing is known of the recorded kernel " + release + "; say which with --kernel ("
                                + KernelProfile.expected() + ")"));
        return new RecordedKernel(profile, host, false);
    }

    /** Where a trace of the file comes from, for its header. */
    String origin(Path file) {
        String release = host.release();
        return "recording " + file.getFileName() + (release == null ? "" : ", Linux " + release);
    }

    /** The same trace, with what is unknown about the recorded kernel, unless the user names the one to judge by. */
    ImportedTrace noted(ImportedTrace trace, RecordedRun run) {
        String release = host.release();
        if (asked || release == null) {
            return trace;
        }
        if (!KernelProfile.isKnown(release)) {
            return trace.withNote("Linux " + release + " is newer than " + KernelProfile.newest()
                    + ", the newest known kernel, and is judged as that");
        }
        if (host.isOfRedHat()) {
            return run.assuming(
                    trace,
                    "that the kernel does what " + profile.release()
                            + " does: Red Hat's kernels may have KVM's changes of later releases;"
                            + " --kernel says which it is like");
        }
        // A kernel whose name hides its patch level may or may not have the backports of its series.
        String got = profile.laterInSeries(trace.header().arch()).stream()
                .map(Switch::specName)
                .collect(Collectors.joining(", "));
        return !host.isOfUnknownPatch() || got.isEmpty()
                ? trace
                : run.assuming(
                        trace,
                        "that the kernel is " + profile.release() + " and lacks " + got
                                + ", which later releases of its series have: its name does not show its patch level,"
                                + " and host.txt has no `version`; --kernel says which it is");
    }
}
