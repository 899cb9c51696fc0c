package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Constraint;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Why an event is refused.
 *
 * @param number the event's place among the events, from 1
 * @param kernel the profile that it was judged under
 * @param reasons why, for all states that were possible before; the reason of most states first; at least one
 * @param flips switches of the kernel that would each let the event pass if they were flipped
 * @param possible where the operation was not possible at all: the operations that were, for the same vCPU
 * @param causes the earlier steps that the refusal depends on: without their effect there would be another reason, or
 *     none; the latest first
 * @param conflict constraints on unknowns that contradict each other, from the dead end that has the fewest of them;
 *     every other dead end has some too, and a separate checker has confirmed each; empty if no unknown matters
 * @param states how many states were possible before the event, silent steps included; each of them refuses it
 */
public record Refusal(
        TraceEvent event,
        long number,
        KernelProfile kernel,
        ImmutableList<Reason> reasons,
        ImmutableList<Switch> flips,
        ImmutableList<Operation> possible,
        ImmutableList<Cause> causes,
        ImmutableList<Conflict> conflict,
        int states) {
    private static final int MOST_REASONS = 3;
    private static final int MOST_CAUSES = 6;

    /**
     * One value that differs from the expected one.
     *
     * @param what a variable, with its vCPU, or a field of the reply
     */
    public record Difference(String what, String expected, String observed) {}

    /**
     * Why some of the possible states refuse the event.
     *
     * @param conjunct the first false conjunct, as {@code Module.tla:line: text}; null if the instant itself is
     *     impossible
     * @param sides the values of the parts of the conjunct, if it is a precondition of the operation
     * @param differences expected beside observed; empty if the operation was not possible at all
     * @param decisions the values of the definitions before the conjunct, by name
     * @param states how many of the states refuse it so
     */
    public record Reason(
            @Nullable String conjunct,
            ImmutableMap<String, String> sides,
            ImmutableList<Difference> differences,
            ImmutableMap<String, String> decisions,
            int states) {
        /** The same, of so many states. */
        Reason of(int count) {
            return new Reason(conjunct, sides, differences, decisions, count);
        }

        private void explain(StringBuilder text, String indent) {
            if (conjunct != null) {
                text.append(indent).append("first false conjunct: ").append(conjunct);
            }
            if (!sides.isEmpty()) {
                text.append(indent).append("in which ").append(all(sides));
            }
            for (Difference difference : differences) {
                String what = difference.what();
                text.append(indent).append(what);
                text.append(": expected ").append(SignedOffset.in(what, difference.expected()));
                text.append(", observed ").append(SignedOffset.in(what, difference.observed()));
            }
            if (!decisions.isEmpty()) {
                text.append(indent).append("where ").append(all(decisions));
            }
        }

        private static String all(Map<String, String> values) {
            return values.entrySet().stream()
                    .map(d -> d.getKey() + " = " + SignedOffset.in(d.getKey(), d.getValue()))
                    .collect(Collectors.joining(", "));
        }
    }

    /**
     * A step that the refusal depends on.
     *
     * @param step the event, at its instant
     * @param silent whether no line shows it: it happened some time before the event in that line
     * @param variables its effects that matter
     */
    public record Cause(TraceEvent step, boolean silent, ImmutableList<String> variables) {
        private String explain() {
            String line = step.line() > 0 ? "line " + step.line() + ", " : "";
            return (silent ? "an unseen step before " : "") + line + step.call() + ": " + String.join(", ", variables);
        }
    }

    /**
     * One of the constraints that contradict each other.
     *
     * @param event the event that imposes it
     * @param text what it imposes
     */
    public record Conflict(TraceEvent event, String text) {
        static Conflict of(Constraint constraint) {
            Evidence evidence = (Evidence) constraint.reason();
            return new Conflict(evidence.event(), evidence.text(constraint));
        }

        private String explain() {
            return (event.line() > 0 ? "line " + event.line() + ", " : "") + event.call() + ": " + text;
        }
    }

    /** The reason of most states. */
    public Reason first() {
        return reasons.get(0);
    }

    /** The reasons of most states, as many as a report shows. */
    public ImmutableList<Reason> shownReasons() {
        return reasons.subList(0, Math.min(MOST_REASONS, reasons.size()));
    }

    /** The refusal as text, several lines, each but the first indented. */
    public String explain(String source) {
        StringBuilder text = new StringBuilder();
        text.append(source).append(event.line() > 0 ? ":" + event.line() : "");
        text.append(": refused: event ").append(number).append(", ").append(event.call());
        text.append(" at host counter ")
                .append(event.counter())
                .append(", under ")
                .append(kernel);
        if (reasons.size() == 1) {
            first().explain(text, "\n  ");
        } else {
            for (Reason reason : shownReasons()) {
                text.append("\n  in ").append(reason.states()).append(" of the possible states:");
                reason.explain(text, "\n    ");
            }
            if (reasons.size() > MOST_REASONS) {
                text.append("\n  and ").append(reasons.size() - MOST_REASONS).append(" more reasons in others");
            }
        }
        for (Switch flip : flips) {
            boolean on = kernel.has(flip);
            text.append("\n  it would pass ").append(on ? "without " : "with ").append(flip.specName());
            text.append(" (").append(flip.versions()).append("): ");
            text.append(flip.meaning());
        }
        if (!possible.isEmpty()) {
            text.append("\n  possible instead: ")
                    .append(possible.stream().map(Operation::specName).collect(Collectors.joining(", ")));
        }
        for (Cause cause : causes.subList(0, Math.min(MOST_CAUSES, causes.size()))) {
            text.append("\n  it rests on ").append(cause.explain());
        }
        if (causes.size() > MOST_CAUSES) {
            text.append("\n  and on ").append(causes.size() - MOST_CAUSES).append(" earlier steps");
        }
        if (!conflict.isEmpty()) {
            text.append("\n  these cannot hold together:");
            for (Conflict each : conflict) {
                text.append("\n    ").append(each.explain());
            }
        }
        if (states > 1) {
            text.append("\n  every one of the ").append(states).append(" states possible before it refuses it");
        }
        return text.toString();
    }
}
