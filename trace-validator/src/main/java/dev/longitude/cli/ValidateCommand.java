package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.TraceFormatException;
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

/** {@code longitude validate FILE...}. */
@Command(
        name = "validate",
        description = "Replay traces or recordings against the specification.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A FILE is a trace that `longitude simulate` wrote, or an ioctl log (NAME.jsonl; NAME.ftrace.txt and"
                    + " host.txt beside it are used)."
        })
final class ValidateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "Judge by this kernel, not by the one that the file names.")
    private @Nullable KernelProfile kernel;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "What to validate.")
    private List<Path> files = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        int worst = ExitCode.HOLDS;
        for (Path file : files) {
            try {
                Verdict verdict = TraceFiles.validate(file, kernel);
                spec.commandLine().getOut().println(verdict.text());
                worst = Math.max(worst, verdict.conforms() ? ExitCode.HOLDS : ExitCode.VIOLATED);
            } catch (TraceFormatException e) {
                spec.commandLine().getErr().println(e.getMessage());
                worst = ExitCode.UNUSABLE;
            }
        }
        return worst;
    }
}
