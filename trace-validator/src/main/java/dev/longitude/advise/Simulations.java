package dev.longitude.advise;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.RecipeRuns;
import dev.longitude.recipe.World;
import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs between simulated hosts, which are much cheaper than TLC: a property that fails in one of them does not hold. That
 * it fails in none means nothing; then TLC judges.
 */
final class Simulations {
    /** How often the recipe itself is run to find runs that show a failure. */
    private static final int SEARCHED = 2000;

    /** How many of these a candidate must pass first: most do not pass the first one. */
    private static final int SHOWING = 16;

    /** ... and how many others. */
    private static final int OTHERS = 400;

    private static final int PREEMPTIONS = 1;

    /** A run is decided by these. */
    private record Draw(Preemption preemption, long seed) {}

    private record Question(Case of, Property property) {}

    private final Map<Question, ImmutableList<Draw>> showing = new ConcurrentHashMap<>();

    private static Draw draw(int seed) {
        Preemption[] ways = Preemption.values();
        return new Draw(ways[seed % ways.length], seed);
    }

    /** The runs of candidates that several properties ask for. */
    private final Map<Candidate, Map<Run, ImmutableSet<Property>>> runs =
            Collections.synchronizedMap(new IdentityHashMap<>());

    private record Run(World world, KernelProfile kernel, Draw draw) {}

    private ImmutableSet<Property> fails(Candidate candidate, Case of, Draw draw) {
        Case changed = new Case(candidate.recipe(), of.world(), of.kernel());
        if (!candidate.isShared()) {
            return fails(changed, draw);
        }
        return runs.computeIfAbsent(candidate, c -> new ConcurrentHashMap<>())
                .computeIfAbsent(new Run(of.world(), of.kernel(), draw), r -> fails(changed, draw));
    }

    private static ImmutableSet<Property> fails(Case of, Draw draw) {
        return new RecipeRuns(of.recipe(), of.world(), of.kernel(), false)
                .play(draw.preemption, PREEMPTIONS, draw.seed)
                .failsBeyondSteps();
    }

    private ImmutableList<Draw> showing(Case of, Property property) {
        return showing.computeIfAbsent(new Question(of, property), q -> {
            ImmutableList.Builder<Draw> draws = ImmutableList.builder();
            int found = 0;
            for (int seed = 0; seed < SEARCHED && found < SHOWING; seed++) {
                if (fails(of, draw(seed)).contains(property)) {
                    draws.add(draw(seed));
                    found++;
                }
            }
            return draws.build();
        });
    }

    /**
     * Runs a candidate under which a property may hold.
     *
     * @param of the recipe as it is, in a case where the property fails
     * @param held what holds there
     * @param clean whether a candidate that breaks anything is of no interest
     * @return what the runs show to be broken; empty if they show that the property fails, or that the candidate is of
     *     no interest
     */
    Optional<ImmutableSet<Property>> harm(
            Property property, Candidate candidate, Case of, Set<Property> held, boolean clean) {
        ImmutableList<Draw> draws = Stream.concat(
                        showing(of, property).stream(),
                        IntStream.range(0, OTHERS).mapToObj(Simulations::draw))
                .distinct()
                .collect(ImmutableList.toImmutableList());
        Set<Property> harm = EnumSet.noneOf(Property.class);
        for (Draw draw : draws) {
            ImmutableSet<Property> fails = fails(candidate, of, draw);
            if (fails.contains(property)) {
                return Optional.empty();
            }
            harm.addAll(Sets.intersection(fails, held));
            if (clean && !harm.isEmpty()) {
                return Optional.empty();
            }
            if (harm.contains(Property.COMPLETES)) {
                // What was not run to its end shows nothing of the property.
                break;
            }
        }
        return Optional.of(ImmutableSet.copyOf(harm));
    }
}
