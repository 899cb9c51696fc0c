package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code longitude validate FILE...}. */
@Command(
        name = "validate",
        description = "Replay traces or recordings against the specification.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A FILE is a trace that `longitude simulate` wrote, plain or gzip, or - for standard input; or an ioctl"
                    + " log (NAME.jsonl; NAME.ftrace.txt and host.txt beside it are used)."
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

    /** What replays a trace. */
    enum Engine {
        /** Ours, in this process: it says why, and infers instants. */
        OWN,
        /** Stock TLC, in a process of its own: slow, and says only where. */
        TLC
    }

    @Option(
            names = "--engine",
            defaultValue = "OWN",
            description =
                    "What replays: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). TLC, stock, says where and"
                            + " not why, and needs to know every instant.")
    private Engine engine = Engine.OWN;

    @Option(names = "--json", description = "Print a JSON object for each FILE, one a line.")
    private boolean json;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "What to validate.")
    private List<Path> files = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (json && engine == Engine.TLC) {
            throw new ParameterException(spec.commandLine(), "--json is for our own engine: TLC does not say why");
        }
        int worst = ExitCode.HOLDS;
        for (Path file : files) {
            try {
                boolean conforms;
                if (engine == Engine.TLC) {
                    conforms = replay(TraceFiles.read(file, kernel), file);
                } else {
                    Verdict verdict = TraceFiles.validate(file, kernel);
                    spec.commandLine().getOut().println(json ? VerdictJson.of(verdict) : verdict.text());
                    conforms = verdict.conforms();
                }
                worst = Math.max(worst, conforms ? ExitCode.HOLDS : ExitCode.VIOLATED);
            } catch (TraceFormatException e) {
                if (json) {
                    spec.commandLine().getOut().println(VerdictJson.unusable(file.toString(), e.getMessage()));
                } else {
                    spec.commandLine().getErr().println(e.getMessage());
                }
                worst = ExitCode.UNUSABLE;
            }
        }
        return worst;
    }

    /** Whether TLC takes the trace. */
    private boolean replay(TlcReplay.Trace trace, Path file)
            throws TraceFormatException, IOException, InterruptedException {
        if (!TlcReplay.canReplay(trace)) {
            throw new TraceFormatException(
                    file.toString(), "some instants are not known exactly, and TLC cannot search for them");
        }
        OptionalInt refused = TlcReplay.firstRefused(List.of(trace)).get(0);
        PrintWriter out = spec.commandLine().getOut();
        if (refused.isEmpty()) {
            out.println(file + ": conforms to " + trace.header().kernel() + ", by TLC: "
                    + trace.events().size() + " events");
        } else {
            TraceEvent event = trace.events().get(refused.getAsInt());
            out.println(file + ":" + event.line() + ": refused, by TLC: event " + (refused.getAsInt() + 1) + ", "
                    + event.call() + ", under " + trace.header().kernel());
        }
        return refused.isEmpty();
    }
}
