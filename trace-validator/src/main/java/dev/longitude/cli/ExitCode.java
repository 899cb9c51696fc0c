package dev.longitude.cli;

import com.google.common.primitives.Ints;
import java.util.List;

/** The exit codes of every command. */
final class ExitCode {
    /** All holds. */
    static final int HOLDS = 0;

    /** A property is violated, or a trace is refused. */
    static final int VIOLATED = 1;

    /** The input cannot be used, the command was not understood, or its output cannot be written. */
    static final int UNUSABLE = 2;

    /** Whether a trace conforms, or a property is kept, cannot be decided. */
    static final int UNDECIDED = 3;

    /** Of the codes of several parts, that of the whole is the first of these that a part has. */
    private static final List<Integer> ORDER = Ints.asList(UNUSABLE, VIOLATED, UNDECIDED, HOLDS);

    /** What {@code --help} says of them, a line each. */
    static final String MEANING = "Exit codes: 0 all holds; 1 a property is violated or a trace is refused; 2 unusable"
            + " input or usage, or output that cannot be written; 3 undecided.";

    private ExitCode() {}

    /** The code of a whole of two parts. */
    static int ofBoth(int one, int other) {
        return ORDER.indexOf(one) <= ORDER.indexOf(other) ? one : other;
    }
}
