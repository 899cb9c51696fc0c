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
     * Judges a file so that nothing that goes wrong with it ends the judging of others: a file that makes this program fail
     * is unusable, as one that is malformed.
     *
     * @param json whether the answer is to be JSON
     */
    static FileAnswer of(Path file, boolean json, Judging judging) throws InterruptedException {
        try {
            return judging.judge();
        } catch (TraceFormatException e) {
            return unusable(file, json, String.valueOf(e.getMessage()), e.accepted());
        } catch (IOException e) {
            return unusable(file, json, file + ": cannot be read or written: " + e, null);
        } catch (RuntimeException | VirtualMachineError e) {
            // Recursion that is too deep, or too little memory, for this file need not be so for the next.
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
