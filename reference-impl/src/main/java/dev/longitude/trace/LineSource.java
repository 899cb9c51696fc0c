package dev.longitude.trace;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

    /** The bytes read: lines that were returned, the current line, and from {@code next} to {@code limit} the rest. */
    private byte[] buffer = new byte[1 << 16];

    private int next;
    private int limit;

    /** The current line, without its line end. */
    private int from;

    private int to;
    private int line;
    private boolean lastWasTerminated = true;

    /** The file name that stands for standard input. */
    public static final Path STANDARD_INPUT = Path.of("-");

    /** In the folder of a recording. */
    private static final String LOG_OF_A_RECORDING = "log.jsonl";

    private static final int GZIP_MAGIC = 0x1f8b;

    private static final int HEAD = 1 << 16;

    private static final int GZIP_BUFFER = 1 << 14;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long LINE_FEEDS = ONES * '\n';

    /** Reads {@code in}; messages call it {@code name}. */
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
            Path log = file.resolve(LOG_OF_A_RECORDING);
            throw new TraceFormatException(
                    file.toString(),
                    "is a directory; a file was expected" + (Files.exists(log) ? ", such as " + log : ""));
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
            return new LineSource(name, compressed ? new GZIPInputStream(in, GZIP_BUFFER) : in);
        } catch (IOException e) {
            throw new TraceFormatException(name, "cannot be read: " + e.getMessage());
        }
    }

    /** The name of the text in messages. */
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

    /**
     * The beginning of the text, up to 64 KiB; what is not UTF-8 is replaced. For a look before the first line is read.
     *
     * @throws TraceFormatException if it cannot be read
     */
    public String head() throws TraceFormatException {
        boolean more = true;
        while (more && limit - next < HEAD) {
            more = fill();
        }
        return new String(buffer, next, Math.min(HEAD, limit - next), StandardCharsets.UTF_8);
    }

    /**
     * The next line without its end, or null after the last.
     *
     * @throws TraceFormatException if it cannot be read, is too long or is not UTF-8
     */
    public @Nullable String next() throws TraceFormatException {
        return advance() ? text() : null;
    }

    /**
     * Goes to the next line.
     *
     * @return false after the last
     * @throws TraceFormatException if it cannot be read or is too long
     */
    boolean advance() throws TraceFormatException {
        int searched = next;
        int end;
        while ((end = endOfLine(searched)) == limit && limit - next <= LONGEST) {
            int rest = limit - next;
            boolean more = fill();
            searched = next + rest; // (the bytes may have moved)
            if (!more) {
                end = searched;
                break;
            }
        }
        int length = end - next;
        if (length > LONGEST) {
            line++;
            throw fault(LONGEST, "line longer than " + LONGEST + " bytes");
        }
        if (end == limit && length == 0) {
            return false; // (whether the last line was terminated stays as it was)
        }
        lastWasTerminated = end < limit;
        line++;
        from = next;
        to = length > 0 && buffer[end - 1] == '\r' ? end - 1 : end;
        next = lastWasTerminated ? end + 1 : end;
        return true;
    }

    /** The index of the first line feed at or after an index, or {@code limit} if there is none. */
    private int endOfLine(int begin) {
        int at = begin;
        for (; at + Long.BYTES <= limit; at += Long.BYTES) {
            // A byte of this is 0 where there is a line feed; the next two operations detect one.
            long bytes = (long) LONGS.get(buffer, at) ^ LINE_FEEDS;
            if (((bytes - ONES) & ~bytes & HIGH_BITS) != 0) {
                break;
            }
        }
        while (at < limit && buffer[at] != '\n') {
            at++;
        }
        return at;
    }

    /** Reads more bytes; returns whether there were any. */
    private boolean fill() throws TraceFormatException {
        if (next > 0) {
            System.arraycopy(buffer, next, buffer, 0, limit - next);
            limit -= next;
            next = 0;
        }
        if (limit == buffer.length) {
            buffer = Arrays.copyOf(buffer, limit * 2);
        }
        try {
            int read = in.read(buffer, limit, buffer.length - limit);
            limit += Math.max(0, read);
            return read > 0;
        } catch (IOException e) {
            throw new TraceFormatException(name, "cannot be read: " + e.getMessage());
        }
    }

    /** The array that holds the current line, until the next one is read. */
    byte[] bytes() {
        return buffer;
    }

    /** The index in {@link #bytes()} of the current line's first byte. */
    int from() {
        return from;
    }

    /** The index in {@link #bytes()} behind the current line's last byte. */
    int to() {
        return to;
    }

    /**
     * The current line.
     *
     * @throws TraceFormatException if it is not UTF-8
     */
    String text() throws TraceFormatException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer, from, to - from))
                    .toString();
        } catch (CharacterCodingException e) {
            throw fault(1, "not UTF-8 text");
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
