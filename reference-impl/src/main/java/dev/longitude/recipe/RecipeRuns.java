package dev.longitude.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longitude.kernel.KernelProfile;
import java.util.Optional;

/** Runs of a recipe in one world and on one kernel, each decided by its seed: see {@link RecipeRun}. */
public final class RecipeRuns {
    private final Recipe recipe;
    private final World world;
    private final KernelProfile kernel;
    private final boolean showsState;

    /**
     * Prepares them.
     *
     * @param world one of the recipe's worlds
     * @param showsState whether the events of the traces show the state after them, which takes most of a run's time
     * @throws IllegalArgumentException if the kernel cannot run the recipe
     */
    public RecipeRuns(Recipe recipe, World world, KernelProfile kernel, boolean showsState) {
        Optional<String> unfit = recipe.unfitFor(kernel);
        checkArgument(unfit.isEmpty(), "%s: %s", recipe.name(), unfit);
        this.recipe = recipe.on(kernel);
        this.world = world;
        this.kernel = kernel;
        this.showsState = showsState;
    }

    /**
     * Runs it once.
     *
     * @param preemptions maximum number of preemptions of the VMM
     */
    public Simulation play(Preemption preemption, int preemptions, long seed) {
        return new RecipeRun(recipe, world, kernel, showsState, preemption, preemptions, seed).play();
    }
}
