package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.Block;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The changed recipes of one recipe: valid, and none of them twice. */
final class Candidates {
    private static final int MOST_STEPS_OF_A_PAIR = 12;

    private final RecipeText text;
    private final ImmutableList<Candidate> singles;
    private final ImmutableList<Candidate> pairs;
    private final boolean allPairs;

    /** {@code mostPairs}: how many candidates with two changes, the cheapest first, it has at most. */
    Candidates(RecipeText text, int mostPairs) {
        this.text = text;
        Known known = new Known(true);
        List<Candidate> one = new ArrayList<>();
        next(text.recipe(), text.written(), null, c -> true, known, one);
        this.singles = ImmutableList.copyOf(one);
        List<Candidate> two = new ArrayList<>();
        for (int steps = 2; steps <= MOST_STEPS_OF_A_PAIR && two.size() <= mostPairs; steps++) {
            for (Candidate first : singles) {
                int rest = steps - first.change().steps();
                if (rest > 0 && two.size() <= mostPairs) {
                    next(first.recipe(), first.change().after(), first.change(), c -> c.steps() == rest, known, two);
                }
            }
        }
        this.allPairs = two.size() <= mostPairs;
        this.pairs = ImmutableList.copyOf(two.subList(0, Math.min(two.size(), mostPairs)));
    }

    /** What has been found. */
    private static final class Known {
        private final Set<List<Block>> blocks = new HashSet<>();
        private final Set<String> texts = new HashSet<>();
        private final boolean shared;

        Known(boolean shared) {
            this.shared = shared;
        }
    }

    /** All with one change, the cheapest first. */
    ImmutableList<Candidate> singles() {
        return singles;
    }

    /** Those with two changes that are tried for every property, the cheapest first. */
    ImmutableList<Candidate> pairs() {
        return pairs;
    }

    /** Whether there are no other pairs. */
    boolean areAllPairs() {
        return allPairs;
    }

    /** All with one more change than others have, the cheapest first. */
    ImmutableList<Candidate> after(List<Candidate> firsts) {
        Known known = new Known(false);
        singles.forEach(c -> known.blocks.add(c.recipe().blocks()));
        List<Candidate> all = new ArrayList<>();
        firsts.forEach(f -> next(f.recipe(), f.change().after(), f.change(), c -> true, known, all));
        return ImmutableList.sortedCopyOf((a, b) -> Change.CHEAPEST.compare(a.change(), b.change()), all);
    }

    /** All with two changes that others have as their only ones, the cheapest first. */
    ImmutableList<Candidate> combined(List<Candidate> parts) {
        Set<String> said =
                parts.stream().map(p -> p.change().changes().get(0)).collect(Collectors.toCollection(HashSet::new));
        Known known = new Known(false);
        singles.forEach(c -> known.blocks.add(c.recipe().blocks()));
        List<Candidate> all = new ArrayList<>();
        parts.forEach(p -> next(
                p.recipe(),
                p.change().after(),
                p.change(),
                c -> said.contains(c.changes().get(0)),
                known,
                all));
        return ImmutableList.sortedCopyOf((a, b) -> Change.CHEAPEST.compare(a.change(), b.change()), all);
    }

    private void next(
            Recipe recipe,
            WrittenRecipe written,
            @Nullable Change before,
            Predicate<Change> wanted,
            Known known,
            List<Candidate> all) {
        for (Change change : Changes.of(recipe, written)) {
            if (wanted.test(change)) {
                candidate(before == null ? change : change.after(before), known).ifPresent(all::add);
            }
        }
    }

    private Optional<Candidate> candidate(Change change, Known known) {
        if (!known.texts.add(text.plain(change.after())) || Arrivals.areLate(text.written(), change.after())) {
            return Optional.empty();
        }
        try {
            Recipe recipe = text.recipe(change.after());
            return recipe.blocks().equals(text.recipe().blocks()) || !known.blocks.add(recipe.blocks())
                    ? Optional.empty()
                    : Optional.of(new Candidate(change, recipe, known.shared));
        } catch (RecipeException e) {
            return Optional.empty();
        }
    }
}
