package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.data.TraceData;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.processes.ShellWord;
import dev.longitude.replay.TlcReplay;
import dev.longitude.report.Report;
import dev.longitude.report.Subject;
import dev.longitude.report.TraceSubject;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Location;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import dev.longitude.spec.Specification;
import dev.longitude.trace.LineSource;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.validator.PropertyVerdict;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.UndecidedException;
import dev.longitude.verdict.InputFile;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
                    + " log (NAME.jsonl; NAME.ftrace.txt and host.txt beside it are used).",
            "",
            "Or it is what strace -f -y, perf trace -e ioctl, QEMU's -trace 'kvm_*ioctl', ftrace or perf script printed: these"
                    + " show less than a log, and never conform (trace-validator/FORMATS.md).",
            "",
            "Exit codes: 0 conforms; 1 refused, or a required property is not kept; 2 unusable FILE or usage, or output that"
                    + " cannot be written; 3 undecided, or a required property may not be kept. For several FILEs: the first"
                    + " of 2, 1, 3, 0 that one of them has."
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

    /** The engine that replays a trace. */
    enum Engine {
        /** Ours, in this process: it explains a refusal, and infers instants. */
        OWN,
        /**
         * Stock TLC, in a process of its own: slow, and reports only where it refuses. Unknown instants are those that
         * ours found.
         */
        TLC
    }

    @Option(
            names = "--engine",
            defaultValue = "OWN",
            description =
                    "The engine: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). TLC, stock, reports where a trace is"
                            + " refused, but not why; an unknown instant has the value that OWN found.")
    private Engine engine = Engine.OWN;

    @Option(
            names = "--witness",
            paramLabel = "DIR",
            description =
                    "If FILE conforms, write a behaviour that matches it to DIR, as a trace, with the TLA+ modules by which TLC"
                            + " confirms it.")
    private @Nullable Path witness;

    @Option(
            names = "--require",
            paramLabel = "PROPERTY",
            split = ",",
            description =
                    "These properties of the report must be kept: exit code 1 if one is not kept, 3 if one may not"
                            + " be kept. May be given several times.")
    private Set<String> required = new LinkedHashSet<>();

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Mixin
    private ReportOption page = new ReportOption();

    private final ImmutableList.Builder<Subject> subjects = ImmutableList.builder();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "What to validate.")
    private List<Path> files = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (engine == Engine.TLC && (results.isJson() || page.isAsked() || !required.isEmpty())) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--json, --report and --require need our own engine: TLC gives no reason and judges no property");
        }
        if (witness != null
                && (files.size() > 1 || engine == Engine.TLC || files.contains(LineSource.STANDARD_INPUT))) {
            throw new ParameterException(
                    spec.commandLine(), "--witness needs our own engine and one FILE that can be read twice");
        }
        checkRequired();
        results.check();
        page.check();
        if (Longitude.runsOneCommand() && files.size() == 1 && required.isEmpty()) {
            Specification.oneIsEnough();
        }
        for (Path file : files) {
            FileAnswer answer = FileAnswer.of(file, () -> engine == Engine.TLC ? byTlc(file) : byOurEngine(file));
            results.add(answer.result(), answer.json());
            if (answer.usable()) {
                (answer.result().status().isFault() ? results.faults() : results.text()).println(answer.text());
            } else if (!results.isJson()) {
                spec.commandLine().getErr().println(answer.text());
            }
            if (!answer.usable()) {
                subjects.add(TraceSubject.unusable(file.toString(), answer.text()));
            }
        }
        page.write(Report.of(
                files.size() == 1 ? files.get(0).toString() : "Longitude: " + files.size() + " files",
                page.command(),
                subjects.build()));
        return results.finish(new Summary("file", "files", "conform", "refused"));
    }

    private void checkRequired() {
        if (required.isEmpty()) {
            return;
        }
        Set<String> known = new TreeSet<>();
        for (Arch arch : Arch.values()) {
            known.addAll(Specification.of(arch).reportedProperties());
        }
        for (String name : required) {
            if (!known.contains(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--require: unknown property '" + name + "'; expected of " + String.join(", ", known)
                                + NearestName.hint(name, known));
            }
        }
    }

    private FileAnswer byOurEngine(Path file) throws TraceFormatException, IOException {
        Verdict verdict = new InputFile(file, kernel).validate();
        for (String name : required) {
            if (!verdict.properties().containsKey(name)) {
                throw new TraceFormatException(
                        file.toString(),
                        "--require " + name + ": a trace of " + verdict.header().arch() + " has no such property");
            }
        }
        if (page.isAsked()) {
            subjects.add(TraceSubject.of(
                    verdict, file.equals(LineSource.STANDARD_INPUT) ? null : new InputFile(file, kernel)));
        }
        String text = verdict.text() + (verdict.conforms() && witness != null ? write(file, witness) : "");
        return new FileAnswer(
                VerdictResult.of(file, verdict, required), () -> VerdictJson.of(verdict), text + missed(verdict));
    }

    /** Lines on the required properties that are not known to be kept; each begins with a newline. */
    private String missed(Verdict verdict) {
        return required.stream()
                .filter(name -> verdict.properties().get(name) != PropertyVerdict.KEPT)
                .map(name ->
                        "\n  required: " + name + ": " + verdict.properties().get(name))
                .collect(Collectors.joining());
    }

    /** Writes a witness, and returns lines that name its files; each begins with a newline. */
    private String write(Path file, Path folder) throws TraceFormatException, IOException {
        Trace behaviour;
        try {
            behaviour = new InputFile(file, kernel).witness().behaviour();
        } catch (UndecidedException e) {
            throw new IllegalStateException(e);
        }
        StringBuilder text = new StringBuilder();
        TlcReplay.Written written = TlcReplay.write(behaviour, folder);
        for (String trace : written.traces()) {
            text.append("\nWritten: ")
                    .append(folder.resolve(trace))
                    .append(". TLC confirms it by a violation of NotAllTaken: (cd ")
                    .append(ShellWord.of(folder))
                    .append(" && java -D" + TraceData.PROPERTY + "=")
                    .append(ShellWord.of(trace))
                    .append(" -cp ")
                    .append(ShellWord.of(System.getProperty("java.class.path")))
                    .append(" tlc2.TLC -config ")
                    .append(written.config())
                    .append(' ')
                    .append(written.module())
                    .append(")");
        }
        return text.toString();
    }

    /** Whether TLC accepts the trace. */
    private FileAnswer byTlc(Path file) throws TraceFormatException, IOException, InterruptedException {
        Trace trace = new InputFile(file, kernel).read();
        String found = "";
        if (!TlcReplay.canReplay(trace)) {
            try {
                InputFile.WitnessResult witnessed = new InputFile(file, kernel).witness();
                Refusal refusal = witnessed.refusal();
                if (refusal != null) {
                    return byTlc(
                            file,
                            Status.VIOLATED,
                            refusal.event().line(),
                            refusal.explain(file.toString())
                                    + "\n  (judged by our own engine: TLC cannot search for unknown values)");
                }
                trace = witnessed.behaviour();
            } catch (UndecidedException e) {
                return byTlc(file, Status.UNDECIDED, 0, file + ": undecided: " + e.getMessage());
            }
            found = ", with the values that our own engine found";
        }
        if (!TlcReplay.comparesAny(trace)) {
            return byTlc(
                    file, Status.UNDECIDED, 0, file + ": undecided: it has no event of a VM, so TLC compares nothing");
        }
        OptionalInt refused = TlcReplay.firstRefused(List.of(trace)).get(0);
        if (refused.isEmpty()) {
            return byTlc(
                    file,
                    Status.HOLDS,
                    0,
                    file + ": conforms to " + trace.header().kernel() + ", by TLC: "
                            + trace.events().size() + " events" + found);
        }
        TraceEvent event = trace.events().get(refused.getAsInt());
        Optional<String> assumed = new InputFile(file, kernel).assumed(event);
        if (assumed.isPresent()) {
            return byTlc(file, Status.UNDECIDED, 0, file + ": undecided: " + assumed.get());
        }
        return byTlc(
                file,
                Status.VIOLATED,
                event.line(),
                file + ":" + event.line() + ": refused, by TLC: event " + (refused.getAsInt() + 1) + ", " + event.call()
                        + ", under " + trace.header().kernel());
    }

    private static FileAnswer byTlc(Path file, Status status, int line, String text) {
        CaseResult result = CaseResult.of(FileAnswer.SUITE, file.toString(), status, FileAnswer.CONFORMS, text)
                .at(Location.of(file, line));
        return new FileAnswer(result, result::json, text);
    }
}
