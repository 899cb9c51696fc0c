package dev.longitude.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import java.io.IOException;
import java.math.BigInteger;
import java.util.OptionalLong;

/** One JSON object on one line, read token by token so that a fault has its column. */
public final class JsonLine {
    /** The largest index of a vCPU, or of a CPU of the host. */
    static final int LARGEST_VCPU = 65535;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(20)
                    .maxNumberLength(100)
                    .maxNameLength(1000)
                    .maxStringLength(100_000)
                    .build())
            .build();

    /** Reads the value of one member: the parser is at the value's first token before, and at its last after. */
    public interface Member {
        /** Reads the value of the member {@code name}. */
        void read(String name) throws IOException, TraceFormatException;
    }

    private final LineSource source;
    private final JsonParser parser;

    private JsonLine(LineSource source, JsonParser parser) {
        this.source = source;
        this.parser = parser;
    }

    /** Gives a reader of a whole line access to its members. */
    public interface Reader {
        /** Reads the members of the line's object. */
        void read(JsonLine json) throws IOException, TraceFormatException;
    }

    /** Reads {@code text}, the line that {@code source} returned last, as one object with nothing after it. */
    public static void read(LineSource source, String text, Reader reader) throws TraceFormatException {
        try (JsonParser parser = FACTORY.createParser(text)) {
            JsonLine json = new JsonLine(source, parser);
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw json.expected("a JSON object");
            }
            reader.read(json);
            if (parser.nextToken() != null) {
                throw json.expected("nothing after the object");
            }
        } catch (StreamReadException e) {
            String why = e.getOriginalMessage().lines().findFirst().orElse("");
            throw source.fault(
                    Math.max(1, e.getLocation() == null ? 1 : e.getLocation().getColumnNr()),
                    why.startsWith("Unexpected end-of-input") || why.startsWith("Unexpected end of")
                            ? "the line ends inside a JSON object: the file is truncated here"
                            : "not JSON: " + why);
        } catch (StreamConstraintsException e) {
            throw source.fault(1, "JSON beyond limits: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw source.fault(1, "cannot be read: " + e.getMessage());
        }
    }

    /** Reads all members of the object at the parser's position. */
    public void members(Member member) throws IOException, TraceFormatException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw expected("an object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            member.read(name);
        }
    }

    /** Reads all elements of the array of strings at the parser's position. */
    public void strings(Member element) throws IOException, TraceFormatException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw expected("an array of strings");
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            element.read(string());
        }
    }

    /** A fault at the current token. */
    public TraceFormatException expected(String what) {
        return fault("expected " + what);
    }

    /** A fault at the current token; the message is the whole text. */
    public TraceFormatException fault(String message) {
        return source.fault(Math.max(1, parser.currentTokenLocation().getColumnNr()), message);
    }

    /** Skips the value. */
    public void skip() throws IOException {
        parser.skipChildren();
    }

    /** Whether the value is null. */
    public boolean isNull() {
        return parser.currentToken() == JsonToken.VALUE_NULL;
    }

    /** Whether the value is an object. */
    public boolean isObject() {
        return parser.currentToken() == JsonToken.START_OBJECT;
    }

    /** Whether the value is a string. */
    public boolean isText() {
        return parser.currentToken() == JsonToken.VALUE_STRING;
    }

    /** The value as a string. */
    public String string() throws IOException, TraceFormatException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw expected("a string");
        }
        return parser.getText();
    }

    /** The value as a whole number between two bounds. */
    public int number(int least, int most) throws IOException, TraceFormatException {
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            if (parser.getNumberType() == JsonParser.NumberType.INT) {
                int value = parser.getIntValue();
                if (value >= least && value <= most) {
                    return value;
                }
            }
        }
        throw expected("a number from " + least + " to " + most);
    }

    /** The value as a boolean. */
    public boolean flag() throws IOException, TraceFormatException {
        JsonToken token = parser.currentToken();
        if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
            throw expected(Kind.FLAG.expectation());
        }
        return token == JsonToken.VALUE_TRUE;
    }

    private static boolean isDigits(String text, int most) {
        // (No stream: this runs for every number of a trace.)
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= most;
    }

    /** The value as an unsigned 64-bit number in a string. */
    public long word() throws IOException, TraceFormatException {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            String text = parser.getText();
            if (isDigits(text, 20)) {
                try {
                    return Long.parseUnsignedLong(text);
                } catch (NumberFormatException e) {
                    throw expected(Kind.UINT64.expectation()); // more than 64 bits
                }
            }
        }
        throw expected(Kind.UINT64.expectation());
    }

    /**
     * The value as 64 bits, as recorders write them: a JSON number or a string of decimal or hexadecimal digits, signed or
     * unsigned.
     *
     * @return the bits; -1 and 2^64 - 1 are the same
     */
    public long bits() throws IOException, TraceFormatException {
        OptionalLong bits = parser.currentToken() == JsonToken.VALUE_STRING ? bits(parser.getText()) : whole();
        return bits.orElseThrow(() -> expected(BITS));
    }

    /**
     * The 64 bits of a JSON number without point and exponent; empty for any other value, or if it does not fit 64
     * bits.
     */
    public OptionalLong whole() throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            return OptionalLong.empty();
        }
        BigInteger value = parser.getBigIntegerValue();
        return fits(value) ? OptionalLong.of(value.longValue()) : OptionalLong.empty();
    }

    /** What {@link #bits} expects, for messages. */
    public static final String BITS = "a whole number that fits 64 bits, or a string of its decimal or 0x digits";

    /** The 64 bits of a text of decimal or hexadecimal digits; empty if the text is something else. */
    public static OptionalLong bits(String text) {
        boolean negative = text.startsWith("-");
        String digits = negative ? text.substring(1) : text;
        int radix = digits.startsWith("0x") ? 16 : 10;
        digits = radix == 16 ? digits.substring(2) : digits;
        boolean plain = !digits.isEmpty() && digits.length() <= 20;
        for (int i = 0; plain && i < digits.length(); i++) {
            plain = digits.charAt(i) < 128 && Character.digit(digits.charAt(i), radix) >= 0;
        }
        if (!plain) {
            return OptionalLong.empty();
        }
        BigInteger value = new BigInteger(digits, radix);
        value = negative ? value.negate() : value;
        return fits(value) ? OptionalLong.of(value.longValue()) : OptionalLong.empty();
    }

    private static boolean fits(BigInteger value) {
        return value.signum() < 0 ? value.bitLength() <= 63 : value.bitLength() <= 64;
    }

    /** The column of the value, from 1. */
    public int column() {
        return Math.max(1, parser.currentTokenLocation().getColumnNr());
    }

    /** The value as an interval of the host's TSC: a word, or an array of two. */
    public Interval interval() throws IOException, TraceFormatException {
        return parser.currentToken() == JsonToken.START_ARRAY
                ? pair(this::word, "the second word not behind the first")
                : Interval.exactly(word());
    }

    /** The value as an array of two JSON numbers: the host's TSC before and after. */
    public Interval bracket() throws IOException, TraceFormatException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw expected("an array of two numbers: the host's TSC before and after");
        }
        return pair(this::bits, "the second number not behind the first");
    }

    private interface One {
        long read() throws IOException, TraceFormatException;
    }

    private Interval pair(One one, String order) throws IOException, TraceFormatException {
        parser.nextToken();
        long lo = one.read();
        parser.nextToken();
        long hi = one.read();
        if (hi - lo < 0) {
            throw expected(order);
        }
        if (parser.nextToken() != JsonToken.END_ARRAY) {
            throw expected("an array of two");
        }
        return new Interval(lo, hi);
    }

    /** The value, read as {@code kind}. */
    public Object value(Kind kind) throws IOException, TraceFormatException {
        return switch (kind) {
            case VCPU, PCPU -> number(0, LARGEST_VCPU);
            case UINT64, UINT64_OF_VM -> word();
            case UINT31 -> number(0, Integer.MAX_VALUE);
            case INT8 -> number(-128, 127);
            case FLAG, FLAG_OF_VM -> flag();
            case UINT64_BY_VCPU, UINT31_BY_VCPU, INT8_BY_VCPU, UINT64_BY_PCPU, UINT31_BY_PCPU -> byIndex(kind);
            case VCPU_SET -> vcpuSet();
        };
    }

    private ImmutableSortedMap<Integer, Object> byIndex(Kind kind) throws IOException, TraceFormatException {
        ImmutableSortedMap.Builder<Integer, Object> values = ImmutableSortedMap.naturalOrder();
        members(name -> {
            int index = isDigits(name, 5) ? Integer.parseInt(name) : LARGEST_VCPU + 1;
            if (index > LARGEST_VCPU || (name.startsWith("0") && name.length() > 1)) {
                throw expected(kind.expectation() + ", and not \"" + name + "\"");
            }
            values.put(index, value(kind.each()));
        });
        return values.buildOrThrow();
    }

    private ImmutableSortedSet<Integer> vcpuSet() throws IOException, TraceFormatException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw expected(Kind.VCPU_SET.expectation());
        }
        ImmutableSortedSet.Builder<Integer> vcpus = ImmutableSortedSet.naturalOrder();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            vcpus.add(number(0, LARGEST_VCPU));
        }
        return vcpus.build();
    }
}
