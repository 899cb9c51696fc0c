package dev.longitude.matrix;

import com.google.common.collect.ImmutableList;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.RecipeRuns;
import dev.longitude.recipe.Simulation;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Compares a judgement with simulated runs with real numbers: a property that holds must fail in none, and one that
 * fails should fail in some.
 *
 * @param runs the number of runs
 * @param contradictions failures that a run shows and the judgement excludes, each with a command that reproduces it
 * @param unseen failures of the judgement that no run shows
 */
public record SimulationCheck(Case of, int runs, ImmutableList<String> contradictions, ImmutableList<String> unseen) {
    /**
     * Runs a case.
     *
     * @param preemptions the maximum preemptions per run
     * @param runs the number of runs; the kinds of preemption take turns
     * @param firstSeed the first run's seed; each further run has the next
     */
    public static SimulationCheck run(Judgement judgement, int preemptions, int runs, long firstSeed) {
        Case of = judgement.of();
        if (!judgement.isJudged()) {
            return new SimulationCheck(of, 0, ImmutableList.of(), ImmutableList.of());
        }
        Map<Property, Map<Preemption, Long>> seen = new TreeMap<>();
        Map<Property, Map<Preemption, Long>> seenBeyondSteps = new TreeMap<>();
        Preemption[] ways = Preemption.values();
        RecipeRuns recipe = new RecipeRuns(of.recipe(), of.world(), of.kernel(), false);
        for (int run = 0; run < runs; run++) {
            long seed = firstSeed + run;
            Preemption way = ways[run % ways.length];
            Simulation simulation = recipe.play(way, preemptions, seed);
            note(simulation.fails(), way, seed, seen);
            note(simulation.failsBeyondSteps(), way, seed, seenBeyondSteps);
        }
        List<String> contradictions = new ArrayList<>();
        List<String> unseen = new ArrayList<>();
        judgement.verdicts().forEach((property, verdict) -> {
            if (verdict.says() == Verdict.Outcome.NOT_MODELLED) {
                return;
            }
            Map<Preemption, Long> by = seen.getOrDefault(property, Map.of());
            Map<Preemption, Long> beyond = seenBeyondSteps.getOrDefault(property, Map.of());
            Map<Preemption, Long> contradicting = verdict.isFailure() && property.isDistance() ? beyond : by;
            contradicting.forEach((way, seed) -> {
                if (!verdict.isShownBy(way, beyond.containsKey(way))) {
                    contradictions.add(of + ": " + property + " " + verdict.says() + ", but a run shows it: "
                            + command(of, way, preemptions, seed));
                }
            });
            Preemption least = verdict.preemption();
            if (least != null && !(verdict.isFailure() ? beyond : by).containsKey(least)) {
                unseen.add(of + ": " + property + " " + verdict.says() + ", but no run shows it");
            }
        });
        return new SimulationCheck(of, runs, ImmutableList.copyOf(contradictions), ImmutableList.copyOf(unseen));
    }

    private static void note(
            Set<Property> fails, Preemption way, long seed, Map<Property, Map<Preemption, Long>> seen) {
        fails.forEach(property -> seen.computeIfAbsent(property, p -> new EnumMap<>(Preemption.class))
                .putIfAbsent(way, seed));
    }

    private static String command(Case of, Preemption way, int preemptions, long seed) {
        return String.format(
                Locale.ROOT,
                "longitude simulate --recipe %s --world %s --kernel %s --preemption %s --preemptions %d --seed %d",
                of.recipe().name(),
                of.world(),
                of.kernel(),
                way,
                preemptions,
                seed);
    }
}
