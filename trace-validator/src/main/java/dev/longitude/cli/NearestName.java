package dev.longitude.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** What somebody may have meant who mistyped a name. */
final class NearestName {
    private NearestName() {}

    /** Of some names, those that are near enough to what was typed, the nearest first. */
    static List<String> of(String typed, Collection<String> names) {
        return names.stream()
                .filter(name -> distance(typed, name) <= typed.length() / 3)
                .sorted(Comparator.comparingInt(name -> distance(typed, name)))
                .toList();
    }

    /** A question for the end of a message, or nothing if no name is near. */
    static String hint(String typed, Collection<String> names) {
        return of(typed, names).stream()
                .filter(near -> !near.equals(typed)) // (It exists, but not there.)
                .findFirst()
                .map(near -> ". Did you mean " + near + "?")
                .orElse("");
    }

    /** How many characters must be inserted, deleted or replaced to make one of the other (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
