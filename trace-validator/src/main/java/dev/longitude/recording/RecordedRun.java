package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The input of an importer.
 *
 * @param source the log's name in messages
 * @param file the log; its companions are beside it
 * @param kernel the profile to judge by
 * @param host what {@code host.txt} says
 * @param origin where the trace comes from, for its header
 * @param orderOnly whether the records show no payload, and their counters nothing but the order
 */
record RecordedRun(
        String source,
        Path file,
        KernelProfile kernel,
        HostFacts host,
        String origin,
        ImmutableList<IoctlRecord> records,
        boolean orderOnly) {
    /** The trace of this log, with an assumption about the whole host from the first line on. */
    ImportedTrace assuming(ImportedTrace trace, String what) {
        return records.stream()
                .filter(r -> r.host() != null)
                .findFirst()
                .map(first -> trace.assuming(new ImportedTrace.Assumption(
                        first.line(), null, Objects.requireNonNull(first.host()).lo(), what)))
                .orElse(trace);
    }
}
