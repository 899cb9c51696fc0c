package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.RecipeFaultException;
import dev.longitude.matrix.Recipes;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import dev.longitude.recipe.World;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Finds for each property of a recipe that fails the smallest change under which it holds. */
public final class Advisor {
    private static final String SUFFIX = ".yaml";

    private final CandidateJudge judge;
    private final Bounds bounds;
    private final Consumer<String> progress;
    private final ImmutableList<Recipe> bundled;
    private final ImmutableList<Matrix.Cell> cells;

    /**
     * An advisor.
     *
     * @param progress receives what is being done, in a few words
     */
    public Advisor(CandidateJudge judge, Bounds bounds, Consumer<String> progress) throws IOException {
        this.judge = judge;
        this.bounds = bounds;
        this.progress = progress;
        this.bundled = Recipes.bundled();
        this.cells = Matrix.committed();
    }

    /**
     * Advises on a recipe.
     *
     * @param nameOrFile a bundled recipe's name, or a file
     * @param kernels the kernels on which it is judged
     * @param world the only world in which it is judged; null: all of its own
     * @param properties the only properties that count; empty: all
     * @throws RecipeException if the file holds no recipe
     * @throws RecipeFaultException if there is no such recipe
     * @throws IllegalArgumentException if no behaviour completes it, or the file is written in a way that cannot be edited
     */
    public Advice advise(
            String nameOrFile, List<KernelProfile> kernels, @Nullable World world, ImmutableSet<Property> properties)
            throws IOException, InterruptedException, RecipeException, RecipeFaultException {
        RecipeText text = text(nameOrFile);
        ImmutableList<Case> cases = cases(text.recipe(), kernels, world);
        progress.accept("judging the recipe as it is");
        ImmutableList.Builder<Judgement> judgements = ImmutableList.builder();
        List<Optional<Judgement>> judged = judge.judge(cases);
        for (int i = 0; i < cases.size(); i++) {
            Case of = cases.get(i);
            judgements.add(judged.get(i)
                    .orElseThrow(() -> new IllegalArgumentException(
                            of + ": the recipe cannot be completed: a step cannot be carried out")));
        }
        ImmutableList<Judgement> before = judgements.build();
        Candidates candidates = new Candidates(text, bounds.pairs());
        Simulations simulations = new Simulations();
        List<Answer> answers = new ArrayList<>();
        List<Remedy> found = new ArrayList<>();
        List<Property> order = new ArrayList<>(Property.of(text.recipe().arch()));
        order.sort(Importance.ORDER);
        for (Property property : order) {
            if (properties.isEmpty() || properties.contains(property)) {
                List<Judgement> open = new ArrayList<>(before.stream()
                        .filter(j -> verdict(j, property).isFailure())
                        .toList());
                while (!open.isEmpty()) {
                    Case target = target(open);
                    Search search = new Search(
                            candidates,
                            before,
                            judge,
                            simulations,
                            bounds,
                            progress,
                            property,
                            target,
                            known(found, property, open));
                    Optional<Remedy> remedy = search.find();
                    remedy.filter(r -> r.effects().areClean()).ifPresent(found::add);
                    // What cannot be had in one world of a kernel is not looked for in its others.
                    List<Judgement> covered = open.stream()
                            .filter(j -> remedy.map(
                                            r -> r.effects().fixedIn(j.of()).contains(property))
                                    .orElse(j.of().kernel().equals(target.kernel())))
                            .toList();
                    open.removeAll(covered);
                    answers.add(answer(text, property, covered, remedy.orElse(null), search.tried(), target));
                }
            }
        }
        return new Advice(
                text.recipe().name(),
                cases.stream().map(Advisor::name).collect(ImmutableList.toImmutableList()),
                text.recipe().worlds().stream()
                        .filter(w -> cases.stream().noneMatch(c -> c.world() == w))
                        .map(World::specName)
                        .collect(ImmutableList.toImmutableList()),
                ImmutableList.copyOf(answers),
                undecided(text.recipe(), before, properties));
    }

    /** What the recipe lacks, and what could not be judged. */
    private static ImmutableList<String> undecided(
            Recipe recipe, List<Judgement> judgements, ImmutableSet<Property> properties) {
        ImmutableList.Builder<String> all = ImmutableList.builder();
        recipe.unknown().forEach(u -> all.add("Unknown, and left out of what was judged: " + u));
        for (Judgement judgement : judgements) {
            judgement.verdicts().forEach((property, verdict) -> {
                if (verdict.says() == Verdict.Outcome.NOT_MODELLED
                        && (properties.isEmpty() || properties.contains(property))) {
                    all.add(property + ": " + name(judgement.of()) + " " + verdict);
                }
            });
        }
        return all.build();
    }

    /** A case with its world, without the recipe's name. */
    private static String name(Case of) {
        return of.kernel() + " (" + of.world() + ")";
    }

    private static Verdict verdict(Judgement judgement, Property property) {
        return Optional.ofNullable(judgement.verdicts().get(property)).orElseThrow();
    }

    private static ImmutableList<Case> cases(Recipe recipe, List<KernelProfile> kernels, @Nullable World world) {
        ImmutableList.Builder<Case> all = ImmutableList.builder();
        for (World one : recipe.worlds()) {
            if (world == null || world == one) {
                kernels.forEach(k -> all.add(new Case(recipe, one, k)));
            }
        }
        return all.build();
    }

    /** The first world, and there the newest kernel. */
    private static Case target(List<Judgement> open) {
        World first = open.get(0).of().world();
        return open.stream()
                .map(Judgement::of)
                .filter(c -> c.world() == first)
                .reduce((one, other) -> other)
                .orElseThrow();
    }

    /** The smallest earlier change under which the property holds in all these cases too. */
    private static @Nullable Remedy known(List<Remedy> found, Property property, List<Judgement> open) {
        return found.stream()
                .filter(r ->
                        open.stream().allMatch(j -> r.effects().fixedIn(j.of()).contains(property)))
                .min((one, other) -> Remedy.SIZE.compare(
                        one.candidate().change(), other.candidate().change()))
                .orElse(null);
    }

    private Answer answer(
            RecipeText text,
            Property property,
            List<Judgement> covered,
            @Nullable Remedy remedy,
            Tried tried,
            Case target) {
        ImmutableList<String> fails = covered.stream()
                .map(j -> name(j.of()) + " " + verdict(j, property).says())
                .collect(ImmutableList.toImmutableList());
        String nearest = NearestRecipe.text(NearestRecipe.of(text.recipe(), property, target, bundled, cells));
        if (remedy == null) {
            return new Answer(
                    property.specName(),
                    fails,
                    ImmutableList.of(),
                    "",
                    ImmutableList.of(),
                    ImmutableList.of(),
                    ImmutableList.of(),
                    false,
                    tried,
                    nearest);
        }
        Effects effects = remedy.effects();
        Recipe changed = remedy.candidate().recipe();
        return new Answer(
                property.specName(),
                fails,
                remedy.candidate().change().changes(),
                diff(text, remedy.candidate()),
                said(
                        effects.fixed().stream()
                                .filter(p -> p.property() != property)
                                .toList(),
                        p -> p.property().specName()),
                said(
                        effects.broken(),
                        p -> p.property() + " (" + p.before().says() + ", then "
                                + (p.after().says() == Verdict.Outcome.DOES_NOT_APPLY
                                        ? p.after()
                                        : p.after().says())
                                + ")"),
                effects.unfit().stream().map(KernelProfile::specName).collect(ImmutableList.toImmutableList()),
                changed.goesByWallClocks() && !text.recipe().goesByWallClocks(),
                tried,
                nearest);
    }

    /** Each text once, with the cases in which it is so. */
    private static ImmutableList<String> said(List<Effects.Place> places, Function<Effects.Place, String> what) {
        Map<String, List<String>> cases = new LinkedHashMap<>();
        places.forEach(p ->
                cases.computeIfAbsent(what.apply(p), w -> new ArrayList<>()).add(name(p.of())));
        return cases.entrySet().stream()
                .map(e -> e.getKey() + " on " + String.join(", ", e.getValue()))
                .collect(ImmutableList.toImmutableList());
    }

    /** The difference of the file; the edited file must be the candidate. */
    private static String diff(RecipeText text, Candidate candidate) {
        String edited = text.edited(candidate.change().after());
        try {
            Recipe read = new RecipeText(text.file(), text.recipe().name(), edited).recipe();
            if (!read.blocks().equals(candidate.recipe().blocks())) {
                throw new IllegalStateException(text.file() + ": the edited file is not the candidate:\n" + edited);
            }
        } catch (RecipeException e) {
            throw new IllegalStateException("the edited file is no recipe:\n" + edited, e);
        }
        return UnifiedDiff.of(text.file(), text.text(), edited);
    }

    private RecipeText text(String nameOrFile) throws IOException, RecipeException, RecipeFaultException {
        Recipe found = Recipes.find(nameOrFile);
        boolean own = !bundled.contains(found);
        return new RecipeText(
                own ? nameOrFile : found.name() + SUFFIX, found.name(), Recipes.text(found, own ? nameOrFile : null));
    }
}
