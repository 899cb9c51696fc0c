package dev.longitude.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Column;

/** A table for a terminal or a log: columns as wide as their widest cell. */
final class Table {
    private final List<String[]> rows = new ArrayList<>();

    Table(String... headings) {
        rows.add(headings);
    }

    void row(String... cells) {
        rows.add(cells);
    }

    @Override
    public String toString() {
        Column[] columns = IntStream.range(0, rows.get(0).length)
                .mapToObj(i -> new Column(
                        rows.stream().mapToInt(r -> r[i].length()).max().orElse(0) + 2, 0, Column.Overflow.SPAN))
                .toArray(Column[]::new);
        Help.TextTable table = Help.TextTable.forColumns(Help.defaultColorScheme(Help.Ansi.OFF), columns);
        rows.forEach(table::addRowValues);
        return table.toString();
    }
}
