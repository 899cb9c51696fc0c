package dev.longitude.matrix;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;

/** A recipe in one of its worlds, on a kernel: the unit that TLC judges. */
public record Case(Recipe recipe, World world, KernelProfile kernel) {
    @Override
    public String toString() {
        return recipe.name() + (world == World.USUAL ? "" : "@" + world) + " " + kernel;
    }
}
