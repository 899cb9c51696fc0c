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
    ImmutableList<RecordingFormat> ALL = ImmutableList.of(new IoctlLog());

    /** The format of a file that begins with this line; empty if it is no recording. */
    static Optional<RecordingFormat> of(String firstLine) {
        return ALL.stream().filter(f -> f.recognises(firstLine)).findFirst();
    }

    /** Whether a file that begins with this line may be of this format. */
    boolean recognises(String firstLine);

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
