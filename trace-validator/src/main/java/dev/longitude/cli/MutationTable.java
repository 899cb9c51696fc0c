package dev.longitude.cli;

import dev.longitude.mutate.Judged;
import dev.longitude.mutate.Mutant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What became of mutants, module by module. */
final class MutationTable {
    private static final double HOUR = 3600;

    /** The kinds of checks, in the order in which they judge. */
    private static final List<String> KINDS =
            List.of("kernels", "steps", "scenario", "lockstep", "recording", "replay", "model", "recipe");

    /** The numbers of one module. */
    private static final class Row {
        private int mutants;
        private int judged;
        private int caught;
        private int equivalent;
        private int survive;
        private int invalid;
        private double seconds;
        private final Map<String, Integer> by = new LinkedHashMap<>();
    }

    private final Map<String, Row> rows = new LinkedHashMap<>();
    private final Row whole = new Row();

    /** Adds a mutant; {@code judged} is null if it was not judged. */
    void add(Mutant mutant, @Nullable Judged judged, boolean equivalent) {
        for (Row row : List.of(rows.computeIfAbsent(mutant.module(), m -> new Row()), whole)) {
            row.mutants++;
            if (judged == null) {
                continue;
            }
            row.judged++;
            row.seconds += judged.seconds();
            switch (judged.fate()) {
                case CAUGHT -> {
                    row.caught++;
                    row.by.merge(judged.kind(), 1, Integer::sum);
                }
                case INVALID -> row.invalid++;
                case SURVIVES -> {
                    if (equivalent) {
                        row.equivalent++;
                    } else {
                        row.survive++;
                    }
                }
            }
        }
    }

    /** As a table. */
    Table table() {
        Table table = new Table(
                "module", "mutants", "judged", "caught", "equivalent", "survive", "invalid", "hours", "caught by");
        rows.forEach((module, row) -> row(table, module, row));
        if (rows.size() > 1) {
            row(table, "all", whole);
        }
        return table;
    }

    private static void row(Table table, String name, Row row) {
        StringBuilder by = new StringBuilder();
        for (String kind : KINDS) {
            Integer count = row.by.get(kind);
            if (count != null) {
                by.append(by.isEmpty() ? "" : ", ").append(kind).append(' ').append(count);
            }
        }
        table.row(
                name,
                Integer.toString(row.mutants),
                Integer.toString(row.judged),
                Integer.toString(row.caught),
                Integer.toString(row.equivalent),
                Integer.toString(row.survive),
                Integer.toString(row.invalid),
                String.format(Locale.ROOT, "%.2f", row.seconds / HOUR),
                by.toString());
    }

    /** What is not judged, and how long that would take if each takes as long as those of its module did. */
    String remaining() {
        int open = whole.mutants - whole.judged;
        double seconds = 0;
        for (Row row : rows.values()) {
            Row like = row.judged > 0 ? row : whole;
            seconds += like.judged == 0 ? 0 : (row.mutants - row.judged) * like.seconds / like.judged;
        }
        return open == 0
                ? "Every mutant is judged."
                : open + " mutants are not judged; at the pace of the others they would take "
                        + String.format(Locale.ROOT, "%.1f", seconds / HOUR) + " hours of one job.";
    }
}
