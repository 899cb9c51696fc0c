package dev.longitude.trace;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The lines of a text, one at a time, however long the text is; no line may be longer than {@value #LONGEST} bytes. */
public final class LineSource implements Closeable {
    /** The longest line, in bytes. */
    public static final int LONGEST = 1 << 20;

    private final String name;
    private final InputStream in;

    /** What has been read, of which the part from one place to another is still to be returned. */
    private final byte[] chunk = new byte[1 << 16];

    private int at;
    private int limit;
    private byte[] buffer = new byte[4096];
    private int line;
    private boolean lastWasTerminated = true;
    private @Nullable String peeked;

    /** What stands for standard input where a file is named. */
    public static final Path STANDARD_INPUT = Path.of("-");

    private static final int GZIP_MAGIC = 0x1f8b;

    /** Reads {@code in}; {@code name} is what messages call it. */
    public LineSource(String name, InputStream in) {
        this.name = name;
        this.in = in;
    }

    /**
     * Opens a file, plain or compressed with gzip; {@link #STANDARD_INPUT} is standard input.
     *
     * @throws TraceFormatException if it does not exist, is a directory, or cannot be read
     */
    public static LineSource open(Path file) throws TraceFormatException {
        if (file.equals(STANDARD_INPUT)) {
            return open("standard input", System.in);
        }
        if (Files.isDirectory(file)) {
            throw new TraceFormatException(file.toString(), "is a directory; a file was expected");
        }
        if (!Files.exists(file)) {
            throw new TraceFormatException(file.toString(), "no such file");
        }
        try {
            return open(file.toString(), Files.newInputStream(file));
        } catch (IOException e) {
            throw new TraceFormatException(
                    file.toString(), "cannot be read (" + e.getClass().getSimpleName() + ")");
        }
    }

    /**
     * Reads {@code raw}, plain or compressed with gzip.
     *
     * @throws TraceFormatException if it cannot be read
     */
    public static LineSource open(String name, InputStream raw) throws TraceFormatException {
        try {
            BufferedInputStream in = new BufferedInputStream(raw);
            in.mark(2);
            boolean compressed = (in.read() << 8 | in.read()) == GZIP_MAGIC;
            in.reset();
            return new LineSource(name, compressed ? new GZIPInputStream(in) : in);
        } catch (IOException e) {
            throw new TraceFormatException(name, "cannot be read: " + e.getMessage());
        }
    }

    /** What messages call the text. */
    public String name() {
        return name;
    }

    /** The number of the line that was returned last, from 1. */
    public int line() {
        return line;
    }

    /** Whether the line that was returned last ended with a line feed. */
    public boolean lastWasTerminated() {
        return lastWasTerminated;
    }

    /** A fault in the line that was returned last. */
    public TraceFormatException fault(int column, String message) {
        return new TraceFormatException(name, line, column, message);
    }

    /** The line that {@link #next} will return. */
    public @Nullable String peek() throws TraceFormatException {
        if (peeked == null) {
            peeked = next();
        }
        return peeked;
    }

    /**
     * The next line without its end, or null after the last.
     *
     * @throws TraceFormatException if it cannot be read, is too long or is not UTF-8
     */
    public @Nullable String next() throws TraceFormatException {
        if (peeked != null) {
            String line = peeked;
            peeked = null;
            return line;
        }
        int length = 0;
        int bits = 0;
        try {
            int c;
            while ((c = read()) >= 0 && c != '\n') {
                if (length == LONGEST) {
                    line++;
                    throw fault(length, "line longer than " + LONGEST + " bytes");
                }
                if (length == buffer.length) {
                    buffer = Arrays.copyOf(buffer, length * 2);
                }
                buffer[length++] = (byte) c;
                bits |= c;
            }
            if (c < 0 && length == 0) {
                return null;
            }
            lastWasTerminated = c >= 0;
        } catch (IOException e) {
            throw new TraceFormatException(name, "cannot be read: " + e.getMessage());
        }
        line++;
        if (length > 0 && buffer[length - 1] == '\r') {
            length--;
        }
        if (bits < 0x80) {
            return new String(buffer, 0, length, StandardCharsets.US_ASCII);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw fault(1, "not UTF-8 text");
        }
    }

    /** The next byte, or -1 after the last. */
    private int read() throws IOException {
        if (at == limit) {
            at = 0;
            limit = Math.max(0, in.read(chunk));
            if (limit == 0) {
                return -1;
            }
        }
        return chunk[at++] & 0xff;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
