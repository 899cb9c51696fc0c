package dev.longitude.mutate;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import tla2sany.st.Location;

/**
 * The specification with one place changed.
 *
 * @param module the module's name
 * @param operator the operator in it
 * @param mutation what was changed
 * @param place where
 * @param before the text there
 * @param after what takes its place
 * @param weaker whether what is true of the operator is true of the mutant: an invariant's mutant then holds wherever the
 *     invariant does
 * @param key a hash of the module's name, of the operator's whole text, of the place in it and of the new text: it is the
 *     same as long as the operator is
 */
public record Mutant(
        String module,
        String operator,
        Mutation mutation,
        Place place,
        String before,
        String after,
        boolean weaker,
        String key) {
    private static final int KEY_LENGTH = 10;

    /**
     * A part of a module's text, in lines and columns from 1; the end belongs to it.
     */
    public record Place(int beginLine, int beginColumn, int endLine, int endColumn) {
        /** By the beginning, then by the end. */
        static final Comparator<Place> ORDER = Comparator.comparingInt(Place::beginLine)
                .thenComparingInt(Place::beginColumn)
                .thenComparingInt(Place::endLine)
                .thenComparingInt(Place::endColumn);

        static Place of(Location at) {
            return new Place(at.beginLine(), at.beginColumn(), at.endLine(), at.endColumn());
        }

        boolean contains(Place other) {
            return (beginLine < other.beginLine || (beginLine == other.beginLine && beginColumn <= other.beginColumn))
                    && (endLine > other.endLine || (endLine == other.endLine && endColumn >= other.endColumn));
        }
    }

    /** A mutant of an operator. */
    static Mutant of(
            ModuleText text,
            String operator,
            Place whole,
            Mutation mutation,
            Place place,
            String after,
            boolean weaker) {
        String key = Hashing.sha256()
                .hashString(
                        String.join(
                                "\0",
                                text.name(),
                                text.of(whole),
                                Integer.toString(place.beginLine - whole.beginLine),
                                Integer.toString(place.beginColumn),
                                Integer.toString(place.endLine - whole.beginLine),
                                Integer.toString(place.endColumn),
                                after),
                        StandardCharsets.UTF_8)
                .toString()
                .substring(0, KEY_LENGTH);
        return new Mutant(text.name(), operator, mutation, place, text.of(place), after, weaker, key);
    }

    /** The text before, or after, on one line. */
    static String inOneLine(String text) {
        return text.replaceAll("\\\\\\*[^\n]*", " ").replaceAll("\\s+", " ").strip();
    }

    /** For a reader: where and what. */
    @Override
    public String toString() {
        return module + ".tla:" + place.beginLine + " " + operator + ": " + mutation + ": " + inOneLine(before) + " -> "
                + inOneLine(after);
    }
}
