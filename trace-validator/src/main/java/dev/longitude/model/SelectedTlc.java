package dev.longitude.model;

import static java.util.Objects.requireNonNull;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tlc2.TLCGlobals;

/**
 * The TLC that runs models: the bundled one, or what {@code -Dtla2tools=PATH[:PATH...]} names instead. The validator's own
 * engine always evaluates with the bundled one.
 */
public final class SelectedTlc {
    private static final String PROPERTY = "tla2tools";
    private static final String MAIN = "tlc2/TLC.class";

    /** TLC looks for operators in Java in a class of exactly this name, the first on the class path. */
    static final String OVERRIDES = "tlc2/overrides/TLCOverrides.class";

    private static final String LEVEL_MODULE = "FirstLevel";
    private static final String LEVEL_TEXT = """
            ---- MODULE FirstLevel ----
            EXTENDS Naturals, TLC
            VARIABLE x
            Init == x = 0
            Next == x < 1 /\\ x' = x + 1
            Shown == PrintT(<<"level", x, TLCGet("level")>>)
            ====
            """;
    private static final String LEVEL_CONFIG = "INIT Init\nNEXT Next\nINVARIANT Shown\nCHECK_DEADLOCK FALSE\n";
    private static final Pattern LEVEL = Pattern.compile("<<\"level\", ([01]), (\\d+)>>");

    private static final int NOT_MEASURED = -1;
    private static final AtomicInteger FIRST_LEVEL = new AtomicInteger(NOT_MEASURED);

    private SelectedTlc() {}

    /** Whether it is the bundled one. */
    public static boolean isBundled() {
        return named() == null;
    }

    /** What {@code -Dtla2tools} names; null if it is not given. */
    static @Nullable String named() {
        return System.getProperty(PROPERTY);
    }

    /** Why what {@code -Dtla2tools} names cannot be used; empty if it can, or is not given. */
    public static Optional<String> fault() {
        String named = named();
        return named == null ? Optional.empty() : fault(named).map(f -> "-D" + PROPERTY + "=" + named + ": " + f);
    }

    static Optional<String> fault(String named) {
        boolean hasMain = false;
        for (String part : parts(named)) {
            File file = new File(part);
            if (!file.isAbsolute()) {
                return Optional.of("expected an absolute path: TLC runs in a folder of its own");
            }
            if (!file.isFile()) {
                return Optional.of("no such file");
            }
            try {
                hasMain |= holds(file, MAIN);
            } catch (IOException e) {
                return Optional.of("no jar: " + e.getMessage());
            }
        }
        return hasMain ? Optional.empty() : Optional.of("holds no TLC (tlc2.TLC)");
    }

    private static ImmutableList<String> parts(String classPath) {
        return ImmutableList.copyOf(Splitter.on(File.pathSeparatorChar).split(classPath));
    }

    private static boolean holds(File jar, String entry) throws IOException {
        try (JarFile file = new JarFile(jar)) {
            return file.getEntry(entry) != null;
        }
    }

    /** What a user of it should know. */
    public static ImmutableList<String> notices() throws IOException {
        ImmutableList.Builder<String> notices = ImmutableList.builder();
        String named = named();
        if (named != null) {
            for (String part : parts(named)) {
                if (holds(new File(part), OVERRIDES)) {
                    notices.add(part + " brings operators in Java of its own (tlc2.overrides.TLCOverrides);"
                            + " replays of traces use Longitude's instead.");
                }
            }
        }
        return notices.build();
    }

    /** TLC's version, or where it is. */
    public static String version() {
        String named = named();
        return named == null ? TLCGlobals.versionOfTLC : named;
    }

    /**
     * Its class path: this program's own jar, or what {@code -Dtla2tools} names.
     *
     * @throws IllegalStateException if that cannot be used: the bundled one is never taken in its name
     */
    static String classPath() {
        fault().ifPresent(f -> {
            throw new IllegalStateException(f);
        });
        String named = named();
        if (named != null) {
            return named;
        }
        try {
            return new File(tlc2.TLC
                            .class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .getPath();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * What {@code TLCGet("level")} is in an initial state: 0 in the bundled TLC and 1 in newer ones. Another TLC is asked
     * once.
     *
     * @throws IOException if it does not answer
     */
    public static int firstLevel() throws IOException, InterruptedException {
        if (isBundled()) {
            return 0;
        }
        int known = FIRST_LEVEL.get();
        if (known == NOT_MEASURED) {
            known = measuredFirstLevel();
            FIRST_LEVEL.set(known);
        }
        return known;
    }

    /** The same, from a run of TLC. */
    static int measuredFirstLevel() throws IOException, InterruptedException {
        TlcOutput output = Tlc.run(LEVEL_MODULE, LEVEL_TEXT, LEVEL_CONFIG, Tlc.ONE_WORKER);
        Integer[] levels = new Integer[2];
        for (String line : output.printed()) {
            Matcher level = LEVEL.matcher(line);
            if (level.matches()) {
                levels[Integer.parseInt(level.group(1))] = Integer.valueOf(level.group(2));
            }
        }
        Integer first = levels[0];
        Integer second = levels[1];
        if (first == null || second == null || second != first + 1) {
            throw new IOException(
                    "TLC " + version() + " does not count levels: " + output.printed() + output.trouble());
        }
        return first;
    }

    /** Longitude's operators in Java, put where they come before TLC's own. */
    static Path overridesIn(Path folder) throws IOException {
        Path copy = folder.resolve(OVERRIDES);
        Files.createDirectories(requireNonNull(copy.getParent()));
        try (InputStream in = SelectedTlc.class.getResourceAsStream("/" + OVERRIDES)) {
            Files.copy(requireNonNull(in), copy);
        }
        return folder;
    }
}
