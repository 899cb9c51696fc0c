package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.UndecidedException;
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
        /** Stock TLC, in a process of its own: slow, and says only where; where instants are open, at those that ours found. */
        TLC
    }

    @Option(
            names = "--engine",
            defaultValue = "OWN",
            description = "What replays: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). TLC, stock, says where"
                    + " and not why; where a log leaves an instant open, it takes the one that OWN found.")
    private Engine engine = Engine.OWN;

    @Option(
            names = "--witness",
            paramLabel = "DIR",
            description =
                    "If FILE conforms, write a behaviour that it is of to DIR, as TLA+ modules that TLC confirms.")
    private @Nullable Path witness;

    @Option(names = "--json", description = "Print a JSON object for each FILE, one a line.")
    private boolean json;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "What to validate.")
    private List<Path> files = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (json && engine == Engine.TLC) {
            throw new ParameterException(spec.commandLine(), "--json is for our own engine: TLC does not say why");
        }
        if (witness != null
                && (files.size() > 1 || engine == Engine.TLC || files.contains(LineSource.STANDARD_INPUT))) {
            throw new ParameterException(
                    spec.commandLine(), "--witness is for our own engine and one FILE that can be read twice");
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
                    if (conforms && witness != null) {
                        write(file, witness);
                    }
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

    private void write(Path file, Path folder) throws TraceFormatException, IOException {
        TlcReplay.Trace behaviour;
        try {
            behaviour = TraceFiles.witness(file, kernel).behaviour();
        } catch (UndecidedException e) {
            throw new IllegalStateException(e);
        }
        for (String module : TlcReplay.write(behaviour, folder)) {
            spec.commandLine()
                    .getOut()
                    .println("Written: " + folder.resolve(module + ".tla")
                            + ". TLC confirms it by a violation of NotAllTaken: (cd " + folder + " && java -cp "
                            + System.getProperty("java.class.path") + " tlc2.TLC " + module + ")");
        }
    }

    /** Whether TLC takes the trace. */
    private boolean replay(TlcReplay.Trace read, Path file)
            throws TraceFormatException, IOException, InterruptedException {
        TlcReplay.Trace trace = read;
        PrintWriter out = spec.commandLine().getOut();
        String found = "";
        if (!TlcReplay.canReplay(trace)) {
            try {
                TraceFiles.Witnessed witnessed = TraceFiles.witness(file, kernel);
                if (witnessed.refusal() != null) {
                    out.println(witnessed.refusal().explain(file.toString())
                            + "\n  (by our own engine: TLC cannot search for what is not known)");
                    return false;
                }
                trace = witnessed.behaviour();
            } catch (UndecidedException e) {
                out.println(file + ": undecided: " + e.getMessage());
                return false;
            }
            found = ", with what our own engine found";
        }
        OptionalInt refused = TlcReplay.firstRefused(List.of(trace)).get(0);
        if (refused.isEmpty()) {
            out.println(file + ": conforms to " + trace.header().kernel() + ", by TLC: "
                    + trace.events().size() + " events" + found);
        } else {
            TraceEvent event = trace.events().get(refused.getAsInt());
            out.println(file + ":" + event.line() + ": refused, by TLC: event " + (refused.getAsInt() + 1) + ", "
                    + event.call() + ", under " + trace.header().kernel());
        }
        return refused.isEmpty();
    }
}
