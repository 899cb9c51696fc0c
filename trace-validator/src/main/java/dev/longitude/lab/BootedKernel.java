package dev.longitude.lab;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Iterables;
import dev.longitude.kernel.Release;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel to boot.
 *
 * @param name for people
 * @param image a bzImage, or arm64's Image
 * @param modules what it must load for /dev/kvm, in order; none if KVM is built in
 * @param version Debian's version of its package, or null if it is none of Debian's
 */
record BootedKernel(
        String name,
        Path image,
        ImmutableMap<String, byte[]> modules,
        @Nullable String version) {
    private static final String IMAGE_PACKAGE = "linux-image-";

    /** A kernel that the user has built; {@code modules} is where its modules are, or null if KVM is built in. */
    static BootedKernel ofFile(Path image, @Nullable Path modules, EmulatedMachine machine)
            throws LabException, IOException, InterruptedException {
        return new BootedKernel(
                image.toString(),
                image,
                modules == null ? ImmutableMap.of() : new KernelModules(modules).withDependencies(machine.kvmModule()),
                null);
    }

    /**
     * A kernel of Debian's, downloaded once.
     *
     * @param wanted a release, such as 6.12 for the newest of that series that Debian has, or 6.12.95
     * @throws LabException if Debian does not have it; the message lists the series that it has
     */
    static BootedKernel ofDebian(String wanted, EmulatedMachine machine, DebianArchive archive, Path cache)
            throws LabException, IOException, InterruptedException {
        String suffix = "-cloud-" + machine.debianName();
        Map<String, String> versions = archive.versions(archive.names(IMAGE_PACKAGE).stream()
                .filter(n -> n.matches(IMAGE_PACKAGE + "\\d+\\.\\d+\\.\\d+.*") && n.endsWith(suffix))
                .toList());
        String found = newest(wanted, versions)
                .orElseThrow(() -> new LabException("expected a file, or a release that Debian has for "
                        + machine.arch() + " (in bookworm or trixie, with backports and security updates), not "
                        + wanted + "; it has " + String.join(", ", series(versions))));
        String name = found.substring(IMAGE_PACKAGE.length());
        List<String> packages = new ArrayList<>(List.of(found));
        for (String part : List.of("linux-binary-", "linux-modules-")) { // (the newest kernels are in three packages)
            packages.addAll(archive.names(part + name));
        }
        Path root = archive.unpacked(cache.resolve("kernel-" + name), packages);
        return new BootedKernel(
                name, image(root), new KernelModules(root).withDependencies(machine.kvmModule()), versions.get(found));
    }

    /** The newest of these packages, by its version, that a release stands for. */
    static Optional<String> newest(String wanted, Map<String, String> versions) {
        return Release.parse(wanted)
                .flatMap(release -> versions.entrySet().stream()
                        .filter(v -> isOf(release, v.getValue()))
                        .max(Comparator.comparing((Map.Entry<String, String> v) ->
                                        Release.parse(v.getValue()).orElseThrow())
                                .thenComparing(Map.Entry::getKey))
                        .map(Map.Entry::getKey));
    }

    private static boolean isOf(Release wanted, String version) {
        Optional<Release> release = Release.parse(version);
        return release.isPresent()
                && release.get().major() == wanted.major()
                && release.get().minor() == wanted.minor()
                && (wanted.isMainline() || release.get().patch() == wanted.patch());
    }

    private static ImmutableList<String> series(Map<String, String> versions) {
        return versions.values().stream()
                .map(v -> Iterables.limit(Splitter.on('.').split(v), 2))
                .map(parts -> String.join(".", parts))
                .distinct()
                .sorted(Comparator.comparing(s -> Release.parse(s).orElseThrow()))
                .collect(ImmutableList.toImmutableList());
    }

    private static Path image(Path root) throws LabException, IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(f -> String.valueOf(f.getFileName()).startsWith("vmlinuz") && Files.isRegularFile(f))
                    .findFirst()
                    .orElseThrow(() -> new LabException(root + " has no kernel"));
        }
    }
}
