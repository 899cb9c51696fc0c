package dev.longitude.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A table for a terminal or a log: columns as wide as their widest cell, but cells wrap where a row would be too long. */
final class Table {
    /** The columns of a terminal. */
    private static final int WIDTH = 80;

    private static final String GAP = "  ";

    private final List<String[]> rows = new ArrayList<>();

    Table(String... headings) {
        rows.add(headings);
    }

    void row(String... cells) {
        rows.add(cells);
    }

    /** The table with each row on one line, however long. */
    String unwrapped() {
        return text(natural());
    }

    @Override
    public String toString() {
        int[] natural = natural();
        int room = WIDTH - GAP.length() * (natural.length - 1);
        int cap = Arrays.stream(natural).max().orElse(0);
        while (cap > 1 && capped(natural, cap) > room) {
            cap--;
        }
        int[] widths = new int[natural.length];
        int spare = room - capped(natural, cap);
        for (int i = 0; i < widths.length; i++) {
            int more = natural[i] > cap && spare > 0 ? Math.min(spare, natural[i] - cap) : 0;
            widths[i] = Math.min(natural[i], cap) + more;
            spare -= more;
        }
        return text(widths);
    }

    private int[] natural() {
        return IntStream.range(0, rows.get(0).length)
                .map(i -> rows.stream().mapToInt(r -> r[i].length()).max().orElse(0))
                .toArray();
    }

    private static int capped(int[] widths, int cap) {
        return Arrays.stream(widths).map(w -> Math.min(w, cap)).sum();
    }

    private String text(int[] widths) {
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
        }
        return text.toString();
    }

    /** The lines of a cell, broken at spaces, otherwise after a mark that separates words, otherwise anywhere. */
    private static List<String> wrapped(String cell, int width) {
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
