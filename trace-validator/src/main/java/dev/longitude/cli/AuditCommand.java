package dev.longitude.cli;

import dev.longitude.audit.Audit;
import dev.longitude.audit.AuditReport;
import dev.longitude.audit.Finding;
import dev.longitude.audit.Undecidable;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.VmmLog;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Location;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude audit FILE...}: a VMM's order, against what a guest may count on. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = "Look for what a guest can notice in the order in which a VMM saves and restores its clocks.",
        footer = {
            "",
            "Exit codes: 0 nothing found; 1 findings; 2 unusable input; 3 a finding depends on what the recording does"
                    + " not show. For several FILEs: the first of 2, 1, 3, 0 that one of them has."
        })
final class AuditCommand implements Callable<Integer> {
    private static final String SUITE = "audit";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "Audit for guests of this kernel, not of the recorded one.")
    private @Nullable KernelProfile kernel;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "Ioctl logs; a restore is compared with a save in any of them.")
    private List<Path> files = new ArrayList<>();

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Override
    public Integer call() throws IOException {
        results.check();
        List<VmmLog> logs = new ArrayList<>();
        for (Path file : files) {
            try {
                logs.add(VmmLog.read(file, kernel));
            } catch (TraceFormatException e) {
                unusable(file, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                unusable(file, file + ": cannot be read: " + e);
            }
        }
        for (VmmLog log : logs) {
            try {
                Verdict verdict = new InputFile(log.file(), log.validatedBy()).validate();
                report(Audit.of(log, verdict, logs), log.file());
            } catch (TraceFormatException e) {
                unusable(log.file(), String.valueOf(e.getMessage()));
            }
        }
        return results.finish(new Summary("result", "results", "clean", "findings"));
    }

    private void unusable(Path file, String why) {
        results.add(CaseResult.of(SUITE, file.toString(), Status.UNUSABLE, SUITE, why)
                .at(Location.of(file)));
        if (!results.isJson()) {
            spec.commandLine().getErr().println(why);
        }
    }

    private void report(AuditReport report, Path file) {
        for (Finding finding : report.findings()) {
            String text = report.text(finding);
            add(finding.kind().id(), finding.lines().get(0), Status.VIOLATED, text, file, finding.lines());
            results.faults().println(text);
        }
        for (Undecidable open : report.undecidable()) {
            String text = report.text(open);
            add(open.id(), open.line(), Status.UNDECIDED, text, file, List.of(open.line()));
            results.faults().println(text);
        }
        if (report.isClean()) {
            String text = file + ": nothing found, for " + report.kernel();
            results.add(CaseResult.of(SUITE, file.toString(), Status.HOLDS, SUITE, text)
                    .at(Location.of(file)));
            results.text().println(text);
        }
    }

    private void add(String id, int line, Status status, String text, Path file, List<Integer> lines) {
        results.add(CaseResult.of(SUITE, file + ":" + line + " " + id, status, id, text)
                .at(lines.stream().map(l -> Location.of(file, l)).toArray(Location[]::new)));
    }
}
