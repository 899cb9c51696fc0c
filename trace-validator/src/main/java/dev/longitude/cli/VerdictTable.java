package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Judges the logs of a folder, and prints one row for each: its verdict, and the properties that are not kept. */
final class VerdictTable {
    private final ResultOptions results;
    private final Path folder;
    private final @Nullable KernelProfile kernel;
    private final Table table = new Table("log", "events", "verdict", "not kept");

    /** A table of a folder's logs that judges by this kernel; null: by that of each log's host. */
    VerdictTable(ResultOptions results, Path folder, @Nullable KernelProfile kernel) {
        this.results = results;
        this.folder = folder;
        this.kernel = kernel;
    }

    /** Judges these logs and prints the table, then why a log does not conform. Returns the exit code of all. */
    int print(List<Path> logs) throws IOException, InterruptedException {
        if (logs.isEmpty()) {
            String why = "no log was written: this KVM may lack what the sequences need";
            results.faults().println(folder + ": " + why);
            results.add(CaseResult.of("log", folder.toString(), Status.UNUSABLE, "conforms", why));
        }
        List<FileAnswer> faults = new ArrayList<>();
        for (Path log : logs) {
            FileAnswer answer = FileAnswer.of(log, () -> judge(log));
            results.add(answer.result(), answer.json());
            if (answer.result().status().isFault()) {
                faults.add(answer);
            }
            if (answer.result().status() == Status.UNUSABLE) {
                table.row(folder.relativize(log).toString(), "", "unusable", "");
            }
        }
        results.text().print(table);
        faults.forEach(f -> results.faults().println(f.text()));
        return results.finish(new Summary("log", "logs", "conform", "refused"));
    }

    private FileAnswer judge(Path log) throws TraceFormatException, IOException {
        Verdict verdict = new InputFile(log, kernel).validate();
        table.row(
                folder.relativize(log).toString(),
                String.valueOf(verdict.events()),
                verdict.name()
                        + (verdict.conforms() ? " to " : " under ")
                        + verdict.header().kernel(),
                notKept(verdict));
        return new FileAnswer(VerdictResult.of(log, verdict, List.of()), VerdictJson.of(verdict), verdict.text());
    }

    private static String notKept(Verdict verdict) {
        return verdict.properties().entrySet().stream()
                .filter(p -> p.getValue() == PropertyVerdict.NOT_KEPT)
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(" "));
    }
}
