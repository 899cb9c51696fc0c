package dev.longitude.cli;

import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What {@code validate} answers for one FILE.
 *
 * @param exitCode as if it were the only FILE
 * @param usable whether the file could be judged; the answer is for standard error otherwise, unless it is JSON
 * @param text the answer, without the last line's end
 */
record FileAnswer(int exitCode, boolean usable, String text) {

    /** Judges the file. */
    interface Judging {
        FileAnswer judge() throws TraceFormatException, IOException, InterruptedException;
    }

    /**
     * Judges a file. A failure does not stop the judging of other files: a file that makes this program fail is
     * unusable, like a malformed one.
     *
     * @param json whether the answer is JSON
     */
    static FileAnswer of(Path file, boolean json, Judging judging) throws InterruptedException {
        try {
            return judging.judge();
        } catch (TraceFormatException e) {
            return unusable(file, json, String.valueOf(e.getMessage()), e.accepted());
        } catch (IOException e) {
            return unusable(file, json, file + ": cannot be read or written: " + e, null);
        } catch (RuntimeException | VirtualMachineError e) {
            // The next file may need less stack or memory.
            if (Boolean.getBoolean("longitude.stacktrace")) {
                e.printStackTrace();
            }
            return unusable(file, json, file + ": unusable: " + CrashReport.of(e), null);
        }
    }

    private static FileAnswer unusable(Path file, boolean json, String why, @Nullable String accepted) {
        String text = json
                ? VerdictJson.unusable(file.toString(), why, accepted)
                : accepted == null ? why : why + "\n  " + accepted;
        return new FileAnswer(ExitCode.UNUSABLE, false, text);
    }
}
