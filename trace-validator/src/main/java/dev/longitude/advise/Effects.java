package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a candidate changes, by TLC, in all cases that were asked.
 *
 * @param fixed the places where a property failed and holds now
 * @param broken those where it held and does not now, or fails though the VMM is not preempted and did not before
 * @param unfit the kernels that could carry out the recipe and cannot carry out the candidate, of all known ones
 */
record Effects(ImmutableList<Place> fixed, ImmutableList<Place> broken, ImmutableList<KernelProfile> unfit) {
    /** A property in a case, with what is said of it before and after. */
    record Place(Case of, Property property, Verdict before, Verdict after) {}

    /**
     * Compares.
     *
     * @param before the recipe's judgements
     * @param after the candidate's in the same cases; empty if nothing completes it
     */
    static Effects of(Recipe candidate, List<Judgement> before, List<Optional<Judgement>> after) {
        ImmutableList.Builder<Place> fixed = ImmutableList.builder();
        ImmutableList.Builder<Place> broken = ImmutableList.builder();
        for (int i = 0; i < before.size(); i++) {
            Judgement was = before.get(i);
            boolean unfit = candidate.unfitFor(was.of().kernel()).isPresent();
            Map<Property, Verdict> is = after.get(i).map(Judgement::verdicts).orElse(null);
            for (Map.Entry<Property, Verdict> entry : was.verdicts().entrySet()) {
                Verdict now = is == null ? null : is.get(entry.getKey());
                if (now == null || unfit) {
                    continue;
                }
                Place place = new Place(was.of(), entry.getKey(), entry.getValue(), now);
                if (entry.getValue().isFailure() && now.says().isHolding()) {
                    fixed.add(place);
                } else if (isWorse(entry.getValue(), now)) {
                    broken.add(place);
                }
            }
        }
        return new Effects(
                fixed.build(), broken.build(), unfit(before.get(0).of().recipe(), candidate));
    }

    private static boolean isWorse(Verdict before, Verdict after) {
        return (before.says().isHolding() && !after.says().isHolding())
                || (before.isFailure()
                        && before.says() != Verdict.Outcome.FAILS
                        && after.says() == Verdict.Outcome.FAILS)
                || (before.isFailure() && after.says() == Verdict.Outcome.DOES_NOT_APPLY);
    }

    private static ImmutableList<KernelProfile> unfit(Recipe recipe, Recipe candidate) {
        return KernelProfile.showing(recipe.arch()).stream()
                .filter(k ->
                        recipe.unfitFor(k).isEmpty() && candidate.unfitFor(k).isPresent())
                .collect(ImmutableList.toImmutableList());
    }

    /** Whether it breaks nothing. */
    boolean areClean() {
        return broken.isEmpty();
    }

    /** Whether it breaks something that matters more than a property. */
    boolean breakMoreThan(Property property) {
        return broken.stream().anyMatch(p -> Importance.isMore(p.property(), property));
    }

    /** The properties that hold in a case and did not. */
    ImmutableSet<Property> fixedIn(Case of) {
        return fixed.stream()
                .filter(p -> p.of().equals(of))
                .map(Place::property)
                .collect(ImmutableSet.toImmutableSet());
    }

    /** What is broken, the most important first. */
    ImmutableList<Property> brokenProperties() {
        Set<Property> all = new TreeSet<>(Importance.ORDER);
        broken.forEach(p -> all.add(p.property()));
        return ImmutableList.copyOf(all);
    }

    /** The least harm first: that what is broken matters little, then that it is little. */
    static final Comparator<Effects> LEAST_HARM = (one, other) -> {
        List<Property> ours = new ArrayList<>(one.brokenProperties());
        List<Property> theirs = new ArrayList<>(other.brokenProperties());
        if (ours.isEmpty() || theirs.isEmpty()) {
            return Boolean.compare(theirs.isEmpty(), ours.isEmpty());
        }
        int first = Importance.ORDER.compare(theirs.get(0), ours.get(0));
        return first != 0 ? first : Integer.compare(one.broken.size(), other.broken.size());
    };
}
