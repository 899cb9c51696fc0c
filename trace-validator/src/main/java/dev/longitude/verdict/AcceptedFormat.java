package dev.longitude.verdict;

import dev.longitude.recording.RecordingFormat;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import org.jspecify.annotations.Nullable;

/** The format that an unusable file seems to have, and what is accepted in its place. */
enum AcceptedFormat {
    /** An ioctl log. */
    LOG(
            "accepted: an ioctl log, a JSON object a line with \"op\" and \"host_tsc\" or \"host_cntvct\", and host.txt beside it;"
                    + " trace-validator/LOG-FORMAT.md describes them"),
    /** A trace. */
    TRACE(
            "accepted: a trace, a header, an event a line and an end line; trace-validator/TRACE-FORMAT.md describes them"),
    /** Neither of them. */
    NEITHER("accepted: an ioctl log (trace-validator/LOG-FORMAT.md) or a trace (trace-validator/TRACE-FORMAT.md)");

    private final String text;

    AcceptedFormat(String text) {
        this.text = text;
    }

    /** The format of a file that begins with this line. */
    static AcceptedFormat of(String firstLine) {
        if (RecordingFormat.of(firstLine).isPresent()) {
            return LOG;
        }
        return firstLine.contains(TraceHeader.FORMAT) ? TRACE : NEITHER;
    }

    /** A fault of a file, with what is accepted; for an empty file the fault alone. */
    static TraceFormatException explained(TraceFormatException fault, @Nullable String firstLine) {
        return firstLine == null ? fault : fault.accepting(of(firstLine).text);
    }

    /** One line. */
    @Override
    public String toString() {
        return text;
    }
}
