package dev.longitude.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A table for a terminal or a log: columns as wide as their widest cell, but cells wrap between words where a row would
 * be too long. The last columns that do not even fit so stand beneath each row, each with its heading.
 */
final class Table {
    /** A column that wraps has at least this part of the line: text in a narrower one cannot be read. */
    private static final int LEAST_PART = 4;

    private static final String GAP = "  ";
    private static final String BENEATH = "    ";

    private final List<String[]> rows = new ArrayList<>();

    Table(String... headings) {
        rows.add(headings);
    }

    void row(String... cells) {
        rows.add(cells);
    }

    /** The table with each row on one line, however long. */
    String unwrapped() {
        return text(natural(), 0);
    }

    @Override
    public String toString() {
        return toString(Terminal.columns());
    }

    /** The table in lines of at most so many characters. */
    String toString(int columns) {
        int[] natural = natural();
        int[] least = IntStream.range(0, natural.length)
                .map(i -> Math.min(natural[i], Math.max(longestWord(i), columns / LEAST_PART)))
                .toArray();
        int shown = natural.length;
        while (shown > 1 && sum(least, shown) + GAP.length() * (shown - 1) > columns) {
            shown--;
        }
        return text(widths(natural, least, shown, columns - GAP.length() * (shown - 1)), columns);
    }

    /** The first columns' widths: each at least what it needs; those that need more than the others share what is left. */
    private static int[] widths(int[] natural, int[] least, int shown, int room) {
        int[] widths = Arrays.copyOf(least, shown);
        for (int spare = room - sum(widths, shown); spare > 0; spare--) {
            int narrowest = IntStream.range(0, shown)
                    .filter(i -> widths[i] < natural[i])
                    .reduce(-1, (a, b) -> a >= 0 && widths[a] <= widths[b] ? a : b);
            if (narrowest < 0) {
                break;
            }
            widths[narrowest]++;
        }
        if (shown == 1) {
            widths[0] = Math.min(widths[0], room);
        }
        return widths;
    }

    private int[] natural() {
        return IntStream.range(0, rows.get(0).length)
                .map(i -> rows.stream().mapToInt(r -> r[i].length()).max().orElse(0))
                .toArray();
    }

    private int longestWord(int column) {
        return rows.stream()
                .flatMap(row -> Arrays.stream(row[column].split("(?<=[/\\-,@_])|\\s+")))
                .mapToInt(String::length)
                .max()
                .orElse(0);
    }

    private static int sum(int[] widths, int shown) {
        return Arrays.stream(widths).limit(shown).sum();
    }

    private String text(int[] widths, int columns) {
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            List<List<String>> cells = IntStream.range(0, widths.length)
                    .mapToObj(i -> wrapped(row[i], Math.max(1, widths[i])))
                    .toList();
            int lines = cells.stream().mapToInt(List::size).max().orElse(1);
            for (int line = 0; line < lines; line++) {
                StringBuilder out = new StringBuilder();
                for (int i = 0; i < widths.length; i++) {
                    String part = line < cells.get(i).size() ? cells.get(i).get(line) : "";
                    out.append(part)
                            .append(" ".repeat(Math.max(0, widths[i] - part.length())))
                            .append(GAP);
                }
                text.append(out.toString().stripTrailing()).append('\n');
            }
            if (row != rows.get(0)) {
                beneath(row, widths.length, columns, text);
            }
        }
        return text.toString();
    }

    /** What stands beneath a row: the other columns' cells that are not empty, as many on a line as it has room for. */
    private void beneath(String[] row, int from, int columns, StringBuilder text) {
        int room = columns - BENEATH.length();
        String line = "";
        for (int i = from; i < row.length; i++) {
            if (row[i].isEmpty()) {
                continue;
            }
            String heading = rows.get(0)[i];
            String next = heading.isEmpty() ? row[i] : heading + ": " + row[i];
            if (line.length() + GAP.length() + next.length() <= room && !line.isEmpty()) {
                line += GAP + next;
            } else {
                lines(line, room, text);
                line = next;
            }
        }
        lines(line, room, text);
    }

    private static void lines(String cells, int room, StringBuilder text) {
        if (!cells.isEmpty()) {
            wrapped(cells, room)
                    .forEach(line -> text.append(BENEATH).append(line).append('\n'));
        }
    }

    /** The lines of a cell, broken at spaces, otherwise after a mark that separates words, otherwise anywhere. */
    static List<String> wrapped(String cell, int width) {
        List<String> lines = new ArrayList<>();
        String rest = cell;
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            int end = space > 0 ? space : afterMark(rest, width);
            lines.add(rest.substring(0, end).stripTrailing());
            rest = rest.substring(end).stripLeading();
        }
        lines.add(rest);
        return lines;
    }

    private static int afterMark(String text, int width) {
        for (int i = width; i > 1; i--) {
            if ("/-,@_".indexOf(text.charAt(i - 1)) >= 0) {
                return i;
            }
        }
        return width;
    }
}
