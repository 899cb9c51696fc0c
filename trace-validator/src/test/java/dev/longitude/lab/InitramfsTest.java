package dev.longitude.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel finds what was added, under its name, aligned, with a trailer at the end. */
class InitramfsTest {
    private static final int HEADER = 110;
    private static final int MODE = 14;
    private static final int SIZE = 54;
    private static final int NAME_SIZE = 94;
    private static final int DIGITS = 8;

    @TempDir
    private Path folder = Path.of("set by JUnit");

    private static int number(String archive, int at) {
        return Integer.parseInt(archive.substring(at, at + DIGITS), 16);
    }

    private static int aligned(int at) {
        return (at + 3) / 4 * 4;
    }

    /** Reads the format by its description: mode in octal and content of each entry, by name. */
    private static Map<String, String> entries(String archive) {
        Map<String, String> entries = new LinkedHashMap<>();
        int at = 0;
        while (at < archive.length()) {
            assertThat(archive.substring(at, at + 6)).isEqualTo("070701");
            int name = at + HEADER;
            int content = aligned(name + number(archive, at + NAME_SIZE));
            int size = number(archive, at + SIZE);
            entries.put(
                    archive.substring(name, name + number(archive, at + NAME_SIZE) - 1),
                    Integer.toOctalString(number(archive, at + MODE)) + " "
                            + archive.substring(content, content + size));
            at = aligned(content + size);
        }
        return entries;
    }

    @Test
    void whatWasAddedIsThere() throws IOException {
        Path file = folder.resolve("initramfs");
        try (Initramfs initramfs = new Initramfs(file)) {
            initramfs.folder("dev");
            initramfs.file("init", "abc".getBytes(StandardCharsets.US_ASCII));
            initramfs.file("usr/bin/x", new byte[0]);
            initramfs.file("usr/bin/yy", "12345".getBytes(StandardCharsets.US_ASCII));
        }
        String archive;
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            archive = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
        assertThat(entries(archive))
                .containsExactly(
                        Map.entry("dev", "40755 "),
                        Map.entry("init", "100755 abc"),
                        Map.entry("usr", "40755 "),
                        Map.entry("usr/bin", "40755 "),
                        Map.entry("usr/bin/x", "100755 "),
                        Map.entry("usr/bin/yy", "100755 12345"),
                        Map.entry("TRAILER!!!", "0 "));
    }
}
