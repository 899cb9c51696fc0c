package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of a module.
 *
 * @param name the module's name
 * @param lines its lines
 */
record ModuleText(String name, ImmutableList<String> lines) {
    /** The text of a bundled module. */
    static ModuleText of(String name) throws IOException {
        return new ModuleText(
                name,
                ImmutableList.copyOf(
                        Resources.readLines(Resources.getResource(ModuleText.class, "/spec/" + name + ".tla"), UTF_8)));
    }

    /** A part of it. */
    String of(Mutant.Place at) {
        if (at.beginLine() == at.endLine()) {
            return line(at.beginLine()).substring(at.beginColumn() - 1, at.endColumn());
        }
        StringBuilder text = new StringBuilder(line(at.beginLine()).substring(at.beginColumn() - 1));
        for (int i = at.beginLine() + 1; i < at.endLine(); i++) {
            text.append('\n').append(line(i));
        }
        return text.append('\n').append(line(at.endLine()), 0, at.endColumn()).toString();
    }

    private String line(int number) {
        return lines.get(number - 1);
    }

    /**
     * The whole text with another part at a place. In TLA+ the column of a bullet counts: what follows on the same line
     * goes to a line of its own, in its old column.
     */
    String with(Mutant.Place at, String part) {
        return String.join("\n", edited(at, part).lines) + "\n";
    }

    /** The same as a text in which what stood before the place has not moved. */
    ModuleText edited(Mutant.Place at, String part) {
        List<String> all = new ArrayList<>(lines.subList(0, at.beginLine() - 1));
        (line(at.beginLine()).substring(0, at.beginColumn() - 1) + part).lines().forEach(all::add);
        if (hasRest(at)) {
            all.add(" ".repeat(at.endColumn()) + line(at.endLine()).substring(at.endColumn()));
        }
        all.addAll(lines.subList(at.endLine(), lines.size()));
        return new ModuleText(name, ImmutableList.copyOf(all));
    }

    /** Whether something follows a place on the line of its end. */
    boolean hasRest(Mutant.Place at) {
        return !line(at.endLine()).substring(at.endColumn()).isBlank();
    }

    /** A part behind something that is put before it on its first line: its other lines move too. */
    static String behind(String prefix, String part) {
        return prefix + part.replace("\n", "\n" + " ".repeat(prefix.length()));
    }
}
