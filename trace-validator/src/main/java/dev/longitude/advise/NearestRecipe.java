package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.StepKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bundled recipe under which a property holds that is nearest to a recipe, with the same policy and the same
 * journey, by the committed matrix.
 *
 * @param steps how many steps must be put in, left out or replaced
 */
record NearestRecipe(String name, int steps) {
    static Optional<NearestRecipe> of(
            Recipe recipe, Property property, Case failing, List<Recipe> bundled, List<Matrix.Cell> cells) {
        String kernel =
                failing.kernel().shownOn(recipe.arch()).orElse(failing.kernel()).specName();
        Set<String> holding = new HashSet<>();
        for (Matrix.Cell cell : cells) {
            if (cell.property().equals(property.specName())
                    && cell.kernel().equals(kernel)
                    && cell.world().equals(failing.world().specName())
                    && cell.verdict().says() == Verdict.Outcome.HOLDS) {
                holding.add(cell.recipe());
            }
        }
        return bundled.stream()
                .filter(r -> holding.contains(r.name())
                        && r.arch() == recipe.arch()
                        && r.policy() == recipe.policy()
                        && r.moves() == recipe.moves())
                .map(r -> new NearestRecipe(r.name(), distance(words(recipe), words(r))))
                .min(Comparator.comparingInt(NearestRecipe::steps));
    }

    /** The steps after the guest first runs; names of saved values do not count. */
    private static ImmutableList<String> words(Recipe recipe) {
        ImmutableList.Builder<String> all = ImmutableList.builder();
        boolean runs = false;
        for (Block block : recipe.blocks()) {
            for (var step : block.steps()) {
                runs |= step.kind() == StepKind.WORK;
                if (runs) {
                    all.add(step.kind() + " " + block.how() + " "
                            + shape(step.args().toString()));
                }
            }
        }
        return all.build();
    }

    /** An expression without the names that steps gave to what they saved. */
    private static String shape(String expression) {
        return expression.replaceAll("name=[a-zA-Z0-9]+", "name=");
    }

    private static int distance(List<String> one, List<String> other) {
        List<Integer> row = new ArrayList<>();
        for (int j = 0; j <= other.size(); j++) {
            row.add(j);
        }
        for (String word : one) {
            List<Integer> next = new ArrayList<>(List.of(row.get(0) + 1));
            for (int j = 1; j <= other.size(); j++) {
                int replaced = row.get(j - 1) + (word.equals(other.get(j - 1)) ? 0 : 1);
                next.add(Math.min(replaced, Math.min(row.get(j), next.get(j - 1)) + 1));
            }
            row = next;
        }
        return row.get(other.size());
    }

    /** In words, or nothing. */
    static @Nullable String text(Optional<NearestRecipe> nearest) {
        return nearest.map(n -> n.name + " (" + n.steps + " steps differ)").orElse(null);
    }
}
