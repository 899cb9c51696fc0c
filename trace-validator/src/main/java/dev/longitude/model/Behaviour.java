package dev.longitude.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.collect.Sets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A behaviour that TLC printed, step by step: what happened, and what it changed.
 *
 * @param first the first state, by place, without {@code reply}: values in TLA+
 * @param steps in order; the first state is the result of none
 */
public record Behaviour(ImmutableMap<String, String> first, ImmutableList<Step> steps) {
    /** The variable that describes the last step: the operation, its arguments and its results. */
    private static final String REPLY = "reply";

    private static final Pattern ACTION = Pattern.compile("^\\d+: <(\\w+)");
    private static final Pattern VARIABLE = Pattern.compile("(?m)^/\\\\ (\\w+) = ");

    /**
     * One step.
     *
     * @param what the operation, with its arguments and results
     * @param changes what it changes, by place, without {@code reply}
     */
    public record Step(String what, ImmutableList<Change> changes) {}

    /**
     * A place that a step changes.
     *
     * @param place a variable, a field of it, or its value for one argument: {@code tscOffset[0]}
     * @param before its value in TLA+; empty if there was none
     * @param after its value in TLA+; empty if there is none any more
     */
    public record Change(String place, Optional<String> before, Optional<String> after) {
        @Override
        public String toString() {
            return after.map(a -> place + " " + before.map(b -> b + " -> ").orElse("") + a)
                    .orElse(place + " is gone");
        }
    }

    /**
     * Reads a behaviour.
     *
     * @param states those of {@link TlcOutput#counterexample()}
     */
    public static Behaviour of(List<String> states) {
        ImmutableList.Builder<Step> steps = ImmutableList.builder();
        Map<String, String> first = new TreeMap<>();
        if (!states.isEmpty()) {
            variables(states.get(0)).forEach((name, value) -> {
                if (!name.equals(REPLY)) {
                    places(name, value, first);
                }
            });
        }
        for (int i = 1; i < states.size(); i++) {
            Map<String, PrintedValue> before = variables(states.get(i - 1));
            Map<String, PrintedValue> after = variables(states.get(i));
            List<Change> changes = new ArrayList<>();
            after.forEach((name, value) -> {
                if (!name.equals(REPLY)) {
                    compare(name, Optional.ofNullable(before.get(name)), Optional.of(value), changes);
                }
            });
            steps.add(new Step(what(states.get(i), before, after), ImmutableList.copyOf(changes)));
        }
        return new Behaviour(ImmutableMap.copyOf(first), steps.build());
    }

    /** The state after each step, by place; records and functions are taken apart. */
    public ImmutableList<ImmutableMap<String, String>> states() {
        ImmutableList.Builder<ImmutableMap<String, String>> states = ImmutableList.builder();
        Map<String, String> state = new TreeMap<>(first);
        for (Step step : steps) {
            for (Change change : step.changes()) {
                // (A function that was empty had a place of its own.)
                state.keySet().removeIf(place -> isWithin(change.place(), place) || isWithin(place, change.place()));
                state.remove(change.place());
                change.after().ifPresent(after -> places(change.place(), new PrintedValue(after), state));
            }
            states.add(ImmutableMap.copyOf(state));
        }
        return states.build();
    }

    private static boolean isWithin(String place, String whole) {
        return place.length() > whole.length()
                && place.startsWith(whole)
                && ".[".indexOf(place.charAt(whole.length())) >= 0;
    }

    private static void places(String place, PrintedValue value, Map<String, String> places) {
        ImmutableMap<String, PrintedValue> entries = value.entries();
        if (entries.isEmpty()) {
            places.put(place, value.text());
        }
        entries.forEach((key, entry) -> places(place + key, entry, places));
    }

    /** The value of each variable in each state, by name. */
    static ImmutableList<ImmutableMap<String, String>> states(List<String> states) {
        return states.stream()
                .map(state -> ImmutableMap.copyOf(Maps.transformValues(variables(state), PrintedValue::text)))
                .collect(ImmutableList.toImmutableList());
    }

    /** By name, in alphabetical order: TLC's own order is that of its first use of each name. */
    private static Map<String, PrintedValue> variables(String state) {
        Map<String, PrintedValue> all = new TreeMap<>();
        Matcher variable = VARIABLE.matcher(state);
        for (boolean found = variable.find(); found; ) {
            String name = variable.group(1);
            int begin = variable.end();
            found = variable.find();
            all.put(name, PrintedValue.of(state.substring(begin, found ? variable.start() : state.length())));
        }
        return all;
    }

    /**
     * The operation of KVM that replied. Otherwise the action as TLC names it: in a module without replies, such as
     * {@code Pvclock}, or for a step of the VMM alone. (TLC names a disjunct without a name after the next-state
     * relation.)
     */
    private static String what(String state, Map<String, PrintedValue> before, Map<String, PrintedValue> after) {
        Matcher matcher = ACTION.matcher(state);
        String action = matcher.find() ? matcher.group(1) : "";
        PrintedValue reply = after.get(REPLY);
        return reply == null || (reply.equals(before.get(REPLY)) && !action.endsWith("Next")) ? action : said(reply);
    }

    private static String said(PrintedValue reply) {
        Map<String, String> plain = new TreeMap<>();
        reply.entries().forEach((field, value) -> {
            if (value.isPlain()) {
                plain.put(field.substring(1), value.text());
            }
        });
        String operation = plain.getOrDefault("op", "").replace("\"", "");
        plain.remove("op");
        String vcpu = plain.remove("vcpu");
        String arguments = Stream.concat(
                        Stream.ofNullable(vcpu).map(v -> "vcpu " + v),
                        plain.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()))
                .collect(Collectors.joining(", "));
        return operation + "(" + arguments + ")";
    }

    private static void compare(
            String place, Optional<PrintedValue> before, Optional<PrintedValue> after, List<Change> changes) {
        if (before.equals(after)) {
            return;
        }
        ImmutableMap<String, PrintedValue> old = entries(before);
        ImmutableMap<String, PrintedValue> now = entries(after);
        // (TLC prints an empty function as an empty sequence, and a missing value has no entries.)
        boolean isTakenApart = old.isEmpty()
                ? !now.isEmpty() && before.filter(b -> b.text().equals("<<>>")).isPresent()
                : !now.isEmpty() || after.filter(a -> a.text().equals("<<>>")).isPresent();
        if (isTakenApart) {
            for (String key : Sets.union(old.keySet(), now.keySet())) {
                compare(place + key, Optional.ofNullable(old.get(key)), Optional.ofNullable(now.get(key)), changes);
            }
        } else {
            changes.add(new Change(place, before.map(PrintedValue::text), after.map(PrintedValue::text)));
        }
    }

    private static ImmutableMap<String, PrintedValue> entries(Optional<PrintedValue> value) {
        return value.map(PrintedValue::entries).orElse(ImmutableMap.of());
    }
}
