package dev.longitude.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Shows how far a command has come and how long the rest may take, on standard error: on a terminal one line that it
 * rewrites, in a pipe one line for each step.
 */
final class Progress {
    /** Before so much of the work is done, its speed is not known. */
    private static final double ENOUGH = 0.02;

    /** How long a reader of a pipe waits for a sign of life. */
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private final PrintWriter err;
    private final boolean shown;
    private final boolean terminal = Terminal.isErr();
    private final int steps;
    private final double work;
    private final LongSupplier nanos;
    private final long begin;
    private long lastLine;
    private int done;
    private double workDone;

    /** Steps that all take about the same time. */
    Progress(PrintWriter err, boolean shown, int steps) {
        this(err, shown, steps, steps);
    }

    /** Steps of which nothing tells how long each takes: no estimate is better than a wrong one. */
    static Progress ofUnknownTimes(PrintWriter err, boolean shown, int steps) {
        return new Progress(err, shown, steps, Double.POSITIVE_INFINITY);
    }

    /**
     * The progress of a command.
     *
     * @param shown whether it is shown at all
     * @param work of all steps, in any unit that is proportional to the time
     */
    Progress(PrintWriter err, boolean shown, int steps, double work) {
        this(err, shown, steps, work, System::nanoTime);
    }

    /** The same by another clock. */
    Progress(PrintWriter err, boolean shown, int steps, double work, LongSupplier nanos) {
        this.nanos = nanos;
        this.begin = nanos.getAsLong();
        this.lastLine = begin;
        this.err = err;
        this.shown = shown;
        this.steps = steps;
        this.work = work;
    }

    /** One of steps that take the same time is done. */
    void step(String what, String verdict) {
        step(what, verdict, 1);
    }

    /** One step is done, which was so much of the work. */
    synchronized void step(String what, String verdict, double itsWork) {
        done++;
        workDone += itsWork;
        if (shown) {
            String line =
                    "[" + done + "/" + steps + left((nanos.getAsLong() - begin) / 1e9) + "] " + what + ": " + verdict;
            if (terminal) {
                err.print("\r\u001b[K" + cut(line));
            } else {
                err.println(line);
                lastLine = nanos.getAsLong();
            }
            err.flush();
        }
    }

    /** What happens now: on a terminal always, in a pipe once in a while. */
    synchronized void now(String what) {
        if (!shown) {
            return;
        }
        if (terminal) {
            err.print("\r\u001b[K" + cut(what));
            err.flush();
        } else if (nanos.getAsLong() - lastLine >= SILENCE.toNanos()) {
            err.println(what);
            err.flush();
            lastLine = nanos.getAsLong();
        }
    }

    /** A line that leaves room for the cursor: a terminal would otherwise go on in the next, which is not cleared. */
    private static String cut(String line) {
        return line.substring(0, Math.min(line.length(), Terminal.columns() - 1));
    }

    private String left(double seconds) {
        double rest = secondsLeft(seconds, workDone, work);
        if (workDone < ENOUGH * work || rest < 10) {
            return "";
        }
        return ", about " + (rest < 100 ? Math.round(rest) + " s" : Math.round(rest / 60) + " min") + " left";
    }

    /** The time that the rest takes if it goes on as fast. */
    static double secondsLeft(double seconds, double workDone, double work) {
        return workDone <= 0 ? 0 : seconds * Math.max(0, work - workDone) / workDone;
    }

    /** Clears the line on a terminal. */
    synchronized void finish() {
        if (terminal) {
            now("");
        }
    }
}
