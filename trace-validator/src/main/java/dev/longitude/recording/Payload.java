package dev.longitude.recording;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.trace.JsonLine;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The decoded input or output of one record: values by name, in their order. A missing or null value is unknown; the
 * name of a null value is still one of the {@linkplain #names() names}. A value of the wrong type or range is a fault
 * of the log, at its line and column.
 */
final class Payload {
    private record Entry(Object value, int column) {}

    private enum Other {
        /** Anything but a number of 64 bits, a text or a group: invalid in every field. */
        VALUE,
        /** The recorder does not know the value. */
        UNKNOWN
    }

    private static final long LARGEST_U32 = 0xffffffffL;

    private final String source;
    private final int line;
    private final ImmutableMap<String, Entry> entries;

    private Payload(String source, int line, Map<String, Entry> entries) {
        this.source = source;
        this.line = line;
        this.entries = ImmutableMap.copyOf(entries);
    }

    static Payload empty(String source, int line) {
        return new Payload(source, line, Map.of());
    }

    /** Known values: numbers ({@code Long}) and texts. */
    static Payload of(String source, int line, Map<String, Object> values) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        values.forEach((name, value) -> entries.put(name, new Entry(value, 1)));
        return new Payload(source, line, entries);
    }

    /** Reads the object at the parser's position. */
    static Payload read(JsonLine json, String source, int line) throws IOException, TraceFormatException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        json.members(name -> {
            int column = json.column();
            if (json.isObject()) {
                entries.put(name, new Entry(read(json, source, line), column));
            } else if (json.isText()) {
                entries.put(name, new Entry(json.string(), column));
            } else {
                OptionalLong whole = json.whole();
                Object other = json.isNull() ? Other.UNKNOWN : Other.VALUE;
                entries.put(name, new Entry(whole.isPresent() ? (Object) whole.getAsLong() : other, column));
                json.skip();
            }
        });
        return new Payload(source, line, entries);
    }

    /** All names, in order, those of unknown values as well. */
    ImmutableSet<String> names() {
        return entries.keySet();
    }

    /** Whether the value is known. */
    boolean has(String name) {
        return entry(name) != null;
    }

    private @Nullable Entry entry(String name) {
        Entry entry = entries.get(name);
        return entry == null || entry.value() == Other.UNKNOWN ? null : entry;
    }

    /** 64 bits, signed or unsigned; null if missing. */
    @Nullable
    Long word(String name) throws TraceFormatException {
        Entry entry = entry(name);
        if (entry == null) {
            return null;
        }
        if (entry.value() instanceof Long word) {
            return word;
        }
        if (entry.value() instanceof String text) {
            OptionalLong bits = JsonLine.bits(text);
            if (bits.isPresent()) {
                return bits.getAsLong();
            }
        }
        throw expected(name, JsonLine.BITS);
    }

    /** A number from 0 to 2^31 - 1; null if missing. */
    @Nullable
    Integer count(String name) throws TraceFormatException {
        Long word = word(name);
        if (word != null && (word < 0 || word > Integer.MAX_VALUE)) {
            throw expected(name, "a number from 0 to " + Integer.MAX_VALUE);
        }
        return word == null ? null : (Integer) word.intValue();
    }

    /** A number from 0 to 2^32 - 1; null if missing. */
    @Nullable
    Long u32(String name) throws TraceFormatException {
        Long word = word(name);
        if (word != null && (word < 0 || word > LARGEST_U32)) {
            throw expected(name, "a number from 0 to " + LARGEST_U32);
        }
        return word;
    }

    /** A number from -128 to 127; null if missing. */
    @Nullable
    Integer signedByte(String name) throws TraceFormatException {
        Long word = word(name);
        if (word != null && (word < Byte.MIN_VALUE || word > Byte.MAX_VALUE)) {
            throw expected(name, "a number from -128 to 127");
        }
        return word == null ? null : (Integer) word.intValue();
    }

    /** A text; null if missing. */
    @Nullable
    String text(String name) throws TraceFormatException {
        Entry entry = entry(name);
        if (entry == null) {
            return null;
        }
        if (entry.value() instanceof String text) {
            return text;
        }
        throw expected(name, "a text");
    }

    /** A text, or a number as its decimal digits; null if missing. */
    @Nullable
    String label(String name) throws TraceFormatException {
        Entry entry = entry(name);
        return entry != null && entry.value() instanceof Long number ? String.valueOf(number) : text(name);
    }

    /** Whether the value is a text that is not a number. */
    boolean isName(String name) {
        Entry entry = entry(name);
        return entry != null
                && entry.value() instanceof String text
                && JsonLine.bits(text).isEmpty();
    }

    /** A group of values; null if missing. */
    @Nullable
    Payload group(String name) throws TraceFormatException {
        Entry entry = entry(name);
        if (entry == null) {
            return null;
        }
        if (entry.value() instanceof Payload group) {
            return group;
        }
        throw expected(name, "an object");
    }

    /** A fault at a value. */
    TraceFormatException expected(String name, String what) {
        Entry entry = entries.get(name);
        return new TraceFormatException(
                source, line, entry == null ? 1 : entry.column(), "expected " + what + " for \"" + name + "\"");
    }
}
