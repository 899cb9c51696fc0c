package dev.longitude.record;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The recorder as a program of this machine. It is written in C, because it must follow threads with ptrace. The
 * system's compiler builds it at its first use; the program stays in the user's cache, under a name derived from the
 * source.
 */
public final class RecorderProgram {
    private static final String SOURCE = "longitude-record.c";
    private static final ImmutableList<String> COMPILERS = ImmutableList.of("cc", "gcc", "clang");
    private static final ImmutableList<String> OPTIONS = ImmutableList.of("-std=gnu11", "-O2");

    private RecorderProgram() {}

    /** The source, one file of C. */
    public static byte[] source() throws IOException {
        try (InputStream in = RecorderProgram.class.getResourceAsStream(SOURCE)) {
            return Objects.requireNonNull(in, SOURCE).readAllBytes();
        }
    }

    /**
     * Builds the recorder unless it is built already.
     *
     * @return the program
     * @throws NoCompilerException if this is no supported Linux, there is no C compiler, or the compiler refuses the
     *     source
     * @throws IOException if the cache cannot be written
     */
    public static Path build() throws NoCompilerException, IOException, InterruptedException {
        return build(System.getenv());
    }

    /**
     * The same in another environment.
     *
     * @param environment only CC, PATH, XDG_CACHE_HOME and HOME are used
     */
    static Path build(Map<String, String> environment) throws NoCompilerException, IOException, InterruptedException {
        String system = System.getProperty("os.name", "");
        String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        if (!system.equals("Linux") || !List.of("amd64", "aarch64").contains(machine)) {
            throw new NoCompilerException(
                    "the recorder is for Linux on x86-64 and arm64, and this is " + system + " on " + machine);
        }
        byte[] source = source();
        Path folder = cache(environment);
        Path program = folder.resolve("longitude-record-" + machine + "-"
                + Hashing.sha256().hashBytes(source).toString().substring(0, 16));
        if (Files.isExecutable(program)) {
            return program;
        }
        Files.createDirectories(folder);
        Path work = Files.createTempDirectory(folder, "build");
        try {
            Path file = Files.write(work.resolve(SOURCE), source);
            Path built = work.resolve("longitude-record");
            compile(environment, file, built);
            // (Another process may build at the same time: each moves a complete program there.)
            Files.move(built, program, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(work.resolve(SOURCE));
            Files.deleteIfExists(work.resolve("longitude-record"));
            Files.deleteIfExists(work);
        }
        return program;
    }

    /** By the XDG base directory specification. */
    private static Path cache(Map<String, String> environment) {
        String cache = environment.get("XDG_CACHE_HOME");
        if (cache != null && Path.of(cache).isAbsolute()) {
            return Path.of(cache, "longitude");
        }
        String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
        return Path.of(home, ".cache", "longitude");
    }

    private static void compile(Map<String, String> environment, Path source, Path program)
            throws NoCompilerException, IOException, InterruptedException {
        String wanted = environment.getOrDefault("CC", "");
        List<String> names = wanted.isBlank() ? COMPILERS : List.of(wanted.strip());
        for (String name : names) {
            Path compiler = found(name, environment.getOrDefault("PATH", ""));
            if (compiler == null) {
                continue;
            }
            List<String> command = new ArrayList<>(List.of(compiler.toString()));
            command.addAll(OPTIONS);
            command.addAll(List.of("-o", program.toString(), source.toString()));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new NoCompilerException(
                        "the recorder cannot be built: " + String.join(" ", command) + "\n" + said.strip());
            }
            return;
        }
        throw new NoCompilerException(
                "the recorder is a C program that is built at its first use, and no C compiler was"
                        + " found (" + String.join(", ", names)
                        + "): install one, with the headers of libc and of Linux, or build it"
                        + " on another machine from what `longitude record --print-source` prints");
    }

    private static @Nullable Path found(String name, String path) {
        if (name.contains("/")) {
            return Files.isExecutable(Path.of(name)) ? Path.of(name) : null;
        }
        for (String folder : path.split(":", -1)) {
            Path file = Path.of(folder.isEmpty() ? "." : folder, name);
            if (Files.isRegularFile(file) && Files.isExecutable(file)) {
                return file;
            }
        }
        return null;
    }
}
