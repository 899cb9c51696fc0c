package dev.longitude.record;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.longitude.kernel.Arch;
import dev.longitude.processes.ChildProcesses;
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
 * A C program of one file that Longitude carries as source. The system's compiler builds it at its first use; it stays
 * in the user's cache, under a name derived from the source.
 *
 * @param carrier the class beside whose resources the source is
 * @param name of the program; its source is {@code name.c}
 * @param what it is, for messages: {@code the recorder}
 * @param otherwise what a user without a compiler can do, for messages
 */
public record CProgram(Class<?> carrier, String name, String what, String otherwise) {
    private static final ImmutableList<String> COMPILERS = ImmutableList.of("cc", "gcc", "clang");
    private static final ImmutableList<String> OPTIONS = ImmutableList.of("-std=gnu11", "-O2", "-pthread");
    private static final int VERSION_DIGITS = 16;

    /** The source, one file of C. */
    public byte[] source() throws IOException {
        try (InputStream in = carrier.getResourceAsStream(name + ".c")) {
            return Objects.requireNonNull(in, name).readAllBytes();
        }
    }

    /** The architecture of this machine, if the programs support it. */
    public static @Nullable Arch thisMachine() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            return null;
        }
        return switch (System.getProperty("os.arch", "").toLowerCase(Locale.ROOT)) {
            case "amd64" -> Arch.X86;
            case "aarch64" -> Arch.ARM64;
            default -> null;
        };
    }

    /**
     * Builds the program for this machine unless it is built already.
     *
     * @return the program
     * @throws NoCompilerException if this is no supported Linux, there is no C compiler, or the compiler refuses the
     *     source
     * @throws IOException if the cache cannot be written
     */
    public Path build() throws NoCompilerException, IOException, InterruptedException {
        return build(System.getenv());
    }

    /**
     * The same in another environment.
     *
     * @param environment only CC, PATH, XDG_CACHE_HOME and HOME are used
     */
    Path build(Map<String, String> environment) throws NoCompilerException, IOException, InterruptedException {
        Arch machine = thisMachine();
        if (machine == null) {
            throw new NoCompilerException(what + " is for Linux on x86-64 and arm64, and this is "
                    + System.getProperty("os.name", "") + " on " + System.getProperty("os.arch", ""));
        }
        String wanted = environment.getOrDefault("CC", "");
        return build(environment, machine, wanted.isBlank() ? COMPILERS : List.of(wanted.strip()), OPTIONS);
    }

    /**
     * Builds the program for a machine of some architecture, unless it is built already.
     *
     * @param more options of the compiler, besides those that every program has
     * @throws NoCompilerException if there is no compiler for that architecture, or it refuses the source
     */
    public Path build(Arch arch, List<String> more) throws NoCompilerException, IOException, InterruptedException {
        List<String> compilers =
                arch == thisMachine() ? COMPILERS : ImmutableList.of(arch.machine() + "-linux-gnu-gcc");
        return build(
                System.getenv(),
                arch,
                compilers,
                ImmutableList.<String>builder().addAll(OPTIONS).addAll(more).build());
    }

    private Path build(Map<String, String> environment, Arch arch, List<String> compilers, List<String> options)
            throws NoCompilerException, IOException, InterruptedException {
        byte[] source = source();
        Path folder = cache(environment);
        String version = Hashing.sha256()
                .newHasher()
                .putBytes(source)
                .putUnencodedChars(String.join(" ", options))
                .hash()
                .toString();
        Path program = folder.resolve(name + "-" + arch.machine() + "-" + version.substring(0, VERSION_DIGITS));
        if (Files.isExecutable(program)) {
            return program;
        }
        Files.createDirectories(folder);
        Path work = Files.createTempDirectory(folder, "build");
        Path file = work.resolve(name + ".c");
        Path built = work.resolve(name);
        try {
            Files.write(file, source);
            compile(environment, compilers, options, file, built);
            // (Another process may build at the same time: each moves a complete program there.)
            Files.move(built, program, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(built);
            Files.deleteIfExists(work);
        }
        return program;
    }

    /** The folder of what is built or downloaded once, by the XDG base directory specification. */
    public static Path cache() {
        return cache(System.getenv());
    }

    private static Path cache(Map<String, String> environment) {
        String cache = environment.get("XDG_CACHE_HOME");
        if (cache != null && Path.of(cache).isAbsolute()) {
            return Path.of(cache, "longitude");
        }
        String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
        return Path.of(home, ".cache", "longitude");
    }

    private void compile(
            Map<String, String> environment, List<String> compilers, List<String> options, Path source, Path program)
            throws NoCompilerException, IOException, InterruptedException {
        for (String compilerName : compilers) {
            Path compiler = found(compilerName, environment.getOrDefault("PATH", ""));
            if (compiler == null) {
                continue;
            }
            List<String> command = new ArrayList<>(List.of(compiler.toString()));
            command.addAll(options);
            command.addAll(List.of("-o", program.toString(), source.toString()));
            Process process = ChildProcesses.start(new ProcessBuilder(command).redirectErrorStream(true));
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (ChildProcesses.waitFor(process) != 0) {
                throw new NoCompilerException(
                        what + " cannot be built: " + String.join(" ", command) + "\n" + said.strip());
            }
            return;
        }
        throw new NoCompilerException(what + " is a C program that is built at its first use, and no C compiler was"
                + " found (" + String.join(", ", compilers)
                + "): install one, with the headers of libc and of Linux" + otherwise);
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
