package dev.longitude.lab;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Debian's packages of one architecture, from where this machine's apt gets its own. The state of apt is one of its own
 * in the cache: nothing is installed, and the machine's lists and settings do not change.
 */
final class DebianArchive {
    private static final ImmutableList<String> SUITES =
            ImmutableList.of("bookworm", "bookworm-backports", "trixie", "trixie-backports");
    private static final ImmutableList<String> SECURITY_SUITES =
            ImmutableList.of("bullseye-security", "bookworm-security", "trixie-security");
    private static final Pattern RELEASE = Pattern.compile("^'(.*/)dists/([^/']+)/InRelease'", Pattern.MULTILINE);
    private static final Path KEYS = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
    private static final Duration LISTS_ARE_NEW = Duration.ofDays(7);

    private final Path folder;
    private final Path configuration;

    private DebianArchive(Path folder) {
        this.folder = folder;
        this.configuration = folder.resolve("apt.conf");
    }

    /**
     * Opens the archive, and gets its lists if they are older than a week.
     *
     * @param cache where the state is kept
     * @param architecture Debian's name
     * @throws LabException if this machine has no apt, or its apt has no sources
     */
    static DebianArchive open(Path cache, String architecture) throws LabException, IOException, InterruptedException {
        DebianArchive archive = new DebianArchive(cache.resolve("apt-" + architecture));
        Path updated = archive.folder.resolve("updated");
        if (!Files.exists(updated)
                || Files.getLastModifiedTime(updated)
                        .toInstant()
                        .plus(LISTS_ARE_NEW)
                        .isBefore(Instant.now())) {
            archive.configure(architecture);
            archive.update();
            Files.writeString(updated, "");
        }
        return archive;
    }

    private void configure(String architecture) throws LabException, IOException, InterruptedException {
        // (It lists a source also if the machine has never fetched it.)
        String uris = Command.of("apt-get", "update", "--print-uris").text();
        TreeSet<String> sources = new TreeSet<>();
        String signed = Files.exists(KEYS) ? "[signed-by=" + KEYS + "] " : "";
        for (Matcher release = RELEASE.matcher(uris); release.find(); ) {
            for (String suite : release.group(2).endsWith("-security") ? SECURITY_SUITES : SUITES) {
                sources.add("deb " + signed + release.group(1) + " " + suite + " main");
            }
        }
        if (sources.isEmpty()) {
            throw new LabException("apt has no sources on this machine");
        }
        Files.createDirectories(folder.resolve("lists/partial"));
        Files.createDirectories(folder.resolve("cache/archives/partial"));
        Files.createDirectories(folder.resolve("empty"));
        Files.writeString(folder.resolve("status"), "");
        Files.writeString(folder.resolve("sources.list"), String.join("\n", sources) + "\n");
        Files.writeString(configuration, """
                APT::Architecture "ARCH";
                APT::Architectures { "ARCH"; };
                APT::Sandbox::User "root";
                APT::Install-Recommends "false";
                Acquire::Languages "none";
                Dir::State "HERE";
                Dir::State::Lists "HERE/lists";
                Dir::State::status "HERE/status";
                Dir::Cache "HERE/cache";
                Dir::Etc::SourceList "HERE/sources.list";
                Dir::Etc::SourceParts "HERE/empty";
                Dir::Etc::Preferences "HERE/none";
                Dir::Etc::PreferencesParts "HERE/empty";
                """.replace("ARCH", architecture)
                .replace("HERE", folder.toAbsolutePath().toString()));
    }

    /** (A suite that a mirror does not have makes apt-get fail after it has got the others.) */
    private void update() throws LabException, IOException, InterruptedException {
        try {
            apt(folder, "apt-get", "-q", "update").text();
        } catch (LabException e) {
            try (Stream<Path> lists = Files.list(folder.resolve("lists"))) {
                if (lists.noneMatch(f -> f.toString().contains("_Packages"))) {
                    throw e;
                }
            }
        }
    }

    private Command apt(Path where, String... words) {
        return new Command(where, Map.of("APT_CONFIG", configuration.toString()), ImmutableList.copyOf(words));
    }

    /** The names of packages that begin so. */
    ImmutableList<String> names(String prefix) throws LabException, IOException, InterruptedException {
        return ImmutableList.sortedCopyOf(Splitter.on('\n')
                .omitEmptyStrings()
                .splitToList(apt(folder, "apt-cache", "pkgnames", prefix).text()));
    }

    /** The newest version of each of these packages. */
    ImmutableMap<String, String> versions(List<String> names) throws LabException, IOException, InterruptedException {
        ImmutableList.Builder<String> words = ImmutableList.builder();
        words.add("apt-cache", "show", "--no-all-versions").addAll(names);
        ImmutableMap.Builder<String, String> versions = ImmutableMap.builder();
        String name = "";
        for (String line : Splitter.on('\n')
                .split(apt(folder, words.build().toArray(String[]::new)).text())) {
            if (line.startsWith("Package: ")) {
                name = line.substring("Package: ".length());
            } else if (line.startsWith("Version: ")) {
                versions.put(name, line.substring("Version: ".length()));
            }
        }
        return versions.buildKeepingLast();
    }

    /** Whether it has a package in this version. */
    boolean has(String name, String version) throws LabException, IOException, InterruptedException {
        return Splitter.on('\n')
                .splitToList(apt(folder, "apt-cache", "show", name).text())
                .contains("Version: " + version);
    }

    /** Downloads packages, by name or as {@code name=version}, and unpacks them into one folder, once. */
    Path unpacked(Path where, List<String> packages) throws LabException, IOException, InterruptedException {
        if (!Files.exists(where)) {
            ImmutableList.Builder<String> words = ImmutableList.builder();
            words.add("apt-get", "-q", "download").addAll(packages);
            unpack(where, words.build());
        }
        return where;
    }

    /** The same with all that they depend on, as a whole system would have it. */
    Path unpackedWithDependencies(Path where, String suite, List<String> packages)
            throws LabException, IOException, InterruptedException {
        if (!Files.exists(where)) {
            ImmutableList.Builder<String> words = ImmutableList.builder();
            words.add("apt-get", "-q", "-y", "-t", suite, "-o", "Dir::Cache::archives=.", "--download-only", "install")
                    .addAll(packages);
            unpack(where, words.build());
        }
        return where;
    }

    private void unpack(Path where, ImmutableList<String> words)
            throws LabException, IOException, InterruptedException {
        Path work = Files.createTempDirectory(folder, "unpack");
        try {
            Path debs = Files.createDirectories(work.resolve("debs"));
            Files.createDirectories(debs.resolve("partial"));
            ImmutableList.Builder<String> here = ImmutableList.builder();
            words.forEach(w -> here.add(w.replace("archives=.", "archives=" + debs.toAbsolutePath())));
            new Command(debs, Map.of("APT_CONFIG", configuration.toString()), here.build()).text();
            Path root = Files.createDirectories(work.resolve("root"));
            try (Stream<Path> files = Files.list(debs)) {
                for (Path deb : files.filter(f -> f.toString().endsWith(".deb")).toList()) {
                    Command.of("dpkg-deb", "-x", deb.toString(), root.toString())
                            .text();
                }
            }
            if (!Files.exists(where)) { // (otherwise another run of the lab has unpacked it)
                Files.move(root, where);
            }
        } finally {
            Command.of("rm", "-rf", work.toString()).text();
        }
    }
}
