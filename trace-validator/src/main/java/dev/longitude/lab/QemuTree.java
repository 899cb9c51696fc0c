package dev.longitude.lab;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * QEMU from Debian with all libraries that it needs, unpacked but not installed: it runs on any distribution of its
 * architecture, and in a machine of the lab. An older QEMU of the host's would emulate x86's virtualisation worse.
 */
final class QemuTree {
    private static final String SUITE = "trixie";
    private static final Pattern NEEDED = Pattern.compile("\\(NEEDED\\).*\\[(.+)]");
    private static final ImmutableList<String> FIRMWARE = ImmutableList.of(
            "bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin", "multiboot_dma.bin", "efi-virtio.rom");

    private final Path root;
    private final EmulatedMachine runsOn;

    private QemuTree(Path root, EmulatedMachine runsOn) {
        this.root = root;
        this.runsOn = runsOn;
    }

    /** The programs that run on a machine of that architecture; downloaded once. */
    static QemuTree of(EmulatedMachine runsOn, DebianArchive archive, Path cache)
            throws LabException, IOException, InterruptedException {
        Path root = archive.unpackedWithDependencies(
                cache.resolve("qemu-" + runsOn.debianName()),
                SUITE,
                List.of("qemu-system-x86", "qemu-system-arm", "qemu-utils"));
        return at(root, runsOn);
    }

    /** What is unpacked in a folder. */
    static QemuTree at(Path root, EmulatedMachine runsOn) {
        return new QemuTree(root, runsOn);
    }

    private Path libraries() {
        return root.resolve("usr/lib").resolve(runsOn.triplet());
    }

    private Path program(String name) {
        return root.resolve("usr/bin").resolve(name);
    }

    /** The dynamic loader, by the name under which programs ask for it. */
    private Path loader() {
        return root.resolve(
                runsOn.arch() == Arch.X86 ? "usr/lib64/ld-linux-x86-64.so.2" : "usr/lib/ld-linux-aarch64.so.1");
    }

    /** The beginning of a command that runs a program of the tree here. */
    ImmutableList<String> command(String name) {
        return ImmutableList.of(
                loader().toString(),
                "--library-path",
                libraries().toString(),
                program(name).toString());
    }

    /** The same for an emulator, which needs its firmware. */
    ImmutableList<String> emulator(String name) {
        return ImmutableList.<String>builder()
                .addAll(command(name))
                .add("-L", root.resolve("usr/share/qemu").toString())
                .add("-L", root.resolve("usr/share/seabios").toString())
                .build();
    }

    /** Adds a VMM to a machine's files, so that it runs there as {@code /usr/bin/NAME -L /firmware}. */
    void addTo(Initramfs files, String name) throws LabException, IOException, InterruptedException {
        files.file("usr/bin/" + name, Files.readAllBytes(program(name)));
        String loader = String.valueOf(loader().getFileName());
        files.file((runsOn.arch() == Arch.X86 ? "lib64/" : "lib/") + loader, Files.readAllBytes(loader()));
        for (Map.Entry<String, Path> library : needed(program(name)).entrySet()) {
            files.file("usr/lib/" + runsOn.triplet() + "/" + library.getKey(), Files.readAllBytes(library.getValue()));
        }
        for (String firmware : FIRMWARE) {
            for (String folder : List.of("usr/share/seabios", "usr/share/qemu")) {
                Path file = root.resolve(folder).resolve(firmware);
                if (Files.isRegularFile(file)) {
                    files.file("firmware/" + firmware, Files.readAllBytes(file));
                    break;
                }
            }
        }
    }

    /** The libraries that a program needs, and those that these need. */
    private Map<String, Path> needed(Path program) throws LabException, IOException, InterruptedException {
        Map<String, Path> there = new LinkedHashMap<>();
        try (Stream<Path> files = Files.walk(libraries())) {
            files.filter(f -> String.valueOf(f.getFileName()).contains(".so") && Files.isRegularFile(f))
                    .forEach(f -> there.putIfAbsent(String.valueOf(f.getFileName()), f));
        }
        Map<String, Path> needed = new LinkedHashMap<>();
        Deque<Path> open = new ArrayDeque<>(List.of(program));
        while (!open.isEmpty()) {
            String sections = Command.of("readelf", "-d", open.pop().toString()).text();
            for (String line : Splitter.on('\n').split(sections)) {
                Matcher matcher = NEEDED.matcher(line);
                Path library = matcher.find() ? there.get(matcher.group(1)) : null;
                if (library != null && needed.putIfAbsent(matcher.group(1), library) == null) {
                    open.push(library);
                }
            }
        }
        return needed;
    }

    /** What it is, for people. */
    String version() throws LabException, IOException, InterruptedException {
        ImmutableList<String> words = ImmutableList.<String>builder()
                .addAll(command("qemu-img"))
                .add("--version")
                .build();
        String text = new Command(Path.of("."), Map.of(), words).text();
        return Splitter.on('\n').splitToList(text).get(0).replace("qemu-img version", "QEMU");
    }
}
