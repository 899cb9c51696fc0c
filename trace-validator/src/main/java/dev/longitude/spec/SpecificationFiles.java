package dev.longitude.spec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.Resources;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tla2sany.st.Location;
import util.FilenameToStream;

/**
 * Finds the bundled modules: the specification's own and TLA+'s standard ones. TLC's own resolver unpacks the standard
 * ones to one shared folder under fixed names, where processes interfere; this one has a folder of its own.
 */
public final class SpecificationFiles implements FilenameToStream {
    /** A cache of the lines of modules. */
    private static final Map<String, ImmutableList<String>> LINES = new ConcurrentHashMap<>();

    private final Path folder;
    private final ImmutableMap<String, String> replaced;

    /** Unpacks into {@code folder}, which must exist. */
    public SpecificationFiles(Path folder) {
        this(folder, ImmutableMap.of());
    }

    /**
     * The same with other texts for some modules.
     *
     * @param replaced their texts, by name
     */
    public SpecificationFiles(Path folder, ImmutableMap<String, String> replaced) {
        this.folder = folder;
        this.replaced = replaced;
    }

    @Override
    public File resolve(String name, boolean isModule) {
        String file = isModule && !name.endsWith(".tla") ? name + ".tla" : name;
        Path target = folder.resolve(file);
        String other = replaced.get(file.replaceFirst("\\.tla$", ""));
        if (other != null && !Files.exists(target)) {
            write(target, other);
        }
        if (!Files.exists(target) && !unpack("/spec/" + file, target)) {
            unpack(standard(file), target);
        }
        return target.toFile();
    }

    private static void write(Path target, String text) {
        try {
            Files.writeString(target, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String standard(String file) {
        return "/tla2sany/StandardModules/" + file;
    }

    private static boolean unpack(String resource, Path target) {
        try (@Nullable InputStream in = SpecificationFiles.class.getResourceAsStream(resource)) {
            if (in == null) {
                return false;
            }
            Files.createDirectories(target.getParent());
            Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A line of a module of the specification, from 1, without the text before the conjunct. */
    public static String line(String file, int number) {
        return whole(file, number).strip().replaceFirst("^(?:IN +)?/\\\\ +", "");
    }

    /** The text at a location; empty if that is more than one line. */
    public static String text(Location at) {
        return at.beginLine() == at.endLine()
                ? whole(at.source() + ".tla", at.beginLine()).substring(at.beginColumn() - 1, at.endColumn())
                : "";
    }

    private static String whole(String file, int number) {
        return LINES.computeIfAbsent(file, SpecificationFiles::lines).get(number - 1);
    }

    private static ImmutableList<String> lines(String file) {
        try {
            return ImmutableList.copyOf(
                    Resources.readLines(Resources.getResource(SpecificationFiles.class, "/spec/" + file), UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String getFullPath() {
        return folder.toString();
    }

    @Override
    public boolean isStandardModule(String moduleName) {
        return SpecificationFiles.class.getResource(standard(moduleName + ".tla")) != null;
    }
}
