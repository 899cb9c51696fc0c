package dev.longitude.cli;

import com.google.common.primitives.Ints;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.verdict.Verdict;
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

    /** The code of a whole is the first of these that one of its parts has. */
    private static final List<Integer> ORDER = Ints.asList(UNUSABLE, VIOLATED, UNDECIDED, HOLDS);

    /** The text of {@code --help} about them. */
    static final String MEANING = "Exit codes: 0 all holds; 1 a property is violated or a trace is refused; 2 unusable"
            + " input or usage, or output that cannot be written; 3 undecided.";

    /** The same of a command that judges nothing. */
    static final String MEANING_WITHOUT_VERDICT =
            "Exit codes: 0 done; 2 unusable input or usage, or output that cannot be written.";

    private ExitCode() {}

    /** The code of a whole of two parts. */
    static int ofBoth(int one, int other) {
        return ORDER.indexOf(one) <= ORDER.indexOf(other) ? one : other;
    }

    /** The exit code for one trace alone, if no property is required. */
    static int of(Verdict verdict) {
        return verdict.refusal() != null ? VIOLATED : verdict.undecided() != null ? UNDECIDED : HOLDS;
    }

    /**
     * The exit code for one trace alone.
     *
     * @param required the properties that must be kept
     */
    static int of(Verdict verdict, Iterable<String> required) {
        int code = of(verdict);
        for (String name : required) {
            PropertyVerdict kept = verdict.properties().get(name);
            code = ofBoth(code, kept == null ? UNUSABLE : of(kept));
        }
        return code;
    }

    private static int of(PropertyVerdict kept) {
        return switch (kept) {
            case KEPT -> HOLDS;
            case NOT_KEPT -> VIOLATED;
            case MAY_NOT_BE_KEPT -> UNDECIDED;
        };
    }
}
