package dev.longitude.model;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Tests the TLC in use for what Longitude needs, and for known faults of some TLCs: each check is a small specification
 * with a fault that TLC must find.
 */
public enum Doctor {
    /** A false invariant is found. */
    SAFETY("a false invariant is found", true, 1, ImmutableList.of("-workers", "1")) {
        @Override
        String text() {
            return counting("Wrong == x # 3");
        }

        @Override
        String config() {
            return "INIT Init\nNEXT Next\nINVARIANT Wrong\n";
        }
    },
    /** A false liveness property is found by one worker. */
    LIVENESS("a false liveness property is found by one worker", true, 1, ImmutableList.of("-workers", "1")) {
        @Override
        String text() {
            return forgetful();
        }

        @Override
        String config() {
            return "SPECIFICATION Spec\nPROPERTY Wrong\nCHECK_DEADLOCK FALSE\n";
        }
    },
    /** ... and by two, each time. */
    LIVENESS_BY_TWO("... and by two workers, each of five times", false, 5, ImmutableList.of("-workers", "2")) {
        @Override
        String text() {
            return forgetful();
        }

        @Override
        String config() {
            return LIVENESS.config();
        }
    },
    /** SubSeq of an EXCEPT on a function that is not evaluated yet. */
    LAZY_EXCEPT(
            "SubSeq sees EXCEPT on a function that is not evaluated yet", false, 1, ImmutableList.of("-workers", "1")) {
        @Override
        String text() {
            return counting(
                    "First(s) == LET changed == [s EXCEPT ![1] = 9] IN SubSeq(changed, 1, 2)[1]",
                    "Wrong == First([i \\in 1 .. 3 |-> i]) # 9");
        }

        @Override
        String config() {
            return SAFETY.config();
        }
    },
    /** EXCEPT on a function of functions, from which another function is made. */
    SHARED_EXCEPT(
            "EXCEPT stays on a function whose domain is a set of functions",
            false,
            1,
            ImmutableList.of("-workers", "1")) {
        @Override
        String text() {
            return counting(
                    "Keys == [{1, 2} -> {0, 1}]",
                    "Key(n) == [i \\in {1, 2} |-> n]",
                    "Mid == [i \\in {1, 2} |-> i - 1]",
                    "One == [[k \\in Keys |-> [j \\in Keys |-> 0]] EXCEPT ![Key(1)][Key(0)] = x]",
                    "Other(f) == [f EXCEPT ![Mid][Mid] = 7]",
                    "Wrong == LET one == One",
                    "             other == Other(one)",
                    "         IN other \\notin [Keys -> [Keys -> {9}]] /\\ one[Key(1)][Key(0)] # 3");
        }

        @Override
        String config() {
            return SAFETY.config();
        }
    },
    /** With -continue the exit code reports a violation. */
    CONTINUE(
            "with -continue the exit code reports a violation",
            false,
            1,
            ImmutableList.of("-workers", "1", "-continue")) {
        @Override
        String text() {
            return SAFETY.text();
        }

        @Override
        String config() {
            return SAFETY.config();
        }

        @Override
        boolean isRight(TlcOutput output) {
            return output.exitCode() != 0;
        }
    },
    /** Many strong fairness conditions at once. */
    MANY_FAIRNESS("36 strong fairness conditions at once are supported", false, 1, ImmutableList.of("-workers", "1")) {
        @Override
        String text() {
            return counting(
                    "Step(i) == x = i /\\ x' = (i + 1) % 5",
                    "Spec == Init /\\ [][Next]_x /\\ "
                            + IntStream.range(0, 36)
                                    .mapToObj(i -> "SF_x(Step(" + i + "))")
                                    .collect(Collectors.joining(" /\\ ")),
                    "Wrong == <>(x = 99)");
        }

        @Override
        String config() {
            return LIVENESS.config();
        }
    };

    private static final String MODULE = "Doctor";

    private final String about;
    private final boolean isNeeded;
    private final int times;
    private final ImmutableList<String> options;

    Doctor(String about, boolean isNeeded, int times, ImmutableList<String> options) {
        this.about = about;
        this.isNeeded = isNeeded;
        this.times = times;
        this.options = options;
    }

    /** The check, as text. */
    public String about() {
        return about;
    }

    /** Whether Longitude's commands need it. */
    public boolean isNeeded() {
        return isNeeded;
    }

    /** Whether the TLC in use passes the check in a process of its own. */
    public boolean isRight() throws IOException, InterruptedException {
        for (int i = 0; i < times; i++) {
            if (!isRight(Tlc.run(MODULE, text(), config(), options))) {
                return false;
            }
        }
        return true;
    }

    /** Whether it passes the check in JVMs that run one specification after the other. */
    public boolean isRight(TlcJvms jvms) throws IOException, InterruptedException {
        for (int i = 0; i < times; i++) {
            Optional<TlcOutput> output = jvms.run(MODULE, text(), config(), options);
            if (output.isEmpty() || !isRight(output.get())) {
                return false;
            }
        }
        return true;
    }

    boolean isRight(TlcOutput output) {
        return output.finished()
                && output.violated() != null
                && output.trouble().isEmpty();
    }

    abstract String text();

    abstract String config();

    private static String module(String... lines) {
        return "---- MODULE " + MODULE + " ----\nEXTENDS Naturals, Sequences\n" + String.join("\n", lines) + "\n====\n";
    }

    /** Counts from 0 to 4, again and again. */
    static String counting(String... more) {
        return module("VARIABLE x", "Init == x = 0", "Next == x' = (x + 1) % 5", String.join("\n", more));
    }

    /** A walk on a torus that may stop at one place for ever. */
    static String forgetful() {
        return module(
                "VARIABLES x, y, stuck",
                "Init == x = 0 /\\ y = 0 /\\ stuck = FALSE",
                "Go == ~stuck /\\ x' = (x + 1) % 60 /\\ y' \\in {y, (y + 1) % 40} /\\ UNCHANGED stuck",
                "Stop == x = 7 /\\ y = 3 /\\ stuck' = TRUE /\\ UNCHANGED <<x, y>>",
                "Spec == Init /\\ [][Go \\/ Stop]_<<x, y, stuck>> /\\ WF_<<x, y, stuck>>(Go)",
                "Wrong == []<>(x = 0)");
    }
}
