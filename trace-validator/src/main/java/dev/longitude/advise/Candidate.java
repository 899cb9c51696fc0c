package dev.longitude.advise;

import dev.longitude.recipe.Recipe;

/**
 * A changed recipe that {@code RecipeReader} accepts.
 *
 * @param isShared whether it is a candidate for every property
 */
record Candidate(Change change, Recipe recipe, boolean isShared) {}
