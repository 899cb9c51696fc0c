package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Verdict;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import dev.longitude.recipe.Property;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The counterexample of a cell that fails, on a mutant: what its steps and the guest's clocks are shown to be.
 *
 * @param of the case
 * @param verdict the committed one
 */
record Opening(Case of, Property property, Verdict verdict) {
    /** On what only counterexamples build. */
    private static final ImmutableSet<String> SHOWING = ImmutableSet.of("Shown", "Bookkeeping", "Did");

    /** TLC came to no end: nothing is known. */
    private static final class NoEndException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static final Map<Opening, ImmutableList<Counterexample.Step>> KNOWN = new ConcurrentHashMap<>();

    /** Of each architecture and property, the failure that TLC finds soonest among these cells. */
    static ImmutableList<Opening> all(List<MatrixCells> cells) throws IOException {
        Map<String, Opening> openings = new TreeMap<>();
        List<Matrix.Cell> committed = Matrix.committed();
        for (MatrixCells each : cells) {
            for (Property property : Property.of(each.arch())) {
                String place = each.of().recipe().name() + "@" + each.of().world() + " "
                        + each.of().kernel().specName() + " " + property;
                committed.stream()
                        .filter(cell -> cell.place().equals(place)
                                && cell.verdict().says().isFailure())
                        .findFirst()
                        .ifPresent(cell -> openings.putIfAbsent(
                                each.arch() + " " + property, new Opening(each.of(), property, cell.verdict())));
            }
        }
        return ImmutableList.copyOf(openings.values());
    }

    /** Whether it shows what a mutant has changed, and no verdict depends on that. */
    boolean shows(Mutant mutant) {
        Arch arch = of.recipe().arch();
        return SHOWING.contains(mutant.operator())
                && MutatedModule.named(mutant.module()).isOfRecipes(arch);
    }

    /** How the counterexample differs from that of the specification; empty if it does not, or TLC came to no end. */
    Optional<String> difference(TlcJvms jvms, ImmutableMap<String, String> replaced)
            throws IOException, InterruptedException {
        try {
            ImmutableList<Counterexample.Step> expected = KNOWN.get(this);
            if (expected == null) {
                expected = steps(jvms, ImmutableMap.of());
                KNOWN.put(this, expected);
            }
            ImmutableList<Counterexample.Step> found = steps(jvms, replaced);
            return found.equals(expected) ? Optional.empty() : Optional.of("other steps, or clocks, are shown");
        } catch (NoEndException e) {
            return Optional.empty();
        } catch (RuntimeException e) { // (What TLC printed may be no counterexample any more.)
            return Optional.of(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
    }

    private ImmutableList<Counterexample.Step> steps(TlcJvms jvms, ImmutableMap<String, String> replaced)
            throws IOException, InterruptedException {
        Judge judge = new Judge(
                Judge.PREEMPTIONS,
                null,
                (module, text, config, length) -> jvms.run(
                                module,
                                ImmutableMap.<String, String>builder()
                                        .putAll(replaced)
                                        .put(module, text)
                                        .buildOrThrow(),
                                config,
                                Tlc.ONE_WORKER)
                        .orElseThrow(NoEndException::new));
        return judge.open(of, property, verdict).steps();
    }

    @Override
    public String toString() {
        return "counterexample " + of + " " + property;
    }
}
