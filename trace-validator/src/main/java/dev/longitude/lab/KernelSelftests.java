package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.Chars;
import dev.longitude.kernel.Release;
import dev.longitude.record.CProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The kernel's own tests of KVM that concern the guest's time, built as static programs from Debian's source of a kernel
 * with its own Makefile.
 *
 * @param version Debian's of the source
 * @param programs for each program of the tests that this kernel has and that could be built: the file, and the letters
 *     of its options
 * @param failures for the others that it has: the end of what the build wrote
 */
record KernelSelftests(String version, ImmutableMap<String, Program> programs, ImmutableMap<String, String> failures) {
    /**
     * What of the kernel's tree a build of the tests needs. (Newer ones are linked with VFIO's, which use headers of
     * drivers.)
     */
    private static final ImmutableList<String> PARTS = ImmutableList.of(
            "Makefile",
            "Kbuild",
            "scripts",
            "include",
            "arch/x86",
            "arch/arm64",
            "usr",
            "tools",
            "drivers/dma",
            "drivers/net/ethernet/intel");

    private static final String SOURCE_PACKAGE = "linux-source-";
    private static final String OPTIONS = ".options";
    private static final String FAILURE = ".failure";

    /** A program. */
    record Program(Path file, ImmutableSet<Character> options) {}

    /**
     * Builds those of a kernel of Debian's, once.
     *
     * @throws LabException if there is no such source, or what the build needs is missing here
     */
    static KernelSelftests of(
            BootedKernel kernel, EmulatedMachine machine, DebianArchive archive, Path cache, Consumer<String> progress)
            throws LabException, IOException, InterruptedException {
        String wanted = Optional.ofNullable(kernel.version())
                .orElseThrow(() -> new LabException(
                        "the selftests are built from Debian's source of a kernel: --kernel must be a release"));
        Release release = Release.parse(wanted).orElseThrow();
        String source = SOURCE_PACKAGE + release.major() + "." + release.minor();
        String version = version(source, wanted, archive);
        Path built = cache.resolve("selftests-" + version + "-" + machine.debianName());
        if (!Files.exists(built)) {
            if (!version.equals(wanted)) {
                progress.accept("Debian no longer has the source of " + wanted + ": the selftests are of " + version);
            }
            progress.accept("building the selftests of " + version + " ...");
            build(source + "=" + version, machine, archive, built);
        }
        return read(version, built);
    }

    private static String version(String source, String wanted, DebianArchive archive)
            throws LabException, IOException, InterruptedException {
        List<String> sources = archive.names(SOURCE_PACKAGE).stream()
                .filter(n -> n.matches(SOURCE_PACKAGE + "\\d+\\.\\d+"))
                .toList();
        if (!sources.contains(source)) {
            throw new LabException("the selftests are built from " + source + ", and Debian has only "
                    + String.join(", ", sources) + " (in bookworm or trixie, with backports and security updates)");
        }
        return archive.has(source, wanted)
                ? wanted
                : archive.versions(List.of(source)).values().asList().get(0);
    }

    private static void build(String source, EmulatedMachine machine, DebianArchive archive, Path built)
            throws LabException, IOException, InterruptedException {
        Path work = Files.createTempDirectory(built.toAbsolutePath().getParent(), "selftests");
        try {
            Path unpacked = archive.unpacked(work.resolve("package"), List.of(source));
            Path tree = Files.createDirectory(work.resolve("tree"));
            unpackTree(unpacked, tree);
            List<String> make = new ArrayList<>(List.of("make", "-s", "ARCH=" + machine.kernelName()));
            if (machine.arch() != CProgram.thisMachine()) {
                make.add("CROSS_COMPILE=" + machine.triplet() + "-");
                Command.of(machine.triplet() + "-gcc", "--version").text();
            }
            new Command(tree, Map.of(), with(make, "headers")).text();
            Path programs = Files.createDirectory(work.resolve("programs"));
            buildPrograms(new SelftestSource(tree.resolve("tools/testing/selftests/kvm"), machine), make, programs);
            if (!Files.exists(built)) { // (otherwise another run of the lab has built them)
                Files.move(programs, built);
            }
        } finally {
            Command.of("rm", "-rf", work.toString()).text();
        }
    }

    private static void unpackTree(Path unpacked, Path tree) throws LabException, IOException, InterruptedException {
        Path archive;
        try (var files = Files.list(unpacked.resolve("usr/src"))) {
            archive = files.filter(f -> f.toString().endsWith(".tar.xz"))
                    .findFirst()
                    .orElseThrow(() -> new LabException("the package has no kernel's source"));
        }
        String name = String.valueOf(archive.getFileName()).replace(".tar.xz", "");
        List<String> tar = List.of("tar", "-xJf", archive.toString(), "-C", tree.toString(), "--strip-components=1");
        Command.of("xz", "--version").text();
        new Command(
                        Path.of("."),
                        Map.of(),
                        with(tar, PARTS.stream().map(p -> name + "/" + p).toArray(String[]::new)))
                .text();
    }

    private static void buildPrograms(SelftestSource source, List<String> make, Path programs)
            throws LabException, IOException, InterruptedException {
        Path output = programs.resolve("output");
        Map<String, String> linker = Map.of("LDFLAGS", "-static");
        for (String program : Selftest.of(source.machine().arch()).stream()
                .map(Selftest::program)
                .distinct()
                .toList()) {
            String target = source.target(program).orElse(null);
            if (target == null) {
                continue;
            }
            try {
                Path file = output.resolve(target).toAbsolutePath();
                new Command(source.folder(), linker, with(make, "OUTPUT=" + output.toAbsolutePath(), file.toString()))
                        .text();
                Files.move(file, programs.resolve(program));
                Files.writeString(programs.resolve(program + OPTIONS), letters(source.options(target)));
            } catch (LabException e) {
                Files.writeString(programs.resolve(program + FAILURE), String.valueOf(e.getMessage()));
            }
        }
        Command.of("rm", "-rf", output.toString()).text();
    }

    private static String letters(ImmutableSet<Character> letters) {
        return letters.stream().map(String::valueOf).collect(Collectors.joining());
    }

    private static ImmutableList<String> with(List<String> words, String... more) {
        return ImmutableList.<String>builder().addAll(words).add(more).build();
    }

    private static KernelSelftests read(String version, Path folder) throws LabException, IOException {
        Map<String, Program> programs = new LinkedHashMap<>();
        Map<String, String> failures = new LinkedHashMap<>();
        List<Path> files;
        try (var list = Files.list(folder)) {
            files = list.sorted().toList();
        }
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            if (name.endsWith(OPTIONS)) {
                String program = name.substring(0, name.length() - OPTIONS.length());
                String letters = Files.readString(file, StandardCharsets.UTF_8);
                programs.put(
                        program,
                        new Program(folder.resolve(program), ImmutableSet.copyOf(Chars.asList(letters.toCharArray()))));
            } else if (name.endsWith(FAILURE)) {
                failures.put(
                        name.substring(0, name.length() - FAILURE.length()),
                        Files.readString(file, StandardCharsets.UTF_8));
            }
        }
        if (programs.isEmpty()) {
            throw new LabException("none of the selftests could be built; remove " + folder + " to try again. "
                    + failures.values().stream()
                            .findFirst()
                            .orElse("This kernel has none that concern the guest's time."));
        }
        return new KernelSelftests(version, ImmutableMap.copyOf(programs), ImmutableMap.copyOf(failures));
    }
}
