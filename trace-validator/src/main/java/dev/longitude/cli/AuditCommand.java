package dev.longitude.cli;

import dev.longitude.audit.Audit;
import dev.longitude.audit.AuditReport;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.VmmLog;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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

    @Override
    public Integer call() {
        int code = ExitCode.HOLDS;
        List<VmmLog> logs = new ArrayList<>();
        for (Path file : files) {
            try {
                logs.add(VmmLog.read(file, kernel));
            } catch (TraceFormatException e) {
                spec.commandLine().getErr().println(e.getMessage());
                code = ExitCode.UNUSABLE;
            } catch (IOException e) {
                spec.commandLine().getErr().println(file + ": cannot be read: " + e);
                code = ExitCode.UNUSABLE;
            }
        }
        for (VmmLog log : logs) {
            try {
                AuditReport report = Audit.of(log, new InputFile(log.file(), null).validate(), logs);
                spec.commandLine().getOut().println(report.text());
                code = ExitCode.ofBoth(
                        code,
                        !report.findings().isEmpty()
                                ? ExitCode.VIOLATED
                                : report.undecidable().isEmpty() ? ExitCode.HOLDS : ExitCode.UNDECIDED);
            } catch (TraceFormatException e) {
                spec.commandLine().getErr().println(e.getMessage());
                code = ExitCode.UNUSABLE;
            } catch (IOException e) {
                spec.commandLine().getErr().println(log.file() + ": cannot be read: " + e);
                code = ExitCode.UNUSABLE;
            }
        }
        return code;
    }
}
