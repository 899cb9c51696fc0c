package dev.longitude.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LineSourceTest {
    private static final long SEED = Long.getLong("longitude.seed", 20261127L);
    private static final String AGAIN = "seed " + SEED
            + "; to see it again: mvn -q test -pl reference-impl -Dtest=LineSourceTest -Dlongitude.seed=" + SEED;

    /** A stream that returns few bytes at a time. */
    private static InputStream reluctant(byte[] text, SplittableRandom random, int most) {
        return new FilterInputStream(new ByteArrayInputStream(text)) {
            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                return super.read(into, from, Math.min(length, 1 + random.nextInt(most)));
            }
        };
    }

    private static List<String> lines(InputStream in) throws Exception {
        List<String> all = new ArrayList<>();
        try (LineSource source = new LineSource("t", in)) {
            for (String line = source.next(); line != null; line = source.next()) {
                all.add(line);
                assertThat(source.line()).isEqualTo(all.size());
            }
            assertThat(source.next()).isNull();
        }
        return all;
    }

    /** Lines of any length, also across reads, with either line end. */
    @Test
    void linesAreAsTheyWereWritten() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 300; i++) {
            List<String> written = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            int longest = 1 << random.nextInt(18);
            for (int n = random.nextInt(30); n > 0; n--) {
                StringBuilder line = new StringBuilder();
                for (int length = random.nextInt(longest); length > 0; length--) {
                    // The line feed's neighbours: a search by words of 8 bytes could take them for it.
                    line.append("\t\u000b".charAt(random.nextInt(2))).append('x');
                }
                written.add(line.toString());
                text.append(line).append(random.nextBoolean() ? "\r\n" : "\n");
            }
            if (random.nextBoolean()) {
                written.add("last");
                text.append("last");
            }
            byte[] bytes = text.toString().getBytes(ISO_8859_1);
            assertThat(lines(reluctant(bytes, random, 1 << (1 + random.nextInt(17)))))
                    .as("try %s of %s", i, AGAIN)
                    .isEqualTo(written);
        }
    }

    @Test
    void theHeadIsTheBeginningAndChangesNothing() throws Exception {
        try (LineSource source = new LineSource("t", new ByteArrayInputStream("a\nb".getBytes(ISO_8859_1)))) {
            assertThat(source.head()).isEqualTo("a\nb");
            assertThat(source.head()).isEqualTo("a\nb");
            assertThat(source.next()).isEqualTo("a");
            assertThat(source.lastWasTerminated()).isTrue();
            assertThat(source.next()).isEqualTo("b");
            assertThat(source.lastWasTerminated()).isFalse();
            assertThat(source.next()).isNull();
        }
        String longer = "line\n".repeat(100_000);
        try (LineSource source = new LineSource("t", new ByteArrayInputStream(longer.getBytes(ISO_8859_1)))) {
            assertThat(source.head()).isEqualTo(longer.substring(0, 1 << 16));
            for (int i = 0; i < 100_000; i++) {
                assertThat(source.next()).isEqualTo("line");
            }
            assertThat(source.next()).isNull();
        }
    }

    @Test
    void theLongestLineIsReadAndALongerOneIsNot() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        String longest = "x".repeat(LineSource.LONGEST);
        for (String end : new String[] {"", "\n", "\nnext\n"}) {
            assertThat(lines(reluctant(("first\n" + longest + end).getBytes(ISO_8859_1), random, 1 << 16)))
                    .startsWith("first", longest);
            assertThatThrownBy(() ->
                            lines(reluctant(("first\n" + longest + "x" + end).getBytes(ISO_8859_1), random, 1 << 16)))
                    .hasMessage("t:2:1048576: line longer than 1048576 bytes");
        }
    }

    @Test
    void whatIsNotUtf8IsRefused() {
        assertThatThrownBy(() -> lines(new ByteArrayInputStream("good\nb\u00ffd\n".getBytes(ISO_8859_1))))
                .hasMessage("t:2:1: not UTF-8 text");
    }

    /** The reader returns the lines before the fault first. */
    @Test
    void aStreamThatFailsIsUnusableFromThereOn() throws Exception {
        InputStream failing = new FilterInputStream(new ByteArrayInputStream("good\nhalf".getBytes(ISO_8859_1))) {
            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                int read = super.read(into, from, length);
                if (read < 0) {
                    throw new IOException("the disk is gone");
                }
                return read;
            }
        };
        try (LineSource source = new LineSource("t", failing)) {
            assertThat(source.next()).isEqualTo("good");
            assertThatThrownBy(source::next).hasMessage("t: cannot be read: the disk is gone");
        }
    }
}
