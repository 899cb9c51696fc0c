package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.longitude.check.Check;
import dev.longitude.check.CheckResult;
import dev.longitude.model.DistributedTlc;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.ModelCheck;
import dev.longitude.model.TlcJvms;
import dev.longitude.report.ModelSubject;
import dev.longitude.report.Report;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
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
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--model", paramLabel = "NAME", description = "Only this model; may be given several times.")
    private List<String> models = new ArrayList<>();

    @Option(names = "--list", description = "List the models with their expected results; run nothing.")
    private boolean list;

    @Option(
            names = "--coverage",
            description =
                    "Report the actions, antecedents, switches and branches that no model which must hold reaches:"
                            + " minutes, then from a cache.")
    private boolean coverage;

    @Option(
            names = "--show",
            description = "Show, step by step, how each --model violates its property, or that it does not.")
    private boolean show;

    @Option(
            names = "--strict",
            description = "With --recipe: a property that holds only up to the time that steps take fails.")
    private boolean strict;

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Mixin
    private ViewerOptions viewers = new ViewerOptions();

    @Mixin
    private RecipeOptions recipes = new RecipeOptions();

    @Mixin
    private ReportOption page = new ReportOption();

    @Mixin
    private DistributedOptions distributed = new DistributedOptions();

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        Manifest manifest = Manifest.load();
        if (page.isAsked() && (list || distributed.isAsked())) {
            throw recipes.unusable("--report excludes --list and --distributed");
        }
        if (list) {
            list(manifest);
            return ExitCode.HOLDS;
        }
        results.check();
        page.check();
        viewers.check();
        if (viewers.isAsked() && recipes.isWhole() && models.size() != 1) {
            throw recipes.unusable("--itf and --trace-events need --recipe or one --model");
        }
        DoctorCommand.refuseUntrusted(spec);
        if (coverage) {
            return coverage();
        }
        if (!recipes.isWhole() || strict) {
            if (!recipes.namesRecipes() || !models.isEmpty()) {
                throw recipes.unusable(
                        "--kernel, --world, --property and --strict need --recipe, which excludes --model");
            }
            return RecipeCheck.run(recipes, strict, results, viewers, page);
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
        List<Check> checks = new ArrayList<>();
        List<Model> chosen = chosen(manifest);
        Path folder = Files.createTempDirectory("longitude-check");
        try (TlcJvms jvms = new TlcJvms()) {
            boolean shared = DoctorCommand.trusts(jvms);
            chosen.forEach(model -> checks.add(shared ? Check.of(model, jvms) : Check.of(model)));
            if (models.isEmpty()) {
                checks.addAll(Check.besidesModels(folder));
            }
            return report(run(checks));
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    private int coverage() throws IOException, InterruptedException {
        String root = System.getProperty("longitude.root");
        if (!recipes.isWhole() || !models.isEmpty() || show || strict || distributed.isAsked() || root == null) {
            throw recipes.unusable("--coverage needs the launcher, and excludes --model, --recipe and --distributed");
        }
        return CoverageReport.run(
                Path.of(root, "spec", "reached-elsewhere.yaml"),
                results,
                spec.commandLine().getErr());
    }

    /** Checks one model, which uses all workers. */
    private int distributed(Manifest manifest) throws IOException, InterruptedException, ExecutionException {
        if (models.size() != 1 || !distributed.fault().isEmpty()) {
            throw recipes.unusable(
                    models.size() != 1 ? "--distributed needs exactly one --model" : distributed.fault());
        }
        Model model = chosen(manifest).get(0);
        String refused = new ModelCheck(model).refusedByDistributed();
        if (refused != null) {
            throw recipes.unusable(model.name() + " cannot be checked distributed: " + refused);
        }
        DistributedTlc run = distributed.run();
        PrintWriter out = spec.commandLine().getOut();
        out.println("The master listens. On another host: longitude worker " + run.address() + " --port " + run.port());
        out.flush();
        return report(Jobs.run(List.of(Check.of(model, run)), result -> {}));
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
                + NearestName.hint(
                        name, manifest.models().stream().map(Model::name).toList());
    }

    private List<CheckResult> run(List<Check> checks) throws InterruptedException, ExecutionException {
        Progress progress = new Progress(
                spec.commandLine().getErr(),
                results.showsProgress(),
                checks.size(),
                checks.stream().mapToDouble(Check::seconds).sum());
        List<Callable<CheckResult>> jobs = new ArrayList<>();
        for (Check check : checks) {
            jobs.add(() -> {
                CheckResult result = check.call();
                progress.step(result.what(), result.status().toString(), check.seconds());
                return result;
            });
        }
        try {
            return Jobs.run(jobs, result -> {});
        } finally {
            progress.finish();
        }
    }

    private int report(List<CheckResult> checks) throws IOException {
        page.write(Report.of(
                checks.size() == 1 ? checks.get(0).what() : "Longitude: " + checks.size() + " checks",
                page.command(),
                checks.stream().map(ModelSubject::of).collect(ImmutableList.toImmutableList())));
        Table table = new Table("what", "size", "time", "verdict");
        for (CheckResult check : checks) {
            table.row(
                    check.what() + ": " + check.expected(),
                    check.size(),
                    String.format(Locale.ROOT, "%.1f s", check.seconds()),
                    check.status().toString());
            if (show && check.outcome() != null) {
                results.text().println(BehaviourText.of(check.outcome(), check.expected(), Terminal.columns()));
            }
        }
        for (CheckResult check : checks) {
            if (check.fault() != null) {
                results.faults().println(check.what() + ": " + check.fault());
                results.faults().println();
            }
        }
        results.text().print(table);
        for (CheckResult check : checks) {
            results.add(CheckCase.of(check));
            if (check.outcome() != null) {
                viewers.write(check.outcome());
            }
        }
        viewers.missing().ifPresent(results.text()::println);
        return results.finish(new Summary("check", "checks", "hold", "fail"));
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
