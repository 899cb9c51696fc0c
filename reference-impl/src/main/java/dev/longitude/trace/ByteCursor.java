package dev.longitude.trace;

/**
 * A place in a line of JSON that is read as bytes. It reads what {@link TraceWriter} writes, with spaces between
 * tokens; for any other JSON, and for a fault, it throws {@link Unusual}; {@link JsonLine} then reads the line.
 */
final class ByteCursor {
    /** Unsigned. A 20-digit number that begins with 1 and does not fit 64 bits wraps to a value below this. */
    private static final long LEAST_OF_20_DIGITS = Long.parseUnsignedLong("10000000000000000000");

    private byte[] bytes = {};
    private int at;
    private int end;

    /** The line differs from what a writer writes. (No stack trace: the exception never leaves the reader.) */
    static final class Unusual extends Exception {
        private static final long serialVersionUID = 1;

        private Unusual() {
            super(null, null, false, false);
        }
    }

    /** What is thrown. */
    static Unusual unusual() {
        return new Unusual();
    }

    /** Moves to the start of a line in an array. */
    void begin(byte[] line, int from, int to) {
        bytes = line;
        at = from;
        end = to;
    }

    /** The line's array. */
    byte[] bytes() {
        return bytes;
    }

    /** The index in the array of the next byte. */
    int at() {
        return at;
    }

    /** The index in the array behind the line's last byte. */
    int end() {
        return end;
    }

    /** Skips bytes that the caller knows. */
    void advance(int length) {
        at += length;
    }

    /** The next byte that is no space, or -1 at the line's end. */
    int peek() {
        while (at < end && bytes[at] == ' ') {
            at++;
        }
        return at < end ? bytes[at] : -1;
    }

    /** Skips {@code c} if it is the next byte. */
    boolean take(char c) {
        if (peek() != c) {
            return false;
        }
        at++;
        return true;
    }

    /** Skips {@code c}. */
    void expect(char c) throws Unusual {
        if (!take(c)) {
            throw unusual();
        }
    }

    /** The table's entry for the next string. */
    <T> T name(NameTable<T> table) throws Unusual {
        expect('"');
        int from = at;
        while (at < end && bytes[at] != '"') {
            at++;
        }
        T found = at < end ? table.find(bytes, from, at) : null;
        if (found == null) {
            throw unusual();
        }
        at++;
        return found;
    }

    /** An unsigned 64-bit number in a string. */
    long word() throws Unusual {
        expect('"');
        int from = at;
        long value = digits();
        int length = at - from;
        boolean fits = length < 20
                || (length == 20 && bytes[from] == '1' && Long.compareUnsigned(value, LEAST_OF_20_DIGITS) >= 0);
        if (length == 0 || !fits || at == end || bytes[at] != '"') {
            throw unusual();
        }
        at++;
        return value;
    }

    /** A vCPU's or CPU's index in a string, and the colon behind it. */
    int index(int most) throws Unusual {
        expect('"');
        int from = at;
        long value = digits();
        int length = at - from;
        if (length == 0
                || length > 5
                || value > most
                || (length > 1 && bytes[from] == '0')
                || at == end
                || bytes[at] != '"') {
            throw unusual();
        }
        at++;
        expect(':');
        return (int) value;
    }

    /** A whole number between two bounds. */
    int number(int least, int most) throws Unusual {
        boolean negative = take('-');
        peekDigit();
        int from = at;
        long value = digits();
        int length = at - from;
        if (length > 10 || (bytes[from] == '0' && (length > 1 || negative))) {
            throw unusual();
        }
        long signed = negative ? -value : value;
        // (A point or an exponent, which would continue the number, is no delimiter.)
        int next = peek();
        if (signed < least || signed > most || (next != ',' && next != '}' && next != ']')) {
            throw unusual();
        }
        return (int) signed;
    }

    private void peekDigit() throws Unusual {
        if (at == end || bytes[at] < '0' || bytes[at] > '9') {
            throw unusual();
        }
    }

    private long digits() {
        long value = 0;
        for (; at < end; at++) {
            int digit = bytes[at] - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /** {@code true} or {@code false}. */
    boolean flag() throws Unusual {
        int first = peek();
        String text = first == 't' ? "true" : "false";
        if (end - at < text.length()) {
            throw unusual();
        }
        for (int i = 0; i < text.length(); i++) {
            if (bytes[at + i] != text.charAt(i)) {
                throw unusual();
            }
        }
        at += text.length();
        int next = peek();
        if (next != ',' && next != '}' && next != ']') {
            throw unusual();
        }
        return first == 't';
    }
}
