package dev.longitude.model;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;

/**
 * A value as TLC prints it, without TLC's line breaks.
 *
 * @param text the value in TLA+
 */
record PrintedValue(String text) {
    private static final String RECORD_ARROW = "|->";
    private static final String FUNCTION_ARROW = ":>";

    static PrintedValue of(String printed) {
        return new PrintedValue(printed.replaceAll("\\s+", " ")
                .replaceAll("(<<|[\\[({]) ", "$1")
                .replaceAll(" (>>|[])}])", "$1")
                .strip());
    }

    /** Whether it has no parts. */
    boolean isPlain() {
        return !text.startsWith("[") && !text.startsWith("(") && !text.startsWith("{");
    }

    /** The fields of a record or the values of a function, by ".field" or "[argument]". Empty if it is neither. */
    ImmutableMap<String, PrintedValue> entries() {
        boolean isRecord = text.startsWith("[");
        if (!isRecord && !(text.startsWith("(") && text.contains(FUNCTION_ARROW))) {
            return ImmutableMap.of();
        }
        ImmutableMap.Builder<String, PrintedValue> entries = ImmutableMap.builder();
        for (String entry : split(text.substring(1, text.length() - 1), isRecord ? "," : "@@")) {
            List<String> sides = split(entry, isRecord ? RECORD_ARROW : FUNCTION_ARROW);
            entries.put(isRecord ? "." + sides.get(0) : "[" + sides.get(0) + "]", new PrintedValue(sides.get(1)));
        }
        return entries.buildOrThrow();
    }

    /** The parts between separators that are in no inner bracket and no string. */
    private static List<String> split(String text, String separator) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int begin = 0;
        boolean inString = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                inString = !inString;
            } else if (!inString && depth == 0 && text.startsWith(separator, i)) {
                parts.add(text.substring(begin, i).strip());
                begin = i + separator.length();
            } else if (!inString) {
                depth += depthChange(text, i);
            }
        }
        parts.add(text.substring(begin).strip());
        return parts;
    }

    /** {@code <<} opens twice and {@code >>} closes twice; an arrow's point closes nothing. */
    private static int depthChange(String text, int at) {
        return switch (text.charAt(at)) {
            case '[', '(', '{', '<' -> 1;
            case ']', ')', '}' -> -1;
            case '>' -> at > 0 && "-:".indexOf(text.charAt(at - 1)) >= 0 ? 0 : -1;
            default -> 0;
        };
    }
}
