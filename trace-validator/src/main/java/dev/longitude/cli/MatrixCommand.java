package dev.longitude.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Markdown;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Recipes;
import dev.longitude.matrix.SimulationCheck;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import dev.longitude.report.MatrixGrid;
import dev.longitude.report.Report;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code longitude matrix}: recipe x kernel x property. */
@Command(
        name = "matrix",
        description = {
            "Judge the recipes of VMMs on every kernel, property by property, and compare with the committed result.",
            "With one recipe, one kernel and one property: show the counterexample of that cell."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Exit codes: 0 as committed; 1 not as committed. Without a committed result (a recipe of your"
                    + " own, a kernel without a column, more preemptions) and for one cell: 0 all properties hold; 1 one fails."
                    + " 2 unusable input or usage, or output that cannot be written; 3 some cannot be judged."
        })
final class MatrixCommand implements Callable<Integer> {
    private static final int MOST_CHANGES = 20;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(names = "--list", description = "List the recipes, and run nothing.")
    private boolean list;

    @Option(names = "--bless", description = "Overwrite the committed result with this one.")
    private boolean bless;

    @Option(
            names = "--committed",
            paramLabel = "DIR",
            description = "The folder of the committed matrix.json, matrix.csv and matrix.md. Default: spec/.")
    private @Nullable Path committed;

    @Option(names = "--out", paramLabel = "DIR", description = "Write matrix.json, matrix.csv and matrix.md there too.")
    private @Nullable Path out;

    @Option(
            names = "--every-world",
            description = "Judge each recipe on every kernel in every world that applies, not only in the usual one.")
    private boolean everyWorld;

    @Option(
            names = "--simulate",
            paramLabel = "N",
            description = "Then run each case N times between simulated hosts, and compare the results.")
    private int simulations;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "The first simulated run's seed (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Mixin
    private ReportOption page = new ReportOption();

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        if (page.isAsked() && (list || simulations > 0)) {
            throw options.unusable("--report excludes --list and --simulate");
        }
        if (list) {
            list();
            return ExitCode.HOLDS;
        }
        if (bless && (everyWorld || !(options.isWhole() && options.isUsual()))) {
            throw options.unusable("--bless needs the whole matrix");
        }
        if (simulations > 0 && (bless || out != null || options.namesProperty())) {
            throw options.unusable("--simulate only compares: it excludes --bless, --out and --property");
        }
        results.check();
        page.check();
        DoctorCommand.refuseUntrusted(spec);
        ImmutableList<Case> cases =
                everyWorld || !options.namesNoPlace() ? options.cases() : options.casesOfTheMatrix();
        if (options.namesProperty()) {
            return open(cases);
        }
        Matrix matrix =
                new Matrix(ImmutableList.copyOf(options.judgements(cases, options.judge(), results.showsProgress())));
        if (simulations > 0) {
            return simulate(matrix);
        }
        page.write(Report.of("Longitude: the matrix", page.command(), MatrixGrid.of(matrix, options::argument)));
        PrintWriter print = results.text();
        print.print(table(matrix));
        notJudged(matrix).forEach(print::println);
        if (!matrix.claims().isEmpty()) {
            print.println();
            print.print(claims(matrix));
        }
        print.flush();
        if (out != null) {
            write(matrix, out);
        }
        if (bless) {
            write(matrix, committed());
            return ExitCode.HOLDS;
        }
        Matrix comparable = new Matrix(RecipeOptions.ofTheMatrix(matrix.judgements()));
        if (options.isUsual() && !comparable.judgements().isEmpty()) {
            return compare(comparable);
        }
        for (Judgement judgement : matrix.judgements()) {
            for (Property property : judgement.verdicts().keySet()) {
                CaseResult result = RecipeCheck.result(judgement, property, false, options, Map.of());
                results.add(result);
                if (results.isQuiet() && result.status().isFault()) {
                    results.faults()
                            .println(judgement.of() + ": " + property + " "
                                    + RecipeCheck.text(property, judgement.verdict(property)));
                }
            }
        }
        return results.finish(RecipeCheck.SUMMARY);
    }

    private int open(List<Case> cases) throws IOException, InterruptedException, ExecutionException {
        Case of = cases.get(0);
        List<Property> properties = options.properties(of);
        if (cases.stream()
                .anyMatch(c -> !c.recipe().equals(of.recipe()) || !c.kernel().equals(of.kernel()))) {
            throw options.unusable("--property needs one --recipe and one --kernel");
        }
        Judge judge = options.judge();
        RecipePage subjects = new RecipePage(options, judge, page.isAsked());
        for (Judgement judgement : options.judgements(cases, judge, results.showsProgress())) {
            Map<Property, Counterexample> opened = new EnumMap<>(Property.class);
            for (Property property : properties) {
                open(judgement, property, judge, opened);
            }
            subjects.add(judgement, properties, opened, false);
        }
        page.write(subjects.report(page.command()));
        return results.finish(RecipeCheck.SUMMARY);
    }

    private void open(Judgement judgement, Property property, Judge judge, Map<Property, Counterexample> opened)
            throws IOException, InterruptedException {
        Verdict verdict = judgement.verdict(property);
        PrintWriter print =
                RecipeCheck.status(judgement.of().recipe(), verdict, false).isFault()
                        ? results.faults()
                        : results.text();
        if (verdict.canBeShown()) {
            Counterexample counterexample = judge.open(judgement.of(), property, verdict);
            opened.put(property, counterexample);
            print.print(CounterexampleText.of(counterexample, verdict, Terminal.columns()));
        } else {
            print.println(judgement.of() + ": " + property + " " + verdict + ".");
        }
        print.flush();
        results.add(RecipeCheck.result(judgement, property, false, options, opened));
    }

    private int simulate(Matrix matrix) throws IOException, InterruptedException, ExecutionException {
        Progress progress = new Progress(
                spec.commandLine().getErr(),
                results.showsProgress(),
                matrix.judgements().size());
        List<Callable<SimulationCheck>> jobs = new ArrayList<>();
        matrix.judgements()
                .forEach(j -> jobs.add(() -> SimulationCheck.run(j, options.preemptions(), simulations, seed)));
        List<SimulationCheck> checks;
        try {
            checks = Jobs.run(
                    jobs,
                    c -> progress.step(
                            c.of().toString(),
                            c.contradictions().isEmpty() ? c.runs() + " runs agree" : "CONTRADICTED"));
        } finally {
            progress.finish();
        }
        checks.forEach(c -> c.unseen().forEach(results.text()::println));
        checks.forEach(c -> c.contradictions().forEach(results.faults()::println));
        checks.forEach(c -> results.add(CaseResult.of(
                "simulated runs",
                c.of().toString(),
                c.contradictions().isEmpty() ? Status.HOLDS : Status.VIOLATED,
                "no run contradicts the matrix",
                String.join("\n", c.contradictions()))));
        long runs = checks.stream().mapToLong(SimulationCheck::runs).sum();
        long contradictions =
                checks.stream().mapToLong(c -> c.contradictions().size()).sum();
        results.text()
                .println(runs + " runs, seeds from " + seed + ": " + contradictions + " contradictions, "
                        + checks.stream().mapToLong(c -> c.unseen().size()).sum() + " failures not seen.");
        return results.finish(new Summary("case", "cases", "agree", "contradicted"));
    }

    private void list() throws IOException {
        Table table = new Table("recipe", "arch", "policy", "worlds", "about");
        for (Recipe recipe : Recipes.bundled()) {
            table.row(
                    recipe.name(),
                    recipe.arch().toString(),
                    recipe.policy().toString(),
                    recipe.worlds().stream().map(World::specName).collect(Collectors.joining(" ")),
                    recipe.about());
        }
        spec.commandLine().getOut().print(table);
        spec.commandLine().getOut().flush();
    }

    private static Table table(Matrix matrix) {
        Table table = new Table(
                "recipe",
                "kernels",
                "fails",
                "fails if preempted within the window",
                "fails if preempted beyond it",
                "holds up to the time that steps take");
        for (Matrix.Group group : matrix.groups()) {
            boolean judged = group.judgement().isJudged();
            table.row(
                    group.recipe().name() + (group.world().equals(World.USUAL.specName()) ? "" : "@" + group.world()),
                    String.join(" ", group.kernels()),
                    judged ? names(group.judgement(), Verdict.Outcome.FAILS) : "does not apply",
                    names(group.judgement(), Verdict.Outcome.FAILS_IF_PREEMPTED),
                    names(group.judgement(), Verdict.Outcome.FAILS_IF_PREEMPTED_LONG),
                    names(group.judgement(), Verdict.Outcome.HOLDS_UP_TO_STEPS));
        }
        return table;
    }

    /** What the table has no column for, and what an empty cell must not be taken for: it is not known to hold. */
    private static List<String> notJudged(Matrix matrix) {
        List<String> lines = new ArrayList<>();
        for (Matrix.Group group : matrix.groups()) {
            String names = names(group.judgement(), Verdict.Outcome.NOT_MODELLED);
            if (group.judgement().isJudged() && !names.isEmpty()) {
                lines.add(group.recipe().name() + " " + String.join(" ", group.kernels()) + ": not judged: " + names);
            }
        }
        matrix.judgements().stream()
                .map(j -> j.of().recipe())
                .distinct()
                .flatMap(r -> r.unknown().stream().map(u -> r.name() + ": unknown, and left out: " + u))
                .forEach(lines::add);
        return lines;
    }

    private static String names(Judgement judgement, Verdict.Outcome says) {
        return judgement.verdicts().entrySet().stream()
                .filter(e -> e.getValue().says() == says)
                .map(e -> e.getKey().specName())
                .collect(Collectors.joining(" "));
    }

    private static Table claims(Matrix matrix) {
        Table table = new Table("recipe", "published claim", "property", "the matrix");
        for (Matrix.CheckedClaim checked : matrix.claims()) {
            table.row(
                    checked.recipe().name(),
                    checked.claim().says() + " (" + checked.claim().by() + ")",
                    checked.claim().property() + (checked.claim().fails() ? " fails" : " holds"),
                    checked.verdict());
        }
        return table;
    }

    private Path committed() {
        if (committed != null) {
            return committed;
        }
        String root = System.getProperty("longitude.root");
        if (root == null) {
            throw options.unusable("--committed DIR is required without the launcher");
        }
        return Path.of(root, "spec");
    }

    private void write(Matrix matrix, Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("matrix.json"), matrix.json());
        Files.writeString(folder.resolve("matrix.csv"), matrix.csv());
        Files.writeString(folder.resolve("matrix.md"), Markdown.of(matrix));
        results.text().println("Written: " + folder.resolve("matrix.json") + ", .csv and .md.");
    }

    /** The fault of a file that must agree with matrix.json; empty if it does. */
    private List<String> stale(String name, String text) throws IOException {
        Path file = committed().resolve(name);
        boolean same =
                Files.isRegularFile(file) && Files.readString(file, UTF_8).equals(text);
        return same ? List.of() : List.of(file + " does not agree with matrix.json");
    }

    private int compare(Matrix matrix) throws IOException {
        Path file = committed().resolve("matrix.json");
        if (!Files.isRegularFile(file)) {
            throw options.unusable("no committed result: " + file + "; --bless writes it");
        }
        List<Matrix.Cell> before;
        try {
            before = Matrix.cells(Files.readString(file, UTF_8));
        } catch (JsonProcessingException e) {
            throw options.unusable(file + ": " + e.getOriginalMessage());
        }
        List<String> changes = new ArrayList<>(matrix.changesFrom(before, options.isWhole()));
        if (options.isWhole()) {
            changes.addAll(stale("matrix.csv", matrix.csv()));
            changes.addAll(stale("matrix.md", Markdown.of(matrix)));
        }
        for (Matrix.Cell cell : matrix.cells()) {
            results.add(result(
                    "cell",
                    cell.place(),
                    changes.stream()
                            .filter(c -> c.startsWith(cell.place() + ": "))
                            .toList()));
        }
        changes.stream()
                .filter(c -> matrix.cells().stream().noneMatch(cell -> c.startsWith(cell.place() + ": ")))
                .forEach(c -> results.add(result("committed matrix", c, List.of(c))));
        changes.stream().limit(MOST_CHANGES).forEach(results.faults()::println);
        if (changes.size() > MOST_CHANGES) {
            results.faults().println("... and " + (changes.size() - MOST_CHANGES) + " more");
        }
        if (changes.isEmpty()) {
            results.text().println(matrix.cells().size() + " cells, all as committed.");
        } else {
            results.faults()
                    .println("Differences: " + changes.size() + ", cells: "
                            + matrix.cells().size() + ". If this is intended: longitude matrix --bless");
        }
        return results.finish(new Summary("cell", "cells", "as committed", "not as committed"));
    }

    private static CaseResult result(String suite, String name, List<String> changes) {
        return CaseResult.of(
                suite,
                name,
                changes.isEmpty() ? Status.HOLDS : Status.VIOLATED,
                "as committed",
                String.join("\n", changes));
    }
}
