package dev.longitude.lab;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The modules of a kernel, below a folder, plain or compressed with xz or zstd. */
final class KernelModules {
    private static final String DEPENDS = "\0depends=";

    private final Map<String, Path> files = new LinkedHashMap<>();

    KernelModules(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            all.filter(f -> f.toString().matches(".*\\.ko(\\.xz|\\.zst)?")).forEach(f -> files.put(nameOf(f), f));
        }
    }

    /** Without its suffix; in names of modules - and _ are the same. */
    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName())
                .replaceFirst("\\.ko(\\.xz|\\.zst)?$", "")
                .replace('-', '_');
    }

    /**
     * A module and those that it needs, in the order in which the kernel takes them. A module that is not there is built
     * in.
     *
     * @return the content of each, by name
     */
    ImmutableMap<String, byte[]> withDependencies(String module)
            throws LabException, IOException, InterruptedException {
        Map<String, byte[]> loaded = new LinkedHashMap<>();
        add(module.replace('-', '_'), loaded);
        return ImmutableMap.copyOf(loaded);
    }

    private void add(String module, Map<String, byte[]> loaded) throws LabException, IOException, InterruptedException {
        Path file = files.get(module);
        if (file == null || loaded.containsKey(module)) {
            return;
        }
        byte[] content = content(file);
        for (String needed : dependencies(content)) {
            add(needed.replace('-', '_'), loaded);
        }
        loaded.put(module, content);
    }

    private static byte[] content(Path file) throws LabException, IOException, InterruptedException {
        String tool = decompressor(file);
        return tool == null
                ? Files.readAllBytes(file)
                : Command.of(tool, "-dc", file.toString()).output();
    }

    private static @Nullable String decompressor(Path file) {
        return file.toString().endsWith(".xz") ? "xz" : file.toString().endsWith(".zst") ? "zstd" : null;
    }

    /** From the section .modinfo: texts that end in 0. */
    static ImmutableList<String> dependencies(byte[] module) {
        String text = new String(module, StandardCharsets.ISO_8859_1);
        int begin = text.indexOf(DEPENDS);
        if (begin < 0) {
            return ImmutableList.of();
        }
        int from = begin + DEPENDS.length();
        return ImmutableList.copyOf(
                Splitter.on(',').omitEmptyStrings().splitToList(text.substring(from, text.indexOf('\0', from))));
    }
}
