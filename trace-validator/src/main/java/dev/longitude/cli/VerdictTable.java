package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Judges the logs of a folder, and prints one row for each: its verdict, and the properties that are not kept. */
final class VerdictTable {
    private final PrintWriter out;
    private final Path folder;
    private final @Nullable KernelProfile kernel;
    private final Table table = new Table("log", "events", "verdict", "not kept");
    private final List<String> explanations = new ArrayList<>();
    private int code = ExitCode.HOLDS;
    private int conforming;
    private int logs;

    /** A table of a folder's logs that judges by this kernel; null: by that of each log's host. */
    VerdictTable(PrintWriter out, Path folder, @Nullable KernelProfile kernel) {
        this.out = out;
        this.folder = folder;
        this.kernel = kernel;
    }

    /** Judges these logs and prints the table, then why a log does not conform. Returns the exit code of all. */
    int print(List<Path> files) {
        files.forEach(this::judge);
        out.print(table);
        explanations.forEach(out::println);
        out.println(
                conforming == logs ? "All " + logs + " logs conform." : conforming + " of " + logs + " logs conform.");
        return code;
    }

    private void judge(Path file) {
        logs++;
        String name = folder.relativize(file).toString();
        try {
            Verdict verdict = new InputFile(file, kernel).validate();
            conforming += verdict.conforms() ? 1 : 0;
            code = ExitCode.ofBoth(code, ExitCode.of(verdict));
            table.row(
                    name,
                    String.valueOf(verdict.events()),
                    verdict.name()
                            + (verdict.conforms() ? " to " : " under ")
                            + verdict.header().kernel(),
                    notKept(verdict));
            if (!verdict.conforms()) {
                explanations.add(verdict.text());
            }
        } catch (TraceFormatException | IOException e) {
            code = ExitCode.ofBoth(code, ExitCode.UNUSABLE);
            table.row(name, "", "unusable", "");
            explanations.add(e instanceof TraceFormatException ? e.getMessage() : file + ": " + e);
        }
    }

    private static String notKept(Verdict verdict) {
        return verdict.properties().entrySet().stream()
                .filter(p -> p.getValue() == PropertyVerdict.NOT_KEPT)
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(" "));
    }
}
