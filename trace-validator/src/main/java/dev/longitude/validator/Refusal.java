package dev.longitude.validator;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.kernel.Switch;
import dev.longitude.trace.Operation;
import dev.longitude.trace.TraceEvent;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Why an event is refused.
 *
 * @param number the event's place among the events, from 1
 * @param kernel the profile that it was judged under
 * @param conjunct the first false conjunct, as {@code Module.tla:line: text}; null if the instant itself is impossible
 * @param differences expected beside observed; empty if the operation was not possible at all
 * @param decisions what the definitions on the way to the conjunct came to, by name
 * @param flips switches of the kernel that would let the event pass if each were the other way
 * @param possible where the operation was not possible at all: the operations that were, for the same vCPU
 * @param states how many states were possible before the event; every one of them refuses it
 */
public record Refusal(
        TraceEvent event,
        long number,
        KernelProfile kernel,
        @Nullable String conjunct,
        ImmutableList<Difference> differences,
        ImmutableMap<String, String> decisions,
        ImmutableList<Switch> flips,
        ImmutableList<Operation> possible,
        int states) {

    /**
     * One thing that is not as it should be.
     *
     * @param what a variable, with its vCPU, or a field of the reply
     */
    public record Difference(String what, String expected, String observed) {}

    /** The same with the conjunct that says why. */
    Refusal because(String place) {
        return new Refusal(event, number, kernel, place, differences, decisions, flips, possible, states);
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
        if (conjunct != null) {
            text.append("\n  first false conjunct: ").append(conjunct);
        }
        for (Difference difference : differences) {
            text.append("\n  ").append(difference.what());
            text.append(": expected ").append(difference.expected());
            text.append(", observed ").append(difference.observed());
        }
        if (!decisions.isEmpty()) {
            text.append("\n  where ")
                    .append(decisions.entrySet().stream()
                            .map(d -> d.getKey() + " = " + d.getValue())
                            .collect(Collectors.joining(", ")));
        }
        for (Switch flip : flips) {
            boolean on = kernel.has(flip);
            text.append("\n  it would pass ").append(on ? "without " : "with ").append(flip.specName());
            text.append(" (").append(flip.source()).append("): ");
            text.append(flip.meaning());
        }
        if (!possible.isEmpty()) {
            text.append("\n  possible instead: ")
                    .append(possible.stream().map(Operation::specName).collect(Collectors.joining(", ")));
        }
        if (states > 1) {
            text.append("\n  every one of the ").append(states).append(" states possible before it refuses it");
        }
        return text.toString();
    }
}
