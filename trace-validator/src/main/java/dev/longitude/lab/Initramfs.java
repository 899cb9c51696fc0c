package dev.longitude.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/** An initramfs: a cpio archive in the format "newc", which Documentation/driver-api/early-userspace describes. */
final class Initramfs implements AutoCloseable {
    private static final int FOLDER = 0040755;
    private static final int PROGRAM = 0100755;
    private static final int ALIGNMENT = 4;
    private static final int BUFFER = 1 << 16;

    private final OutputStream out;
    private final Set<String> folders = new HashSet<>();
    private int inode;

    Initramfs(Path file) throws IOException {
        out = new GZIPOutputStream(Files.newOutputStream(file), BUFFER);
    }

    /** Adds a folder, with those above it. */
    void folder(String name) throws IOException {
        int slash = name.lastIndexOf('/');
        if (slash > 0) {
            folder(name.substring(0, slash));
        }
        if (folders.add(name)) {
            entry(name, FOLDER, new byte[0]);
        }
    }

    /** Adds a file, which may be executed, with the folders above it. */
    void file(String name, byte[] content) throws IOException {
        int slash = name.lastIndexOf('/');
        if (slash > 0) {
            folder(name.substring(0, slash));
        }
        entry(name, PROGRAM, content);
    }

    private void entry(String name, int mode, byte[] content) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        byte[] path = (name + "\0").getBytes(StandardCharsets.UTF_8);
        header.writeBytes("070701".getBytes(StandardCharsets.US_ASCII));
        // inode, mode, user, group, links, time, size, device (2), device of a node (2), length of the name, checksum
        for (int field : new int[] {inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0}) {
            header.writeBytes(String.format(Locale.ROOT, "%08x", field).getBytes(StandardCharsets.US_ASCII));
        }
        header.writeBytes(path);
        out.write(header.toByteArray());
        pad(header.size());
        out.write(content);
        pad(content.length);
    }

    private void pad(int length) throws IOException {
        out.write(new byte[(ALIGNMENT - length % ALIGNMENT) % ALIGNMENT]);
    }

    @Override
    public void close() throws IOException {
        entry("TRAILER!!!", 0, new byte[0]);
        out.close();
    }
}
