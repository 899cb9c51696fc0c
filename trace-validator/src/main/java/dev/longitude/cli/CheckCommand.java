package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.model.DistributedTlc;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import dev.longitude.recording.BundledRecording;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceFormatException;
import dev.longitude.verdict.RecordingCheck;
import dev.longitude.verdict.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude check}: every model, every scenario and every bundled recording. */
@Command(
        name = "check",
        description =
                "Check the models with TLC, and the scenarios and bundled recordings against the specification; or a recipe.",
        mixinStandardHelpOptions = true,
        footer = {"", ExitCode.MEANING})
final class CheckCommand implements Callable<Integer> {
    /** So many that the scenarios take each branch of the reference implementation under each kernel. */
    private static final int SEEDS = 8;

    private static final int VCPUS = 3;

    /** A few cells of the matrix, including the series' theorems; {@code longitude matrix} judges all of it. */
    private static final ImmutableListMultimap<KernelProfile, String> OF_THE_MATRIX = ImmutableListMultimap.of(
            KernelProfile.of("v6.12"), "series-by-value",
            KernelProfile.of("v6.12"), "kernel-documented",
            KernelProfile.of("v6.12"), "cloud-hypervisor-52",
            KernelProfile.of("series-v1"), "series-v1-arm64-one-vcpu",
            KernelProfile.of("series-v2"), "series-v2-arm64");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--model", paramLabel = "NAME", description = "Only this model; may be given several times.")
    private List<String> models = new ArrayList<>();

    @Option(names = "--list", description = "List the models with their expected results; run nothing.")
    private boolean list;

    @Option(
            names = "--show",
            description = "Show, step by step, how each --model violates its property, or that it does not.")
    private boolean show;

    @Mixin
    private RecipeOptions recipes = new RecipeOptions();

    @Mixin
    private DistributedOptions distributed = new DistributedOptions();

    /**
     * One row of the table.
     *
     * @param fault what is wrong, or null
     * @param code the exit code for this row alone
     * @param shown further text to print, or empty
     */
    private record Row(
            String what,
            String checked,
            String size,
            double seconds,
            @Nullable String fault,
            int code,
            String shown) {
        /** A row that holds, or fails if there is a fault. */
        Row(String what, String checked, String size, double seconds, @Nullable String fault) {
            this(what, checked, size, seconds, fault, fault == null ? ExitCode.HOLDS : ExitCode.VIOLATED, "");
        }

        Row showing(String more) {
            return new Row(what, checked, size, seconds, fault, code, more);
        }

        String verdict() {
            return fault == null ? "ok" : code == ExitCode.UNDECIDED ? "undecided" : "FAILED";
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        Manifest manifest = Manifest.load();
        if (list) {
            list(manifest);
            return ExitCode.HOLDS;
        }
        DoctorCommand.refuseUntrusted(spec);
        if (!recipes.isWhole()) {
            if (!recipes.namesRecipes() || !models.isEmpty()) {
                throw recipes.unusable("--kernel, --world and --property need --recipe, which excludes --model");
            }
            return RecipeCheck.run(recipes, spec.commandLine().getOut());
        }
        if (show && (models.isEmpty() || distributed.isAsked())) {
            throw recipes.unusable("--show needs --model and excludes --distributed");
        }
        if (distributed.isIdle()) {
            throw recipes.unusable("--workers, --fingerprint-servers, --address and --port need --distributed");
        }
        if (distributed.isAsked()) {
            return distributed(manifest);
        }
        List<Callable<Row>> jobs = new ArrayList<>();
        for (Model model : chosen(manifest)) {
            jobs.add(() -> check(model));
        }
        Path folder = Files.createTempDirectory("longitude-check");
        try {
            if (models.isEmpty()) {
                ImmutableList<Matrix.Cell> committed = Matrix.committed();
                for (Recipe recipe : Recipes.bundled()) {
                    OF_THE_MATRIX.forEach((kernel, name) -> {
                        if (name.equals(recipe.name())) {
                            jobs.add(() -> check(new Case(recipe, World.USUAL, kernel), committed));
                        }
                    });
                }
                for (Scenario scenario : Scenario.all()) {
                    for (KernelProfile kernel : KernelProfile.showing(scenario.arch())) {
                        jobs.add(() -> check(scenario, kernel));
                    }
                }
                for (BundledRecording recording : BundledRecording.all()) {
                    Path log = recording.unpack(folder);
                    jobs.add(() -> check(recording, log));
                }
            }
            return report(run(jobs));
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    /** Checks one model, which uses all workers. */
    private int distributed(Manifest manifest) throws IOException, InterruptedException {
        if (models.size() != 1 || !distributed.fault().isEmpty()) {
            throw recipes.unusable(
                    models.size() != 1 ? "--distributed needs exactly one --model" : distributed.fault());
        }
        Model model = chosen(manifest).get(0);
        ModelCheck check = new ModelCheck(model);
        if (check.refusedByDistributed() != null) {
            throw recipes.unusable(model.name() + " cannot be checked distributed: " + check.refusedByDistributed());
        }
        DistributedTlc run = distributed.run();
        PrintWriter out = spec.commandLine().getOut();
        out.println("The master listens. On another host: longitude worker " + run.address() + " --port " + run.port());
        out.flush();
        long begin = System.nanoTime();
        ModelCheck.Outcome outcome = check.run(run);
        return report(List.of(row(model, check, outcome, begin)));
    }

    private List<Model> chosen(Manifest manifest) {
        if (models.isEmpty()) {
            return manifest.models().stream().filter(m -> !m.large()).toList();
        }
        return models.stream()
                .map(name -> manifest.named(name)
                        .orElseThrow(() -> new ParameterException(spec.commandLine(), unknown(name, manifest))))
                .toList();
    }

    private static String unknown(String name, Manifest manifest) {
        return "unknown model '" + name + "'; `check --list` shows them"
                + NearestName.of(
                                name,
                                manifest.models().stream().map(Model::name).toList())
                        .stream()
                        .findFirst()
                        .map(near -> ". Did you mean " + near + "?")
                        .orElse("");
    }

    private List<Row> run(List<Callable<Row>> jobs) throws InterruptedException, ExecutionException {
        Progress progress =
                new Progress(spec.commandLine().getOut(), Boolean.getBoolean("longitude.terminal"), jobs.size());
        try {
            return Jobs.run(jobs, row -> progress.step(row.what, row.verdict()));
        } finally {
            progress.finish();
        }
    }

    private Row check(Model model) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        ModelCheck check = new ModelCheck(model);
        ModelCheck.Outcome outcome = check.run();
        Row row = row(model, check, outcome, begin);
        return show ? row.showing(BehaviourText.of(outcome, check.properties())) : row;
    }

    private static Row row(Model model, ModelCheck check, ModelCheck.Outcome outcome, long begin) {
        String fault = outcome.fault();
        if (fault != null && !outcome.counterexample().isEmpty()) {
            fault += "\n" + String.join("\n", outcome.counterexample());
        }
        return new Row(
                "model " + model.name(),
                model.violates() == null ? check.properties() : "must fail on exactly " + model.violates(),
                outcome.states() + " states",
                seconds(begin),
                fault);
    }

    private static Row check(Case of, ImmutableList<Matrix.Cell> committed)
            throws IOException, InterruptedException, RecipeFaultException {
        long begin = System.nanoTime();
        Judgement judgement = new Judge(Judge.PREEMPTIONS, null).judge(of);
        ImmutableList<String> changes = new Matrix(ImmutableList.of(judgement)).changesFrom(committed, false);
        return new Row(
                "recipe " + of,
                "as in the committed matrix",
                judgement.states() + " states",
                seconds(begin),
                changes.isEmpty() ? null : String.join("\n", changes));
    }

    private static Row check(Scenario scenario, KernelProfile kernel) {
        long begin = System.nanoTime();
        long events = 0;
        String fault = null;
        int code = ExitCode.HOLDS;
        for (int seed = 1; seed <= SEEDS && fault == null; seed++) {
            Trace recording = scenario.play(kernel, VCPUS, seed);
            Verdict verdict = Verdict.of(recording.header().origin(), recording);
            events += verdict.events();
            fault = verdict.conforms() ? null : verdict.text();
            code = ExitCode.of(verdict);
        }
        return new Row(
                "scenario " + scenario.commandName() + " " + kernel,
                "conforms to " + kernel + ", seeds 1 to " + SEEDS,
                events + " events",
                seconds(begin),
                fault,
                code,
                "");
    }

    private static Row check(BundledRecording recording, Path log) throws IOException, TraceFormatException {
        long begin = System.nanoTime();
        RecordingCheck check = RecordingCheck.of(recording, log);
        Verdict verdict = check.verdict();
        String fault = check.fault();
        int code =
                fault == null ? ExitCode.HOLDS : verdict.undecided() != null ? ExitCode.UNDECIDED : ExitCode.VIOLATED;
        return new Row(
                "recording " + recording.file(),
                check.expected(),
                verdict.events() + " events",
                seconds(begin),
                fault,
                code,
                "");
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    private int report(List<Row> rows) {
        PrintWriter out = spec.commandLine().getOut();
        Table table = new Table("what", "checked", "size", "time", "verdict");
        for (Row row : rows) {
            table.row(
                    row.what, row.checked, row.size, String.format(Locale.ROOT, "%.1f s", row.seconds), row.verdict());
        }
        for (Row row : rows) {
            if (!row.shown.isEmpty()) {
                out.println(row.shown);
            }
        }
        List<Row> failed = rows.stream().filter(r -> r.fault != null).toList();
        for (Row row : failed) {
            out.println(row.what + ": " + row.fault);
            out.println();
        }
        out.print(table);
        out.println(
                failed.isEmpty()
                        ? "All " + rows.size() + " checks hold."
                        : failed.size() + " of " + rows.size() + " checks failed.");
        out.flush();
        return rows.stream().mapToInt(Row::code).reduce(ExitCode.HOLDS, ExitCode::ofBoth);
    }

    private void list(Manifest manifest) {
        Table table = new Table("model", "expected", "states", "depth", "time", "shows");
        for (Model model : manifest.models()) {
            table.row(
                    model.name() + (model.large() ? " (by name only)" : ""),
                    model.violates() == null ? "all hold" : "violates " + model.violates(),
                    Long.toString(model.states()),
                    Integer.toString(model.depth()),
                    model.seconds() == null ? "seconds" : "about " + model.seconds() + " s",
                    model.about());
        }
        spec.commandLine().getOut().print(table);
        spec.commandLine().getOut().flush();
    }
}
