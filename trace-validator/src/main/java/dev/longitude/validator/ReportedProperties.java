package dev.longitude.validator;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.Latest;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.TooLittleKnownException;
import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Way;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Value;

/**
 * The properties of the report: which of them fail in a candidate. Of one that depends on what is unknown it is said that
 * it may fail.
 */
final class ReportedProperties {
    /** So many ways through a property say whether it can be true and whether it can be false. */
    private static final int MOST_WAYS = 16;

    private final ImmutableMap<String, Latest> known;
    private final ImmutableMap<String, Function<State, Value>> symbolic;

    ReportedProperties(Specification specification) {
        this.known = specification.kept();
        this.symbolic = specification.keptSymbolically();
    }

    ImmutableSet<String> names() {
        return known.keySet();
    }

    /** A candidate with the properties that fail in it after an event. */
    Candidate judged(Candidate candidate, TraceEvent event) {
        return candidate.failing(candidate.isKnown ? ofKnown(candidate, event) : ofUnknown(candidate, event));
    }

    private Failures ofKnown(Candidate candidate, TraceEvent event) {
        Failures failures = candidate.failures;
        // (No stream: this runs for each property at every event.)
        for (Map.Entry<String, Latest> property : known.entrySet()) {
            if (property.getValue().in(candidate.state) == BoolValue.ValFalse) {
                failures = failures.certainly(property.getKey(), event);
            }
        }
        return failures;
    }

    private Failures ofUnknown(Candidate candidate, TraceEvent event) {
        Failures failures = candidate.failures;
        for (Map.Entry<String, Function<State, Value>> property : symbolic.entrySet()) {
            String name = property.getKey();
            if (failures.certain().containsKey(name)) {
                continue;
            }
            boolean canHold = false;
            boolean canFail = false;
            try {
                Way.Explored<Value> explored = Way.explore(
                        java.util.Objects.requireNonNull(candidate.store),
                        MOST_WAYS,
                        () -> property.getValue().apply(candidate.state));
                for (Way.Outcome<Value> outcome : explored.outcomes()) {
                    canHold |= outcome.value() == BoolValue.ValTrue;
                    canFail |= outcome.value() == BoolValue.ValFalse;
                }
                if (!explored.complete()) {
                    canHold = true;
                    canFail = true;
                }
            } catch (TooLittleKnownException e) {
                canHold = true;
                canFail = true;
            }
            if (canFail) {
                failures = canHold ? failures.possibly(name, event) : failures.certainly(name, event);
            }
        }
        return failures;
    }

    /** What failed in some candidates, all of which are possible. */
    static Failures together(List<Candidate> candidates) {
        Failures all = candidates.get(0).failures;
        for (Candidate candidate : candidates) {
            all = all.orElse(candidate.failures);
        }
        return all;
    }

    /** The verdict on each property, by name, in the order in which the specification has them. */
    ImmutableMap<String, PropertyVerdict> verdicts(Failures failures) {
        Map<String, PropertyVerdict> verdicts = new LinkedHashMap<>();
        for (String name : names()) {
            verdicts.put(
                    name,
                    failures.certain().containsKey(name)
                            ? PropertyVerdict.NOT_KEPT
                            : failures.possible().containsKey(name)
                                    ? PropertyVerdict.MAY_NOT_BE_KEPT
                                    : PropertyVerdict.KEPT);
        }
        return ImmutableMap.copyOf(verdicts);
    }
}
