package dev.longitude.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.ImmutableList;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.World;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The cells of a matrix, small: most verdicts occur often, so a cell is the number of one.
 *
 * @param verdicts each verdict once
 */
public record MatrixGrid(ImmutableList<Cell> verdicts, ImmutableList<OfRecipe> recipes) {
    /**
     * A verdict.
     *
     * @param brief its text in a table
     * @param says its first words
     * @param detail the rest; may be empty
     */
    public record Cell(Mark mark, String brief, String says, String detail) {}

    /**
     * What there is of a recipe.
     *
     * @param argument what names it on the command line
     * @param lines what else there is to say of it
     */
    public record OfRecipe(
            String name,
            String argument,
            String about,
            ImmutableList<String> lines,
            ImmutableList<Claim> claims,
            ImmutableList<Table> tables) {}

    /** A published claim, and what the matrix says to it. */
    public record Claim(String claim, String by, String property, String verdict) {}

    /**
     * A recipe in a world.
     *
     * @param rows for each property: the numbers of its verdicts, in the order of the kernels
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Table(
            String world,
            ImmutableList<String> kernels,
            ImmutableList<String> properties,
            ImmutableList<ImmutableList<Integer>> rows) {}

    /**
     * All cells of a matrix.
     *
     * @param argument what names a recipe on the command line
     */
    public static MatrixGrid of(Matrix matrix, Function<Recipe, String> argument) {
        Map<Cell, Integer> verdicts = new LinkedHashMap<>();
        Map<Recipe, Map<World, List<Judgement>>> recipes = new LinkedHashMap<>();
        for (Judgement judgement : matrix.judgements()) {
            recipes.computeIfAbsent(judgement.of().recipe(), r -> new LinkedHashMap<>())
                    .computeIfAbsent(judgement.of().world(), w -> new ArrayList<>())
                    .add(judgement);
        }
        ImmutableList.Builder<OfRecipe> all = ImmutableList.builder();
        for (Map.Entry<Recipe, Map<World, List<Judgement>>> entry : recipes.entrySet()) {
            Recipe recipe = entry.getKey();
            ImmutableList.Builder<Table> tables = ImmutableList.builder();
            entry.getValue().forEach((world, judgements) -> tables.add(table(world, judgements, verdicts)));
            all.add(new OfRecipe(
                    recipe.name(),
                    argument.apply(recipe),
                    RecipeSubject.about(recipe),
                    lines(recipe),
                    claims(matrix, recipe),
                    tables.build()));
        }
        return new MatrixGrid(ImmutableList.copyOf(verdicts.keySet()), all.build());
    }

    private static Table table(World world, List<Judgement> judgements, Map<Cell, Integer> verdicts) {
        List<Property> properties = Property.of(judgements.get(0).of().recipe().arch());
        ImmutableList.Builder<ImmutableList<Integer>> rows = ImmutableList.builder();
        for (Property property : properties) {
            rows.add(judgements.stream()
                    .map(judgement -> {
                        Cell cell = cell(judgement, property);
                        Integer known = verdicts.putIfAbsent(cell, verdicts.size());
                        return known == null ? Integer.valueOf(verdicts.size() - 1) : known;
                    })
                    .collect(ImmutableList.toImmutableList()));
        }
        return new Table(
                world.specName(),
                judgements.stream().map(j -> j.of().kernel().specName()).collect(ImmutableList.toImmutableList()),
                properties.stream().map(Property::specName).collect(ImmutableList.toImmutableList()),
                rows.build());
    }

    private static Cell cell(Judgement judgement, Property property) {
        Verdict verdict = judgement.verdict(property);
        return new Cell(
                RecipeSubject.mark(judgement.of().recipe(), verdict),
                verdict.says().brief() + (verdict.length() == null ? "" : " " + verdict.length()),
                verdict.says().toString(),
                RecipeSubject.detail(verdict, property));
    }

    private static ImmutableList<String> lines(Recipe recipe) {
        ImmutableList.Builder<String> lines = ImmutableList.builder();
        recipe.unknown()
                .forEach(unknown -> lines.add("Unknown: " + unknown + "; the verdicts are of the recipe without it"));
        recipe.sources().forEach(source -> lines.add("Source: " + source));
        recipe.notJudged().forEach((world, why) -> lines.add("Not judged in the world " + world + ": " + why));
        return lines.build();
    }

    private static ImmutableList<Claim> claims(Matrix matrix, Recipe recipe) {
        return matrix.claims().stream()
                .filter(c -> c.recipe().equals(recipe))
                .map(c -> new Claim(
                        c.claim().says(),
                        c.claim().by(),
                        c.claim().property() + (c.claim().fails() ? " fails" : " holds"),
                        c.verdict()))
                .collect(ImmutableList.toImmutableList());
    }
}
