package dev.longitude.recording;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A format of recordings of real kernels. */
public interface RecordingFormat {
    /** The supported formats. */
    ImmutableList<RecordingFormat> ALL =
            ImmutableList.of(new IoctlLog(), new Strace(), new PerfTrace(), new QemuTrace(), new Ftrace());

    /** The format of a file that begins with these lines; empty if it is no recording. */
    static Optional<RecordingFormat> of(String head) {
        return ALL.stream().filter(f -> f.recognises(head)).findFirst();
    }

    /** Whether a file that begins with these lines may be of this format; the last line may be cut. */
    boolean recognises(String head);

    /**
     * Imports a recording.
     *
     * @param lines the file's lines
     * @param kernel the profile to judge by, or null: then it follows from the recorded kernel's release
     * @throws TraceFormatException if the recording or a companion is malformed or contradicts itself, or lacks what is
     *     needed to judge it
     */
    ImportedTrace read(Path file, LineSource lines, @Nullable KernelProfile kernel)
            throws TraceFormatException, IOException;
}
