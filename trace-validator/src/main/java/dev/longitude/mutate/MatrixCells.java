package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Sets;
import dev.longitude.kernel.Arch;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import dev.longitude.model.TlcOutput;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Cells of the committed matrix, judged on a mutant: all properties in one case.
 *
 * @param of the case
 */
record MatrixCells(Case of) {
    /**
     * Cases that together have each verdict on each property and in each world, chosen so that TLC judges them soon, and in
     * that order.
     */
    static ImmutableList<MatrixCells> all() throws IOException {
        Judge judge = new Judge(Judge.PREEMPTIONS, null);
        Map<MatrixCells, Double> work = new LinkedHashMap<>();
        for (Recipe recipe : Recipes.bundled()) {
            for (Case of : Case.ofTheMatrix(recipe)) {
                if (recipe.unfitFor(of.kernel()).isEmpty()) {
                    work.put(new MatrixCells(of), judge.work(ImmutableList.of(of)));
                }
            }
        }
        ImmutableSetMultimap<MatrixCells, String> verdicts = verdicts(work.keySet());
        Set<String> open = new HashSet<>(verdicts.values());
        Map<MatrixCells, Double> chosen = new LinkedHashMap<>();
        while (!open.isEmpty()) {
            MatrixCells best = Collections.max(
                    work.keySet(),
                    Comparator.comparingDouble(c ->
                            Sets.intersection(verdicts.get(c), open).size() / Objects.requireNonNull(work.get(c))));
            chosen.put(best, Objects.requireNonNull(work.get(best)));
            open.removeAll(verdicts.get(best));
        }
        return chosen.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .collect(ImmutableList.toImmutableList());
    }

    /** What the committed matrix says, by case: a verdict with its property, and with its world, as text. */
    private static ImmutableSetMultimap<MatrixCells, String> verdicts(Set<MatrixCells> all) throws IOException {
        Map<String, MatrixCells> places = new HashMap<>();
        for (MatrixCells cells : all) {
            for (Property property : Property.of(cells.arch())) {
                places.put(
                        cells.of.recipe().name() + "@" + cells.of.world() + " "
                                + cells.of.kernel().specName() + " " + property,
                        cells);
            }
        }
        ImmutableSetMultimap.Builder<MatrixCells, String> verdicts = ImmutableSetMultimap.builder();
        for (Matrix.Cell cell : Matrix.committed()) {
            MatrixCells cells = places.get(cell.place());
            if (cells != null) {
                String arch = cells.arch() + " ";
                verdicts.put(
                        cells, arch + cell.property() + " " + cell.verdict().says());
                verdicts.put(cells, arch + cell.world() + " " + cell.verdict().says());
            }
        }
        return verdicts.build();
    }

    /** TLC came to no end: nothing is known. */
    private static final class NoEndException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** The names of the operators on which cells of an architecture build. */
    static ImmutableSet<String> operators(Arch arch) throws IOException {
        String migration = "Migration" + (arch == Arch.X86 ? "X86" : "Arm64");
        return ParsedSpecification.of(migration)
                .reachable(ImmutableList.of(migration + "Init", migration + "Next", "Judged", "View"));
    }

    Arch arch() {
        return of.recipe().arch();
    }

    /**
     * The first cell with another verdict than the committed one; empty if there is none, or TLC came to no end.
     *
     * @param text the mutant's module
     */
    Optional<String> difference(Mutant mutant, String text, TlcJvms jvms) throws IOException, InterruptedException {
        try {
            return difference(jvms, ImmutableMap.of(mutant.module(), text), new ArrayList<>());
        } catch (NoEndException e) {
            return Optional.empty();
        }
    }

    /** Whether a mutant that is compared has another value in this case, or that is not known. */
    boolean mayDiffer(Mutant mutant, Differences differences) throws IOException, InterruptedException {
        String key = Judge.key(ImmutableList.of(of), Judge.PREEMPTIONS);
        return differences.mayDiffer(mutant, toString(), key, (jvms, replaced) -> {
            List<String> printed = new ArrayList<>();
            try {
                return difference(jvms, replaced, printed).isPresent()
                        ? Optional.empty()
                        : Optional.of(ImmutableList.copyOf(printed));
            } catch (NoEndException e) {
                return Optional.empty();
            }
        });
    }

    /** @param printed what TLC prints is added to it */
    private Optional<String> difference(TlcJvms jvms, ImmutableMap<String, String> replaced, List<String> printed)
            throws IOException, InterruptedException, NoEndException {
        Judge judge = new Judge(Judge.PREEMPTIONS, null, (module, text, config, length) -> {
            ImmutableMap<String, String> all = ImmutableMap.<String, String>builder()
                    .putAll(replaced)
                    .put(module, text)
                    .buildOrThrow();
            TlcOutput output = jvms.run(module, all, config, Tlc.ONE_WORKER).orElseThrow(NoEndException::new);
            printed.addAll(output.printed());
            return output;
        });
        try {
            return new Matrix(judge.judge(ImmutableList.of(of)))
                    .changesFrom(Matrix.committed(), false).stream().findFirst();
        } catch (NoEndException e) {
            throw e;
        } catch (RecipeFaultException | RuntimeException e) { // (What TLC printed may be no finding any more.)
            return Optional.of(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
    }

    @Override
    public String toString() {
        return "recipe " + of;
    }
}
