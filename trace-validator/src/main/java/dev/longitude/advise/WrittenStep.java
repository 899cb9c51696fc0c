package dev.longitude.advise;

import com.google.common.collect.ImmutableMap;
import dev.longitude.recipe.StepKind;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A step as a recipe's file writes it.
 *
 * @param kind the name: a kind of step, {@code pause} or {@code run}
 * @param params all that the step takes, in order, as text
 * @param origin which step of the file it is or comes from; {@link #NEW}: none
 */
record WrittenStep(String kind, ImmutableMap<String, String> params, int origin) {
    /** It is not in the file. */
    static final int NEW = -1;

    static WrittenStep of(StepKind kind, ImmutableMap<String, String> params) {
        return new WrittenStep(kind.specName(), params, NEW);
    }

    /** The kind; empty for {@code pause} and {@code run}. */
    Optional<StepKind> stepKind() {
        // Recipes had this name until arm64's became that of both.
        String name = kind.equals("LoadVcpu") ? "VcpuLoad" : kind;
        return Arrays.stream(StepKind.values())
                .filter(k -> k.specName().equals(name))
                .findFirst();
    }

    boolean is(StepKind one) {
        return stepKind().filter(k -> k == one).isPresent();
    }

    /** The name under which it saves its result, or null. */
    @Nullable
    String as() {
        return params.get("as");
    }

    /** Whether one of its arguments is a value that was saved under a name. */
    boolean uses(String name) {
        Pattern word = Pattern.compile("(?<![a-zA-Z0-9.])" + name + "(?![a-zA-Z0-9(])");
        return stepKind()
                .filter(k -> k.args().stream()
                        .anyMatch(arg ->
                                word.matcher(params.getOrDefault(arg, "")).find()))
                .isPresent();
    }

    /** It with other parameters. */
    WrittenStep with(ImmutableMap<String, String> others) {
        return new WrittenStep(kind, others, origin);
    }

    /** It with one more parameter. */
    WrittenStep with(String param, String value) {
        return with(ImmutableMap.<String, String>builder()
                .putAll(params)
                .put(param, value)
                .buildKeepingLast());
    }

    WrittenStep without(String param) {
        return with(params.entrySet().stream()
                .filter(e -> !e.getKey().equals(param))
                .collect(ImmutableMap.toImmutableMap(e -> e.getKey(), e -> e.getValue())));
    }

    /** As a recipe writes it on one line. */
    String yaml() {
        return params.isEmpty()
                ? kind
                : kind + ": {"
                        + params.entrySet().stream()
                                .map(e -> e.getKey() + ": " + scalar(e.getValue()))
                                .collect(Collectors.joining(", "))
                        + "}";
    }

    private static String scalar(String value) {
        return value.matches("[a-zA-Z0-9_.]+( [+-] [a-zA-Z0-9_.]+)*")
                ? value
                : "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
