package dev.longitude.cli;

import dev.longitude.results.CaseResult;
import dev.longitude.results.Location;
import dev.longitude.results.Status;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The verdict on one file, of {@code validate}, {@code probe} or {@code lab}.
 *
 * @param result the same for other programs
 * @param json gives the same as {@link VerdictJson}, on one line: to make it takes time that few need
 * @param text the answer, without the last line's end
 */
record FileAnswer(CaseResult result, Supplier<String> json, String text) {
    /** The kind of its results. */
    static final String SUITE = "trace";

    /** What is asked of a file. */
    static final String CONFORMS = "conforms";

    /** Judges the file. */
    interface Judging {
        FileAnswer judge() throws TraceFormatException, IOException, InterruptedException;
    }

    /** Whether the file could be judged; the text is for standard error otherwise. */
    boolean usable() {
        return result.status() != Status.UNUSABLE;
    }

    /**
     * Judges a file. A failure does not stop the judging of other files: a file that makes this program fail is
     * unusable, like a malformed one.
     */
    static FileAnswer of(Path file, Judging judging) throws InterruptedException {
        long begin = System.nanoTime();
        FileAnswer answer = answer(file, judging);
        return new FileAnswer(answer.result().took((System.nanoTime() - begin) / 1e9), answer.json(), answer.text());
    }

    private static FileAnswer answer(Path file, Judging judging) throws InterruptedException {
        try {
            return judging.judge();
        } catch (TraceFormatException e) {
            return unusable(file, String.valueOf(e.getMessage()), e.accepted());
        } catch (IOException e) {
            return unusable(file, file + ": cannot be read or written: " + e, null);
        } catch (RuntimeException | VirtualMachineError e) {
            // The next file may need less stack or memory.
            if (Boolean.getBoolean("longitude.stacktrace")) {
                e.printStackTrace();
            }
            return unusable(file, file + ": unusable: " + CrashReport.of(e), null);
        }
    }

    private static FileAnswer unusable(Path file, String why, @Nullable String accepted) {
        Matcher line = Pattern.compile("^" + Pattern.quote(file.toString()) + ":(\\d{1,9}):")
                .matcher(why);
        CaseResult result = CaseResult.of(SUITE, file.toString(), Status.UNUSABLE, CONFORMS, why)
                .at(Location.of(file, line.find() ? Integer.parseInt(line.group(1)) : 0));
        return new FileAnswer(
                result,
                () -> VerdictJson.unusable(file.toString(), why, accepted),
                accepted == null ? why : why + "\n  " + accepted);
    }
}
