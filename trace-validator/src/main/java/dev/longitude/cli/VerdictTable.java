package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.lab.TestOutcome;
import dev.longitude.processes.ShellWord;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Judges the logs of a folder, and prints one row for each: its verdict, and the properties that are not kept. */
final class VerdictTable {
    private final ResultOptions results;
    private final Path folder;
    private final @Nullable KernelProfile kernel;
    private final Map<String, TestOutcome> tests = new LinkedHashMap<>();
    private final Table table;

    /**
     * A table of a folder's logs that judges by this kernel; null: by that of each log's host.
     *
     * @param tests whose logs these are, each in a folder of the test's name; none: of no tests
     */
    VerdictTable(ResultOptions results, Path folder, @Nullable KernelProfile kernel, List<TestOutcome> tests) {
        this.results = results;
        this.folder = folder;
        this.kernel = kernel;
        tests.forEach(t -> this.tests.put(t.name(), t));
        this.table = tests.isEmpty()
                ? new Table("log", "events", "verdict", "not kept")
                : new Table("log", "test", "events", "verdict", "not kept");
    }

    /** Judges these logs and prints the table, then why a log does not conform: of an undecided one only the reason. Returns the exit code of all. */
    int print(List<Path> logs) throws IOException, InterruptedException {
        if (logs.isEmpty()) {
            String why = "no log was written: this KVM may lack what the sequences need";
            results.faults().println(folder + ": " + why);
            results.add(CaseResult.of("log", folder.toString(), Status.UNUSABLE, "conforms", why));
        }
        List<FileAnswer> faults = new ArrayList<>();
        Path undecided = null;
        for (Path log : logs) {
            FileAnswer answer = FileAnswer.of(log, () -> judge(log));
            TestOutcome test = test(log);
            if (test != null
                    && test.kind() == TestOutcome.Kind.SKIPPED
                    && answer.result().status() == Status.UNUSABLE) {
                continue; // (It did nothing.)
            }
            results.add(answer.result(), answer.json());
            if (answer.result().status().isFault()) {
                faults.add(answer);
            }
            if (undecided == null && answer.result().status() == Status.UNDECIDED) {
                undecided = log;
            }
            if (answer.result().status() == Status.UNUSABLE) {
                row(log, "", "unusable", "");
            }
        }
        tests.values().stream()
                .filter(t -> logs.stream().noneMatch(l -> t.equals(test(l))))
                .forEach(t -> table.row("", t.name() + " " + t.kind(), "", "", ""));
        results.text().print(table);
        faults.forEach(
                f -> results.faults().println(f.result().status() == Status.UNDECIDED ? first(f.text()) : f.text()));
        if (undecided != null) {
            results.text().println("How far a log was judged: longitude validate " + ShellWord.of(undecided));
        }
        tests.values().forEach(this::add);
        return results.finish(
                tests.isEmpty()
                        ? new Summary("log", "logs", "conform", "refused")
                        : new Summary("log or test", "logs and tests", "conform or passed", "refused"));
    }

    /** A test that fails says that something is wrong, but not that the kernel is: it may be the emulation's slowness. */
    private void add(TestOutcome test) {
        Status status = switch (test.kind()) {
            case PASSED -> Status.HOLDS;
            case SKIPPED -> Status.DOES_NOT_APPLY;
            case FAILED, NOT_BUILT -> Status.UNDECIDED;
        };
        results.add(CaseResult.of("selftest", test.name(), status, "passes", test.why()));
        if (status != Status.HOLDS) {
            (status.isFault() ? results.faults() : results.text())
                    .println(
                            test.name() + ": " + test.kind() + ": " + test.why().replace("\n", "\n  "));
        }
    }

    private @Nullable TestOutcome test(Path log) {
        Path below = folder.relativize(log).getParent();
        return below == null ? null : tests.get(below.toString());
    }

    private void row(Path log, String events, String verdict, String notKept) {
        TestOutcome test = test(log);
        if (tests.isEmpty()) {
            table.row(folder.relativize(log).toString(), events, verdict, notKept);
        } else {
            String of = test == null ? "" : test.kind().toString();
            table.row(folder.relativize(log).toString(), of, events, verdict, notKept);
        }
    }

    private FileAnswer judge(Path log) throws TraceFormatException, IOException {
        Verdict verdict = new InputFile(log, kernel).validate();
        row(
                log,
                String.valueOf(verdict.events()),
                verdict.name()
                        + (verdict.conforms() ? " to " : " under ")
                        + verdict.header().kernel(),
                notKept(verdict));
        return new FileAnswer(VerdictResult.of(log, verdict, List.of()), () -> VerdictJson.of(verdict), verdict.text());
    }

    private static String first(String text) {
        return text.lines().findFirst().orElse("");
    }

    private static String notKept(Verdict verdict) {
        return verdict.properties().entrySet().stream()
                .filter(p -> p.getValue() == PropertyVerdict.NOT_KEPT)
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(" "));
    }
}
