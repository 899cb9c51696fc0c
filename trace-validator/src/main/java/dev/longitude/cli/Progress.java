package dev.longitude.cli;

import java.io.PrintWriter;

/**
 * Shows how far a command has come and how long the rest may take: on a terminal one line that it rewrites, in a pipe
 * one line for each step.
 */
final class Progress {
    private final PrintWriter out;
    private final boolean terminal;
    private final int steps;
    private final long begin = System.nanoTime();
    private int done;

    Progress(PrintWriter out, boolean terminal, int steps) {
        this.out = out;
        this.terminal = terminal;
        this.steps = steps;
    }

    /** One step is done. */
    synchronized void step(String what, String verdict) {
        done++;
        String line = "[" + done + "/" + steps + left() + "] " + what + ": " + verdict;
        if (terminal) {
            out.print("\r\u001b[K" + (line.length() > 100 ? line.substring(0, 100) : line));
        } else {
            out.println(line);
        }
        out.flush();
    }

    /** The remaining time, from the average of the steps so far. */
    private String left() {
        long seconds = (System.nanoTime() - begin) / 1_000_000_000 * (steps - done) / done;
        if (seconds < 10) {
            return "";
        }
        return ", about " + (seconds < 100 ? seconds + " s" : (seconds + 30) / 60 + " min") + " left";
    }

    /** Clears the line on a terminal. */
    synchronized void finish() {
        if (terminal) {
            out.print("\r\u001b[K");
            out.flush();
        }
    }
}
