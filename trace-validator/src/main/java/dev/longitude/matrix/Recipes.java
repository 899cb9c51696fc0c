package dev.longitude.matrix;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import com.google.common.reflect.ClassPath;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.RecipeReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** Finds recipes: the bundled ones, and the user's own. */
public final class Recipes {
    private static final String FOLDER = "spec/recipes/";
    private static final String SUFFIX = ".yaml";

    private Recipes() {}

    /** The bundled recipes, by architecture and name. */
    public static ImmutableList<Recipe> bundled() throws IOException {
        ImmutableList.Builder<Recipe> all = ImmutableList.builder();
        for (ClassPath.ResourceInfo resource :
                ClassPath.from(Recipes.class.getClassLoader()).getResources()) {
            String file = resource.getResourceName();
            if (file.startsWith(FOLDER) && file.endsWith(SUFFIX)) {
                try (Reader in = resource.asCharSource(UTF_8).openStream()) {
                    all.add(read(file, in));
                } catch (RecipeException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        return ImmutableList.sortedCopyOf(Comparator.comparing(Recipe::arch).thenComparing(Recipe::name), all.build());
    }

    /**
     * A bundled recipe by its name, otherwise one from a file.
     *
     * @throws RecipeException if the file holds no recipe
     * @throws RecipeFaultException if neither a recipe nor a file has that name
     */
    public static Recipe find(String nameOrFile) throws IOException, RecipeException, RecipeFaultException {
        for (Recipe recipe : bundled()) {
            if (recipe.name().equals(nameOrFile)) {
                return recipe;
            }
        }
        Path file = Path.of(nameOrFile);
        if (!Files.isRegularFile(file)) {
            throw new RecipeFaultException(
                    "no recipe and no file '" + nameOrFile + "'; `matrix --list` shows the recipes");
        }
        try (Reader in = Files.newBufferedReader(file, UTF_8)) {
            return read(nameOrFile, in);
        }
    }

    /**
     * The text of a recipe's file.
     *
     * @param ownFile the user's file, or null: the recipe is a bundled one
     */
    public static String text(Recipe recipe, @Nullable String ownFile) throws IOException {
        return ownFile == null
                ? Resources.toString(Resources.getResource(Recipes.class, "/" + FOLDER + recipe.name() + SUFFIX), UTF_8)
                : Files.readString(Path.of(ownFile), UTF_8);
    }

    private static Recipe read(String file, Reader in) throws RecipeException {
        String last = file.substring(file.lastIndexOf('/') + 1);
        return RecipeReader.read(
                file, last.endsWith(SUFFIX) ? last.substring(0, last.length() - SUFFIX.length()) : last, in);
    }
}
