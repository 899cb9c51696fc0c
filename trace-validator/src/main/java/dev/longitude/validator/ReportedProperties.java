package dev.longitude.validator;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.evaluator.MemoizedCondition;
import dev.longitude.evaluator.State;
import dev.longitude.evaluator.TooLittleKnownException;
import dev.longitude.spec.Specification;
import dev.longitude.trace.TraceEvent;
import dev.longitude.unknowns.Store;
import dev.longitude.unknowns.Way;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.SymbolicWord;
import tlc2.value.impl.Value;

/** Determines which properties of the report fail in a candidate. One that depends on unknowns may fail. */
final class ReportedProperties {
    /**
     * The most branches of a property's evaluation that are explored to find whether it can be true and whether it can
     * be false.
     */
    private static final int MOST_WAYS = 16;

    private final Specification specification;
    private final Platform platform;
    private final boolean judges;
    private final ImmutableMap<String, MemoizedCondition> known;
    private final ImmutableMap<String, Function<State, Value>> symbolic;

    /**
     * @param judges whether it judges them; otherwise each may fail
     */
    ReportedProperties(Specification specification, Platform platform, boolean judges) {
        this.specification = specification;
        this.platform = platform;
        this.judges = judges;
        this.known = specification.properties();
        this.symbolic = specification.propertiesSymbolically();
    }

    ImmutableSet<String> names() {
        return known.keySet();
    }

    /** A candidate with the properties that fail in it after an event. */
    Candidate judged(Candidate candidate, TraceEvent event) {
        if (!judges) {
            return candidate;
        }
        return candidate.failing(
                candidate.isKnown && !platform.isBehind(candidate)
                        ? ofKnown(candidate, event)
                        : ofUnknown(candidate, event));
    }

    private Failures ofKnown(Candidate candidate, TraceEvent event) {
        Failures failures = candidate.failures;
        // (No stream: this runs for each property at every event.)
        for (Map.Entry<String, MemoizedCondition> property : known.entrySet()) {
            if (property.getValue().in(candidate.state) == BoolValue.ValFalse) {
                failures = failures.certainly(property.getKey(), event);
            }
        }
        return failures;
    }

    private Failures ofUnknown(Candidate candidate, TraceEvent event) {
        boolean behind = platform.isBehind(candidate);
        Store store = candidate.store == null ? new Store() : candidate.store;
        State state = behind ? platform.withoutBaseClock(candidate.state) : candidate.state;
        Failures failures = candidate.failures;
        for (Map.Entry<String, Function<State, Value>> property : symbolic.entrySet()) {
            String name = property.getKey();
            if (failures.certain().containsKey(name)) {
                continue;
            }
            boolean mayFail = failures.possible().containsKey(name);
            Answers answers;
            try {
                answers = answers(store, mayFail, () -> property.getValue().apply(state));
            } catch (SymbolicWord.UnreadWordException e) {
                answers = withBaseClock(candidate, event, store, mayFail, property.getValue());
            }
            if (answers.canFail) {
                failures = answers.canHold ? failures.possibly(name, event) : failures.certainly(name, event);
            }
        }
        return failures;
    }

    /** Which answers a property can have. */
    private record Answers(boolean canHold, boolean canFail) {
        static final Answers EITHER = new Answers(true, true);
    }

    /**
     * The answers.
     *
     * @param mayFail whether it is known that the property may fail: then it is enough to know that it can hold
     */
    private static Answers answers(Store store, boolean mayFail, Supplier<Value> property) {
        try {
            Way.Exploration<Value> explored = Way.explore(
                    store,
                    MOST_WAYS,
                    property,
                    outcomes -> can(BoolValue.ValTrue, outcomes) && (mayFail || can(BoolValue.ValFalse, outcomes)));
            return explored.complete()
                    ? new Answers(
                            can(BoolValue.ValTrue, explored.outcomes()), can(BoolValue.ValFalse, explored.outcomes()))
                    : Answers.EITHER;
        } catch (TooLittleKnownException e) {
            return Answers.EITHER;
        }
    }

    private static boolean can(Value answer, List<Way.Outcome<Value>> outcomes) {
        for (Way.Outcome<Value> outcome : outcomes) {
            if (outcome.value() == answer) {
                return true;
            }
        }
        return false;
    }

    /** A property that reads the base clock, in a candidate whose own is of an earlier instant. */
    private Answers withBaseClock(
            Candidate candidate, TraceEvent event, Store known, boolean mayFail, Function<State, Value> property) {
        Store store = known.copy();
        Clocks clocks =
                platform.withBaseClock(platform.now(candidate.state).withoutBaseClock(), event, candidate.state, store);
        State now = platform.at(clocks, candidate.state);
        return answers(store, mayFail, () -> {
            if (specification
                    .stepSymbolically(platform.passing(clocks), candidate.state)
                    .isEmpty()) {
                throw new Way.DeadEnd();
            }
            return property.apply(now);
        });
    }

    /** What failed in some candidates, all of which are possible. */
    static Failures together(List<Candidate> candidates) {
        Failures all = candidates.get(0).failures;
        for (Candidate candidate : candidates) {
            all = all.orElse(candidate.failures);
        }
        return all;
    }

    /** What failed in each VM (on arm64, host), of whose candidates all are possible. */
    static Failures ofAll(Iterable<Frontier> frontiers) {
        Failures all = Failures.NONE;
        for (Frontier frontier : frontiers) {
            if (frontier.candidates.isEmpty()) {
                continue;
            }
            Failures these = together(frontier.candidates);
            Frontier.LeftOut leftOut = frontier.leftOut();
            these = leftOut == null ? these : these.certainOnlyOf(leftOut.failed());
            for (Map.Entry<String, TraceEvent> certain : these.certain().entrySet()) {
                all = all.certainly(certain.getKey(), certain.getValue());
            }
            for (Map.Entry<String, TraceEvent> possible : these.possible().entrySet()) {
                all = all.possibly(possible.getKey(), possible.getValue());
            }
        }
        return all;
    }

    /** The verdict on each property, by name, in the order in which the specification has them. */
    ImmutableMap<String, PropertyVerdict> verdicts(Collection<Frontier> frontiers) {
        Failures failures = ofAll(frontiers);
        boolean areAll = judges && frontiers.stream().allMatch(f -> f.leftOut() == null);
        Map<String, PropertyVerdict> verdicts = new LinkedHashMap<>();
        for (String name : names()) {
            verdicts.put(
                    name,
                    failures.certain().containsKey(name)
                            ? PropertyVerdict.NOT_KEPT
                            : !areAll || failures.possible().containsKey(name)
                                    ? PropertyVerdict.MAY_NOT_BE_KEPT
                                    : PropertyVerdict.KEPT);
        }
        return ImmutableMap.copyOf(verdicts);
    }
}
