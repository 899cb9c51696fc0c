package dev.longitude.verdict;

import dev.longitude.recording.IoctlLog;
import dev.longitude.recording.RecordingFormat;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.trace.TraceHeader;
import java.util.Optional;

/** The format that an unusable file seems to have, and what is accepted in its place. */
enum AcceptedFormat {
    /** An ioctl log. */
    LOG(
            "accepted: an ioctl log, a JSON object a line with \"op\" and \"host_tsc\" or \"host_cntvct\", and host.txt beside it;"
                    + " trace-validator/LOG-FORMAT.md describes them"),
    /** A trace. */
    TRACE(
            "accepted: a trace, a header, an event a line and an end line; trace-validator/TRACE-FORMAT.md describes them"),
    /** The output of a tool that others have written. */
    TOOL("accepted: what strace -f -y, perf trace -e ioctl or QEMU's -trace 'kvm_*ioctl' prints;"
            + " trace-validator/FORMATS.md describes how to record it"),
    /** None of them. */
    NONE(
            "accepted: an ioctl log (trace-validator/LOG-FORMAT.md), a trace (trace-validator/TRACE-FORMAT.md), or the output"
                    + " of strace, perf or QEMU (trace-validator/FORMATS.md)");

    private final String text;

    AcceptedFormat(String text) {
        this.text = text;
    }

    /** The format of a file that begins like this. */
    static AcceptedFormat of(String head) {
        Optional<RecordingFormat> format = RecordingFormat.of(head);
        if (format.isPresent()) {
            return format.get() instanceof IoctlLog ? LOG : TOOL;
        }
        return head.lines().findFirst().orElse("").contains(TraceHeader.FORMAT) ? TRACE : NONE;
    }

    /** A fault of a file, with what is accepted; for an empty file the fault alone. */
    static TraceFormatException explained(TraceFormatException fault, String head) {
        return head.isEmpty() ? fault : fault.accepting(of(head).text);
    }

    /** One line. */
    @Override
    public String toString() {
        return text;
    }
}
