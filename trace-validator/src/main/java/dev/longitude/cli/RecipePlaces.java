package dev.longitude.cli;

import dev.longitude.matrix.Cause;
import dev.longitude.matrix.Counterexample;
import dev.longitude.matrix.Recipes;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeLines;
import dev.longitude.recipe.StepKind;
import dev.longitude.results.Location;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where in a recipe's file a failure arises. */
final class RecipePlaces {
    private final String file;
    private final RecipeLines lines;

    private RecipePlaces(String file, RecipeLines lines) {
        this.file = file;
        this.lines = lines;
    }

    /**
     * The places of a recipe.
     *
     * @param ownFile the user's file, or null: the recipe is a bundled one
     */
    static RecipePlaces of(Recipe recipe, @Nullable String ownFile) throws IOException {
        return new RecipePlaces(
                ownFile == null ? "spec/recipes/" + recipe.name() + ".yaml" : ownFile,
                RecipeLines.of(Recipes.text(recipe, ownFile)));
    }

    /** The whole file. */
    Location whole() {
        return Location.of(Path.of(file));
    }

    /**
     * The steps of the file between which it goes wrong, then those that the counterexample rests on, and those that come too
     * late for it. The first is the
     * whole file if none of its steps is known to be at fault.
     */
    Location[] of(Counterexample counterexample) {
        Cause cause = Cause.of(counterexample);
        List<Location> places = new ArrayList<>();
        for (int number : cause.steps()) {
            int line = line(counterexample, number);
            if (line > 0) {
                places.add(new Location(
                        file,
                        line,
                        null,
                        "step " + number + ": " + counterexample.steps().get(number - 1)));
            }
        }
        for (StepKind kind : cause.notYet()) {
            int line = lines.lineOf(true, kind.specName());
            if (line > 0) {
                places.add(new Location(file, line, null, kind + ": not yet done"));
            }
        }
        int from = cause.between().map(b -> line(counterexample, b.first())).orElse(0);
        int to = cause.between().map(b -> line(counterexample, b.second())).orElse(0);
        int last = places.isEmpty()
                ? 0
                : Math.max(0, orZero(places.get(places.size() - 1).line()));
        if (from > 0 && to > from) {
            places.add(0, new Location(file, from, to, null));
        } else {
            places.add(0, Location.of(Path.of(file), to > 0 ? to : from > 0 ? from : last));
        }
        return places.toArray(Location[]::new);
    }

    private static int orZero(@Nullable Integer line) {
        return line == null ? 0 : line;
    }

    private int line(Counterexample counterexample, int number) {
        String what = counterexample.steps().get(number - 1).what();
        boolean restoring = counterexample.steps().stream()
                .limit(number)
                .anyMatch(s -> s.what().equals(StepKind.BLACKOUT.specName()));
        return lines.lineOf(restoring, what);
    }
}
