package dev.longitude.mutate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.longitude.files.WholeFile;
import dev.longitude.mutate.Judged.Fate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The file of results, {@code spec/mutants.tsv}: a row for each mutant that was judged, in the order of the specification.
 * Results of mutants that no longer exist are left out when it is written.
 */
public final class MutationResults {
    private static final String HEADER =
            "key\tmodule\tline\toperator\tmutation\tbefore\tafter\tfate\tby\tseconds\tchecks";
    private static final int COLUMNS = 11;
    private static final int FATE = 7;

    private final Map<String, Row> rows = new HashMap<>();

    private record Row(Fate fate, String by, double seconds, String checks) {}

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read, or is no such file
     */
    public static MutationResults read(Path file) throws IOException {
        MutationResults results = new MutationResults();
        List<String> lines = Files.isRegularFile(file) ? Files.readAllLines(file, UTF_8) : List.of(HEADER);
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new IOException(file + ":1: this header was expected: " + HEADER.replace('\t', ' '));
        }
        for (int i = 1; i < lines.size(); i++) {
            List<String> cells = Splitter.on('\t').splitToList(lines.get(i));
            try {
                results.rows.put(
                        cells.get(0),
                        new Row(
                                Fate.valueOf(cells.get(FATE).toUpperCase(Locale.ROOT)),
                                cells.get(FATE + 1),
                                Double.parseDouble(cells.get(FATE + 2)),
                                cells.get(COLUMNS - 1)));
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new IOException(file + ":" + (i + 1) + ": no row of results: " + e.getMessage(), e);
            }
        }
        return results;
    }

    /** The result of a mutant; empty if there is none. */
    public Optional<Judged> of(Mutant mutant) {
        return Optional.ofNullable(rows.get(mutant.key()))
                .map(r -> new Judged(mutant, r.fate, r.by, "", r.seconds, r.checks));
    }

    /** Whether a result counts, with the checks as they are now. */
    public boolean counts(Mutant mutant, CheckHashes hashes) throws IOException {
        Row row = rows.get(mutant.key());
        return row != null && row.checks.equals(hashes.of(row.by));
    }

    /** Adds or replaces a result. */
    public synchronized void add(Judged judged) {
        rows.put(judged.mutant().key(), new Row(judged.fate(), judged.by(), judged.seconds(), judged.checks()));
    }

    /** Writes the results of these mutants. */
    public synchronized void write(Path file, ImmutableList<Mutant> mutants) throws IOException {
        List<String> lines = new ArrayList<>(List.of(HEADER));
        for (Mutant mutant : mutants) {
            Row row = rows.get(mutant.key());
            if (row != null) {
                lines.add(String.join(
                        "\t",
                        mutant.key(),
                        mutant.module(),
                        Integer.toString(mutant.place().beginLine()),
                        mutant.operator(),
                        mutant.mutation().toString(),
                        Mutant.inOneLine(mutant.before()),
                        Mutant.inOneLine(mutant.after()),
                        row.fate.toString(),
                        row.by,
                        String.format(Locale.ROOT, "%.1f", row.seconds),
                        row.checks));
            }
        }
        byte[] text = (String.join("\n", lines) + "\n").getBytes(UTF_8);
        WholeFile.write(file, out -> out.write(text));
    }
}
