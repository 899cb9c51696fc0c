package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recording.BundledRecording;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import dev.longitude.scenario.Scenario;
import dev.longitude.tamper.Confirmation;
import dev.longitude.tamper.TamperTable;
import dev.longitude.tamper.TamperTable.Fate;
import dev.longitude.tamper.TamperTable.JudgedMutant;
import dev.longitude.tamper.TraceMutator;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude tamper}: what the validator does with traces that were tampered with. */
@Command(
        name = "tamper",
        description = {
            "Tamper with the traces of all scenarios and with the bundled recordings, and count what is refused.",
            "The counts are compared with the committed ones."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Exit codes: 0 the counts are as committed; 1 they are not, or TLC refuses what the validator accepts; 2 usage,"
                    + " or output that cannot be written."
        })
final class TamperCommand implements Callable<Integer> {
    private static final int VCPUS = 3;
    private static final int OF_A_KIND = 3;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Option(
            names = "--confirm",
            description = "Have stock TLC judge the tampered traces that were accepted, too: minutes.")
    private boolean confirm;

    @Option(names = "--committed", paramLabel = "FILE", description = "The committed counts. Default: spec/tamper.txt.")
    private @Nullable Path committed;

    @Option(names = "--bless", description = "Overwrite the committed result with this one.")
    private boolean bless;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        results.check();
        List<JudgedMutant> ofScenarios = judged(scenarios(), false);
        List<JudgedMutant> ofRecordings;
        Path folder = Files.createTempDirectory("longitude-tamper");
        try {
            ofRecordings = judged(recordings(folder), true);
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
        Table table = table(ofScenarios, ofRecordings);
        results.text().print(table);
        if (confirm) {
            confirm(Stream.concat(ofScenarios.stream(), ofRecordings.stream()).toList());
        }
        compare(table.unwrapped());
        return results.finish(new Summary("result", "results", "as committed", "not as committed"));
    }

    /** The scenarios' traces: under a kernel of today, and under the series as posted. */
    static List<Trace> scenarios() {
        List<Trace> traces = new ArrayList<>();
        for (Scenario scenario : Scenario.all()) {
            for (KernelProfile kernel : List.of(KernelProfile.of("v6.12"), KernelProfile.of("series-v2"))) {
                traces.add(scenario.play(kernel, VCPUS, 1));
            }
        }
        return traces;
    }

    private static List<Trace> recordings(Path folder) throws IOException {
        List<Trace> traces = new ArrayList<>();
        for (BundledRecording recording : BundledRecording.all()) {
            if (recording.refusingProfile() == null && recording.meanwhile() == null) {
                try {
                    traces.add(new InputFile(recording.unpack(folder), null).read());
                } catch (TraceFormatException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        return traces;
    }

    private static List<JudgedMutant> judged(List<Trace> traces, boolean recording)
            throws InterruptedException, ExecutionException {
        List<Callable<ImmutableList<JudgedMutant>>> jobs = new ArrayList<>();
        traces.forEach(t -> jobs.add(() -> TamperTable.of(t, recording, OF_A_KIND, 1)));
        return Jobs.run(jobs, all -> {}).stream().flatMap(List::stream).toList();
    }

    private static Table table(List<JudgedMutant> ofScenarios, List<JudgedMutant> ofRecordings) {
        Table table = new Table(
                "what is wrong",
                "scenarios",
                "refused there",
                "later",
                "accepted",
                "recordings",
                "refused there",
                "later",
                "undecided",
                "accepted");
        for (TraceMutator kind : TraceMutator.values()) {
            List<JudgedMutant> first = of(kind, ofScenarios);
            List<JudgedMutant> second = of(kind, ofRecordings);
            row(table, kind.text(), first, second);
        }
        row(table, "all", ofScenarios, ofRecordings);
        return table;
    }

    private static List<JudgedMutant> of(TraceMutator kind, List<JudgedMutant> all) {
        return all.stream().filter(j -> j.mutant().kind() == kind).toList();
    }

    private static void row(Table table, String what, List<JudgedMutant> first, List<JudgedMutant> second) {
        table.row(
                what,
                Integer.toString(first.size()),
                count(first, Fate.REFUSED_THERE),
                count(first, Fate.REFUSED_LATER),
                count(first, Fate.ACCEPTED),
                Integer.toString(second.size()),
                count(second, Fate.REFUSED_THERE),
                count(second, Fate.REFUSED_LATER),
                count(second, Fate.UNDECIDED),
                count(second, Fate.ACCEPTED));
    }

    private static String count(List<JudgedMutant> all, Fate fate) {
        return Long.toString(all.stream().filter(j -> j.fate() == fate).count());
    }

    /** Whether TLC accepts what the validator accepted: each such trace is then another valid behaviour. */
    private void confirm(List<JudgedMutant> judged) throws IOException, InterruptedException {
        Confirmation confirmation = Confirmation.of(judged);
        results.text()
                .println("Of the tampered traces that the validator accepted, TLC accepts "
                        + confirmation.behaviours() + ": they are behaviours too. It refuses "
                        + confirmation.wrong().size() + ".");
        confirmation.wrong().forEach(j -> {
            String wrong = j.mutant().kind().text() + ": "
                    + j.mutant().trace().header().origin() + ", event "
                    + (j.mutant().at() + 1);
            results.faults().println(wrong);
            results.add(CaseResult.of("confirmation", wrong, Status.VIOLATED, "TLC accepts it", "TLC refuses it"));
        });
    }

    private Path committed() {
        if (committed != null) {
            return committed;
        }
        String root = System.getProperty("longitude.root");
        if (root == null) {
            throw new ParameterException(spec.commandLine(), "--committed FILE is required without the launcher");
        }
        return Path.of(root, "spec", "tamper.txt");
    }

    /** Compares line by line: a line is what became of one kind of tampering. */
    private void compare(String table) throws IOException {
        Path file = committed();
        if (bless) {
            Files.writeString(file, table, UTF_8);
            return;
        }
        String before = Files.isRegularFile(file) ? Files.readString(file, UTF_8) : "";
        List<String> lines = before.lines().toList();
        table.lines().skip(1).forEach(line -> results.add(result(line, lines.contains(line))));
        if (before.equals(table)) {
            results.text().println("As committed.");
        } else {
            String wrong = "Not as committed in " + file + ". If this is intended: longitude tamper --bless";
            results.faults().println(wrong);
            results.add(CaseResult.of("tampered traces", "the table", Status.VIOLATED, "as committed", wrong));
        }
    }

    private static CaseResult result(String line, boolean isCommitted) {
        List<String> cells = Splitter.on(Pattern.compile(" {2,}")).splitToList(line.strip());
        return CaseResult.of(
                "tampered traces",
                cells.get(0),
                isCommitted ? Status.HOLDS : Status.VIOLATED,
                "as committed",
                isCommitted ? "" : "now: " + String.join(", ", cells.subList(1, cells.size())));
    }
}
