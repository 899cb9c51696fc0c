package dev.longitude.mutate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judge;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.model.Tlc;
import dev.longitude.model.TlcJvms;
import dev.longitude.model.TlcOutput;
import dev.longitude.recipe.Recipe;
import java.io.IOException;
import java.util.Optional;

/** Cells of the committed matrix, judged on a mutant: those of a recipe on a kernel in all of its worlds. */
record MatrixCells(String recipe, String kernel, Arch arch) {
    /** In the order in which they are judged. Together they have each property and each world. */
    static final ImmutableList<MatrixCells> ALL = ImmutableList.of(
            new MatrixCells("series-v1-arm64-one-vcpu", "series-v1", Arch.ARM64),
            new MatrixCells("series-v2-arm64", "series-v2", Arch.ARM64),
            new MatrixCells("arm64-by-value", "v6.12", Arch.ARM64),
            new MatrixCells("kernel-documented", "v6.12", Arch.X86),
            new MatrixCells("series-by-value", "v6.12", Arch.X86),
            new MatrixCells("cloud-hypervisor-52", "v6.12", Arch.X86));

    /** TLC came to no end: nothing is known. */
    private static final class NoEndException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Whether they build on a module. */
    boolean evaluates(String module) {
        return MutatedModule.named(module).isOfRecipes(arch);
    }

    /** The first cell with another verdict than the committed one; empty if there is none, or TLC came to no end. */
    Optional<String> difference(TlcJvms jvms, ImmutableMap<String, String> replaced)
            throws IOException, InterruptedException {
        Recipe of = Recipes.bundled().stream()
                .filter(r -> r.name().equals(recipe))
                .findFirst()
                .orElseThrow();
        ImmutableList<Case> cases = Case.ofTheMatrix(of).stream()
                .filter(c -> c.kernel().equals(KernelProfile.of(kernel)))
                .collect(ImmutableList.toImmutableList());
        Judge judge = new Judge(Judge.PREEMPTIONS, null, (module, text, config, length) -> {
            ImmutableMap<String, String> all = ImmutableMap.<String, String>builder()
                    .putAll(replaced)
                    .put(module, text)
                    .buildOrThrow();
            Optional<TlcOutput> output = jvms.run(module, all, config, Tlc.ONE_WORKER);
            return output.orElseThrow(NoEndException::new);
        });
        try {
            // (Most mutants are noticed in the first world, which takes a second; the others take one run.)
            Optional<String> change = change(judge, cases.subList(0, 1));
            return change.isPresent() || cases.size() == 1 ? change : change(judge, cases.subList(1, cases.size()));
        } catch (NoEndException e) {
            return Optional.empty();
        } catch (RecipeFaultException | RuntimeException e) { // (What TLC printed may be no finding any more.)
            return Optional.of(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
    }

    private static Optional<String> change(Judge judge, ImmutableList<Case> cases)
            throws IOException, InterruptedException, RecipeFaultException {
        return new Matrix(judge.judge(cases))
                .changesFrom(Matrix.committed(), false).stream().findFirst();
    }

    @Override
    public String toString() {
        return "recipe " + recipe + " " + kernel;
    }
}
