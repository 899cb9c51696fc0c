package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;

/** A recipe in one of its worlds, on a kernel: the unit that TLC judges. */
public record Case(Recipe recipe, World world, KernelProfile kernel) {
    /** Before and after 6.7 KVM takes another value for one of synchronising: see Switch.USER_SET_TSC_GATE. */
    private static final ImmutableSet<String> OF_THE_WINDOW = ImmutableSet.of("v6.1", "v6.12");

    /** What is proposed for rates and clocks is in the second. */
    private static final ImmutableSet<String> OF_RATES_AND_CLOCKS = ImmutableSet.of("v6.12", "corrected");

    /** All cases of a recipe: every world that applies, every kernel that tables show. */
    public static ImmutableList<Case> all(Recipe recipe) {
        return recipe.worlds().stream()
                .flatMap(world ->
                        KernelProfile.showing(recipe.arch()).stream().map(kernel -> new Case(recipe, world, kernel)))
                .collect(ImmutableList.toImmutableList());
    }

    /** The cases of a recipe in the committed matrix: the usual world on every kernel, each other one on two. */
    public static ImmutableList<Case> ofTheMatrix(Recipe recipe) {
        return all(recipe).stream().filter(Case::isOfTheMatrix).collect(ImmutableList.toImmutableList());
    }

    /** Whether the committed matrix has it, if its recipe is a bundled one. */
    public boolean isOfTheMatrix() {
        boolean shown = KernelProfile.showing(recipe.arch()).contains(kernel);
        return switch (world) {
            case USUAL -> shown;
            case YOUNG_GUEST, SHORT -> OF_THE_WINDOW.contains(kernel.specName());
            case NEAR_RATE, OTHER_RATE, CANNOT_SCALE, SAME_HOST, STEPPED_CLOCK ->
                OF_RATES_AND_CLOCKS.contains(kernel.specName());
        };
    }

    @Override
    public String toString() {
        return recipe.name() + (world == World.USUAL ? "" : "@" + world) + " " + kernel;
    }
}
