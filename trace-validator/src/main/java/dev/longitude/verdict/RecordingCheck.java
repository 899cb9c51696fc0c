package dev.longitude.verdict;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.BundledRecording;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A bundled recording's verdict, compared with the expected one.
 *
 * @param expected the expected verdict, as text
 * @param fault what is wrong, or null
 */
public record RecordingCheck(
        Verdict verdict, String expected, @Nullable String fault) {
    /** Validates the recording, whose log has been unpacked. */
    public static RecordingCheck of(BundledRecording recording, Path log) throws IOException, TraceFormatException {
        KernelProfile refusing = recording.refusingProfile();
        Verdict verdict = new InputFile(log, refusing).validate();
        String expected = refusing == null
                ? "conforms to " + verdict.header().kernel()
                : "refused under " + refusing + " at line " + recording.atLine();
        String meanwhile = recording.meanwhile();
        if (meanwhile != null) {
            return new RecordingCheck(
                    verdict,
                    expected + "; today " + meanwhile,
                    verdict.name().equals(meanwhile) ? null : "must be " + meanwhile + ":\n" + verdict.text());
        }
        if (refusing == null) {
            return new RecordingCheck(verdict, expected, verdict.conforms() ? null : verdict.text());
        }
        Refusal refusal = verdict.refusal();
        boolean there =
                refusal != null && Integer.valueOf(refusal.event().line()).equals(recording.atLine());
        return new RecordingCheck(
                verdict,
                expected,
                there ? null : "must be refused at line " + recording.atLine() + ":\n" + verdict.text());
    }
}
