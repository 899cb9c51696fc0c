package dev.longitude.cli;

import java.util.Arrays;

/** An exception that no input should cause, in one line that asks for a report. */
final class CrashReport {
    private static final String OURS = "dev.longitude.";

    private CrashReport() {}

    /** The exception's class and message, and the first frame of its stack; then the first frame of this program. */
    static String of(Throwable fault) {
        StringBuilder text =
                new StringBuilder("internal error: ").append(fault.getClass().getName());
        String message = fault.getMessage();
        if (message != null) {
            text.append(": ").append(message.lines().findFirst().orElse(""));
        }
        StackTraceElement[] frames = fault.getStackTrace();
        // (A JVM may leave out the frames of an exception that it throws often.)
        if (frames.length > 0) {
            text.append(", at ").append(frames[0]);
        }
        Arrays.stream(frames)
                .skip(1)
                .filter(f -> !frames[0].getClassName().startsWith(OURS)
                        && f.getClassName().startsWith(OURS))
                .findFirst()
                .ifPresent(f -> text.append(", called at ").append(f));
        return text.append(". Please report this line, with the input if you can.")
                .toString();
    }
}
