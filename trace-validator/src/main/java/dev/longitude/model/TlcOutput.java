package dev.longitude.model;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * TLC's output with {@code -tool}: messages between markers with a number. The numbers are the same from TLC 1.5 to
 * 1.8.
 *
 * @param finished whether the search ended, with or without a violation
 * @param violated what TLC reports as violated, in its words: {@code Invariant X}, or a place; null if nothing
 * @param states distinct states, -1 if TLC did not report them
 * @param depth the depth of the search, -1 if TLC did not report it
 * @param trouble other errors, such as one in parsing or evaluating, in TLC's words
 * @param counterexample the states of the violating behaviour, in TLC's words
 * @param backTo where the behaviour is endless: the number of the state, from 1, with which it goes on after the last one;
 *     otherwise 0
 * @param temporal whether TLC checked temporal formulas on the graph of states, as it must for liveness
 * @param printed the lines that the specification itself printed
 * @param coverage with {@code -coverage}: what TLC reports of each place, in its words
 * @param exitCode of TLC's process
 */
public record TlcOutput(
        boolean finished,
        @Nullable String violated,
        long states,
        int depth,
        ImmutableList<String> trouble,
        ImmutableList<String> counterexample,
        int backTo,
        boolean temporal,
        ImmutableList<String> printed,
        ImmutableList<String> coverage,
        int exitCode) {
    private static final Pattern START = Pattern.compile("@!@!@STARTMSG (\\d+):(\\d+) @!@!@");
    private static final String END = "@!@!@ENDMSG";
    private static final Pattern STATS = Pattern.compile("(\\d[\\d,]*) distinct states found");
    private static final Pattern DEPTH = Pattern.compile("search is (\\d+)");
    private static final Pattern BACK_TO = Pattern.compile("^(\\d+): Back to state");
    private static final Pattern VIOLATION = Pattern.compile("(?s)(.*?) (?:is|are|was|were) violated.*");

    private static final int SEVERITY_ERROR = 1;
    private static final int STATE_PRINT = 2217;
    private static final int BACK_TO_STATE = 2122;
    private static final int STATS_CODE = 2199;
    private static final int DEPTH_CODE = 2194;
    private static final int FINISHED = 2186;
    private static final int COVERAGE_VALUE = 2221;
    private static final int COVERAGE_VALUE_COST = 2775;
    private static final int COVERAGE_NEXT = 2772;
    private static final int COVERAGE_INIT = 2773;
    private static final int COVERAGE_PROPERTY = 2774;
    private static final int CHECKING_TEMPORAL_PROPERTIES = 2192;
    private static final int BEHAVIOR_UP_TO_THIS_POINT = 2121;
    private static final int COUNTER_EXAMPLE = 2264;

    /** Parses TLC's output. */
    static TlcOutput parse(Iterable<String> lines, int exitCode) {
        boolean finished = false;
        boolean temporal = false;
        String violated = null;
        long states = -1;
        int depth = -1;
        int backTo = 0;
        List<String> trouble = new ArrayList<>();
        List<String> counterexample = new ArrayList<>();
        List<String> printed = new ArrayList<>();
        List<String> coverage = new ArrayList<>();
        int code = -1;
        int severity = 0;
        StringBuilder body = new StringBuilder();
        for (String line : lines) {
            Matcher start = START.matcher(line);
            if (start.find()) {
                code = Integer.parseInt(start.group(1));
                severity = Integer.parseInt(start.group(2));
                body.setLength(0);
            } else if (line.startsWith(END)) {
                String text = body.toString().strip();
                Matcher m;
                switch (code) {
                    case STATE_PRINT -> counterexample.add(text);
                    case STATS_CODE -> {
                        m = STATS.matcher(text);
                        states = m.find() ? Long.parseLong(m.group(1).replace(",", "")) : states;
                    }
                    case DEPTH_CODE -> {
                        m = DEPTH.matcher(text);
                        depth = m.find() ? Integer.parseInt(m.group(1)) : depth;
                    }
                    case BACK_TO_STATE -> {
                        m = BACK_TO.matcher(text);
                        backTo = m.find() ? Integer.parseInt(m.group(1)) : backTo;
                    }
                    case COVERAGE_VALUE, COVERAGE_VALUE_COST, COVERAGE_NEXT, COVERAGE_INIT, COVERAGE_PROPERTY ->
                        coverage.add(text);
                    case FINISHED -> finished = true;
                    case CHECKING_TEMPORAL_PROPERTIES -> temporal = true;
                    case BEHAVIOR_UP_TO_THIS_POINT, COUNTER_EXAMPLE -> {
                        // the states follow
                    }
                    default -> {
                        if (severity == SEVERITY_ERROR) {
                            m = VIOLATION.matcher(text);
                            if (violated == null && m.matches()) {
                                violated = m.group(1);
                            } else {
                                trouble.add(text);
                            }
                        }
                    }
                }
                code = -1;
            } else if (code >= 0) {
                body.append(line).append('\n');
            } else {
                printed.add(line);
            }
        }
        return new TlcOutput(
                finished,
                violated,
                states,
                depth,
                ImmutableList.copyOf(trouble),
                ImmutableList.copyOf(counterexample),
                backTo,
                temporal,
                ImmutableList.copyOf(printed),
                ImmutableList.copyOf(coverage),
                exitCode);
    }
}
