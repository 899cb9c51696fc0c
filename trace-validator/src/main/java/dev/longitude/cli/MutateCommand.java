package dev.longitude.cli;

import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Judge;
import dev.longitude.mutate.Equivalents;
import dev.longitude.mutate.Judged;
import dev.longitude.mutate.Judged.Fate;
import dev.longitude.mutate.Mutant;
import dev.longitude.mutate.Mutants;
import dev.longitude.mutate.MutationResults;
import dev.longitude.mutate.MutationRun;
import dev.longitude.results.CaseResult;
import dev.longitude.results.Status;
import dev.longitude.results.Summary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code longitude mutate}: which changes of the specification the checks notice. */
@Command(
        name = "mutate",
        description = {
            "Change the specification in one place after the other, and have the checks that reach the place judge each"
                    + " mutant: scenarios, recordings, models, cells of the matrix. What is judged already is not"
                    + " judged again.",
            "A survivor that spec/mutants-equivalent.yaml does not explain is a failure."
        },
        mixinStandardHelpOptions = true,
        footer = {"", ExitCode.MEANING})
final class MutateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ResultOptions results = new ResultOptions();

    @Option(names = "--module", paramLabel = "NAME", description = "Only mutants of this module; may be repeated.")
    private List<String> modules = new ArrayList<>();

    @Option(names = "--operator", paramLabel = "NAME", description = "Only mutants of this operator; may be repeated.")
    private List<String> operators = new ArrayList<>();

    @Option(names = "--mutation", paramLabel = "TEXT", description = "Only this kind of change, as --list shows it.")
    private List<String> mutations = new ArrayList<>();

    @Option(names = "--mutant", paramLabel = "KEY", description = "Only the mutant with this key; may be repeated.")
    private List<String> keys = new ArrayList<>();

    @Option(names = "--sample", paramLabel = "N", description = "Only N of these, drawn at random.")
    private @Nullable Integer sample;

    @Option(names = "--seed", paramLabel = "S", description = "Of the sample; printed if not given.")
    private @Nullable Long seed;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Leave a mutant unjudged that is not caught in so much time. Default: no limit.")
    private double seconds = Double.POSITIVE_INFINITY;

    @Option(names = "--jobs", paramLabel = "N", description = "How many at the same time. Default: one per core.")
    private @Nullable Integer jobs;

    @Option(names = "--list", description = "List the mutants, with what became of them; judge nothing.")
    private boolean list;

    @Option(names = "--judged", description = "Only report what is judged already; judge nothing.")
    private boolean judged;

    @Option(names = "--again", description = "Judge anew what is judged already.")
    private boolean again;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Where results are kept. Default: spec/mutants.tsv.")
    private @Nullable Path file;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        results.check();
        if ((sample != null && sample < 1) || (jobs != null && jobs < 1)) {
            throw new ParameterException(spec.commandLine(), "--sample and --jobs need at least 1");
        }
        ImmutableList<Mutant> all = Mutants.all();
        List<Mutant> chosen = chosen(all);
        Path kept = file == null ? folder().resolve("mutants.tsv") : file;
        MutationResults known = MutationResults.read(kept);
        if (list) {
            chosen.forEach(m -> spec.commandLine()
                    .getOut()
                    .println(m.key() + "  " + m
                            + known.of(m)
                                    .map(j -> "  [" + j.fate() + " " + j.by() + "]")
                                    .orElse("")));
            return ExitCode.HOLDS;
        }
        if (!judged) {
            judge(chosen, all, known, kept);
        }
        return report(chosen, known);
    }

    private Path folder() {
        String root = System.getProperty("longitude.root");
        if (root == null) {
            throw new ParameterException(spec.commandLine(), "--results FILE is required without the launcher");
        }
        return Path.of(root, "spec");
    }

    private List<Mutant> chosen(ImmutableList<Mutant> all) {
        for (String module : modules) {
            if (all.stream().noneMatch(m -> m.module().equals(module))) {
                throw new ParameterException(
                        spec.commandLine(),
                        unknown(
                                "module",
                                module,
                                all.stream().map(Mutant::module).distinct().toList()));
            }
        }
        for (String operator : operators) {
            if (all.stream().noneMatch(m -> m.operator().equals(operator))) {
                throw new ParameterException(
                        spec.commandLine(),
                        unknown(
                                "operator",
                                operator,
                                all.stream().map(Mutant::operator).distinct().toList()));
            }
        }
        for (String mutation : mutations) {
            if (all.stream().noneMatch(m -> m.mutation().toString().equals(mutation))) {
                throw new ParameterException(
                        spec.commandLine(),
                        unknown(
                                "kind",
                                mutation,
                                all.stream()
                                        .map(m -> m.mutation().toString())
                                        .distinct()
                                        .toList()));
            }
        }
        for (String key : keys) {
            if (all.stream().noneMatch(m -> m.key().equals(key))) {
                throw new ParameterException(
                        spec.commandLine(), "no mutant has the key " + key + "; `mutate --list` shows all");
            }
        }
        List<Mutant> chosen = new ArrayList<>(all.stream()
                .filter(m -> modules.isEmpty() || modules.contains(m.module()))
                .filter(m -> operators.isEmpty() || operators.contains(m.operator()))
                .filter(m ->
                        mutations.isEmpty() || mutations.contains(m.mutation().toString()))
                .filter(m -> keys.isEmpty() || keys.contains(m.key()))
                .toList());
        if (sample != null && sample < chosen.size()) {
            long drawn = seed == null ? ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE) : seed;
            results.text().println("A sample of " + sample + " of " + chosen.size() + " mutants, with --seed " + drawn);
            List<Mutant> shuffled = new ArrayList<>(chosen);
            Collections.shuffle(shuffled, new Random(drawn));
            List<Mutant> picked = shuffled.subList(0, sample);
            chosen.removeIf(m -> !picked.contains(m));
        }
        return chosen;
    }

    private static String unknown(String what, String name, List<String> names) {
        return "no mutant is of the " + what + " " + name + NearestName.hint(name, names);
    }

    private void judge(List<Mutant> chosen, ImmutableList<Mutant> all, MutationResults known, Path kept)
            throws IOException, InterruptedException, ExecutionException {
        Path cache = Judge.cache();
        try (MutationRun run = new MutationRun(cache == null ? null : cache.resolveSibling("coverage"))) {
            all.forEach(m -> known.of(m).ifPresent(run::note));
            List<Mutant> open = new ArrayList<>();
            // A key is a hash: what an interrupted run has judged is a fair sample.
            for (Mutant mutant : ImmutableList.sortedCopyOf(Comparator.comparing(Mutant::key), chosen)) {
                if (again || !known.counts(mutant, run.hashes())) {
                    open.add(mutant);
                }
            }
            Progress progress =
                    new Progress(spec.commandLine().getErr(), results.showsProgress(), open.size(), open.size());
            Consumer<Judged> done = of -> {
                known.add(of);
                progress.step(of.mutant().key() + " " + of.mutant(), of.fate() + " " + of.by() + " " + of.why(), 1);
            };
            // Scenarios catch the most, and fastest: all mutants go through them first.
            List<Callable<Optional<Judged>>> first = new ArrayList<>();
            List<Callable<Optional<Judged>>> then = new ArrayList<>();
            Set<Mutant> caught = ConcurrentHashMap.newKeySet();
            for (Mutant mutant : open) {
                first.add(() -> {
                    Optional<Judged> of = run.judgeByScenarios(mutant);
                    if (of.isPresent()) {
                        caught.add(mutant);
                        done.accept(of.get());
                        known.write(kept, all);
                    }
                    return of;
                });
                then.add(() -> {
                    if (caught.contains(mutant)) {
                        return Optional.empty();
                    }
                    Optional<Judged> of = run.judge(mutant, seconds);
                    if (of.isPresent()) {
                        done.accept(of.get());
                        known.write(kept, all);
                    } else {
                        progress.step(mutant.key() + " " + mutant, "left after " + seconds + " s", 1);
                    }
                    return of;
                });
            }
            int threads = jobs == null ? Runtime.getRuntime().availableProcessors() : jobs;
            try {
                Jobs.run(first, of -> {}, threads);
                Jobs.run(then, of -> {}, threads);
            } finally {
                progress.finish();
            }
        }
    }

    private int report(List<Mutant> chosen, MutationResults known) throws IOException {
        Path beside = file == null ? folder().resolve("mutants.tsv") : file.toAbsolutePath();
        Equivalents equivalents = Equivalents.read(beside.resolveSibling("mutants-equivalent.yaml"));
        MutationTable table = new MutationTable();
        for (Mutant mutant : chosen) {
            Judged of = known.of(mutant).orElse(null);
            String reason = equivalents.reason(mutant).orElse(null);
            table.add(mutant, of, reason != null);
            if (of == null || of.fate() == Fate.INVALID) {
                continue;
            }
            boolean survives = of.fate() == Fate.SURVIVES;
            if (survives && reason == null) {
                results.faults().println(mutant.key() + "  " + mutant);
            }
            results.add(CaseResult.of(
                    "mutant of " + mutant.module(),
                    mutant.key(),
                    survives && reason == null ? Status.VIOLATED : survives ? Status.DOES_NOT_APPLY : Status.HOLDS,
                    "caught",
                    mutant + (survives ? reason == null ? "" : ": " + reason : ": " + of.by())));
        }
        results.text().print(table.table());
        results.text().println(table.remaining());
        return results.finish(new Summary("mutant", "mutants", "caught", "survive"));
    }
}
