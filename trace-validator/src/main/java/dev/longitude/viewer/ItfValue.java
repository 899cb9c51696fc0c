package dev.longitude.viewer;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that TLC printed, in the form that the Informal Trace Format gives it. TLC prints a tuple as it prints a
 * sequence; both become a list. A model value becomes a string.
 */
public final class ItfValue {
    /** The largest integer that every reader of JSON keeps exactly. */
    private static final BigInteger EXACT = BigInteger.ONE.shiftLeft(53).subtract(BigInteger.ONE);

    private final String text;
    private int at;

    private ItfValue(String text) {
        this.text = text;
    }

    /**
     * The value; what cannot be parsed becomes {@code #unserializable}, as the format has it.
     *
     * @param text in TLA+, as TLC prints it
     */
    public static Object of(String text) {
        ItfValue parser = new ItfValue(text);
        try {
            Object value = parser.value();
            parser.skip();
            if (parser.at == text.length()) {
                return value;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        return Map.of("#unserializable", text);
    }

    /** An integer in the format's form. */
    public static Object of(BigInteger number) {
        return number.abs().compareTo(EXACT) <= 0
                ? (Object) number.longValueExact()
                : Map.of("#bigint", number.toString());
    }

    private Object value() {
        skip();
        if (takes("<<")) {
            return list(">>");
        }
        if (takes("{")) {
            return Map.of("#set", list("}"));
        }
        if (takes("[")) {
            return record();
        }
        if (takes("(")) {
            return function();
        }
        if (takes("\"")) {
            return string();
        }
        String word = word();
        if (word.matches("-?\\d+")) {
            BigInteger from = new BigInteger(word);
            if (takes("..")) {
                return interval(from, new BigInteger(word()));
            }
            return of(from);
        }
        return switch (word) {
            case "TRUE" -> true;
            case "FALSE" -> false;
            default -> word;
        };
    }

    private static Map<String, Object> interval(BigInteger from, BigInteger to) {
        List<Object> all = new ArrayList<>();
        for (BigInteger i = from; i.compareTo(to) <= 0; i = i.add(BigInteger.ONE)) {
            all.add(of(i));
        }
        return Map.of("#set", all);
    }

    private List<Object> list(String end) {
        List<Object> all = new ArrayList<>();
        while (!takes(end)) {
            if (!all.isEmpty()) {
                expect(",");
            }
            all.add(value());
        }
        return all;
    }

    private Map<String, Object> record() {
        Map<String, Object> fields = new LinkedHashMap<>();
        while (!takes("]")) {
            if (!fields.isEmpty()) {
                expect(",");
            }
            String name = word();
            expect("|->");
            fields.put(name, value());
        }
        return fields;
    }

    private Map<String, Object> function() {
        List<Object> pairs = new ArrayList<>();
        while (!takes(")")) {
            if (!pairs.isEmpty()) {
                expect("@@");
            }
            Object argument = value();
            expect(":>");
            pairs.add(List.of(argument, value()));
        }
        return Map.of("#map", pairs);
    }

    private String string() {
        StringBuilder string = new StringBuilder();
        while (true) {
            char next = next();
            if (next == '"') {
                return string.toString();
            }
            string.append(next == '\\' ? next() : next);
        }
    }

    private char next() {
        if (at == text.length()) {
            throw new IllegalArgumentException("the value ends early");
        }
        return text.charAt(at++);
    }

    private String word() {
        skip();
        int begin = at;
        while (at < text.length()
                && (Character.isLetterOrDigit(text.charAt(at)) || "_-!".indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        if (begin == at) {
            throw new IllegalArgumentException("no value at " + begin);
        }
        return text.substring(begin, at);
    }

    private void expect(String token) {
        if (!takes(token)) {
            throw new IllegalArgumentException("expected " + token + " at " + at);
        }
    }

    private boolean takes(String token) {
        skip();
        boolean there = text.startsWith(token, at);
        at += there ? token.length() : 0;
        return there;
    }

    private void skip() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }
}
