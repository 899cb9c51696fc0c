package dev.longitude.cli;

import java.io.PrintWriter;

/** Tells how far a command has come: one line that is rewritten on a terminal, one line a step in a pipe. */
final class Progress {
    private final PrintWriter out;
    private final boolean terminal;
    private final int steps;
    private int done;

    Progress(PrintWriter out, boolean terminal, int steps) {
        this.out = out;
        this.terminal = terminal;
        this.steps = steps;
    }

    /** One step is done. */
    synchronized void step(String what, String verdict) {
        done++;
        if (terminal) {
            String line = "[" + done + "/" + steps + "] " + what + ": " + verdict;
            out.print("\r\u001b[K" + (line.length() > 100 ? line.substring(0, 100) : line));
        } else {
            out.println("[" + done + "/" + steps + "] " + what + ": " + verdict);
        }
        out.flush();
    }

    /** Clears the line on a terminal. */
    synchronized void finish() {
        if (terminal) {
            out.print("\r\u001b[K");
            out.flush();
        }
    }
}
