package dev.longitude.properties;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Matrix;
import dev.longitude.matrix.Recipes;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeRuns;
import dev.longitude.recipe.Simulation;
import dev.longitude.recipe.World;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** Compares recipes that run between two simulated hosts, with real numbers, with the committed matrix. */
@AddLifecycleHook(Reproducible.class)
class RecipeRunProperties {
    private static final ImmutableList<Recipe> RECIPES = recipes();
    private static final ImmutableList<Preemption> WAYS = ImmutableList.copyOf(Preemption.values());
    private static final Map<String, Verdict> MATRIX = matrix();

    private static ImmutableList<Recipe> recipes() {
        try {
            return Recipes.bundled();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Verdict> matrix() {
        try {
            return Matrix.committed().stream()
                    .collect(Collectors.toMap(
                            c -> c.recipe() + " " + c.world() + " " + c.kernel() + " " + c.property(),
                            Matrix.Cell::verdict));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    record Where(Recipe recipe, World world, KernelProfile kernel) {
        Verdict says(dev.longitude.recipe.Property property) {
            return requireNonNull(MATRIX.get(recipe.name() + " " + world + " " + kernel + " " + property));
        }

        @Override
        public String toString() {
            return recipe.name() + "@" + world + " " + kernel;
        }
    }

    private static List<Where> everywhere() {
        List<Where> all = new ArrayList<>();
        for (Recipe recipe : RECIPES) {
            for (Case of : Case.ofTheMatrix(recipe)) {
                if (recipe.unfitFor(of.kernel()).isEmpty()) {
                    all.add(new Where(recipe, of.world(), of.kernel()));
                }
            }
        }
        return all;
    }

    record Run(Where where, Preemption preemption, int preemptions, long seed) {
        Simulation play() {
            return new RecipeRuns(where.recipe, where.world, where.kernel, true).play(preemption, preemptions, seed);
        }
    }

    @Provide
    Arbitrary<Run> runs() {
        return Combinators.combine(
                        Arbitraries.of(everywhere()),
                        Arbitraries.of(Preemption.class),
                        Arbitraries.of(1, 2, 100),
                        Arbitraries.longs())
                .as(Run::new);
    }

    @Property(tries = 150, shrinking = ShrinkingMode.OFF)
    void everyTraceOfARunConforms(@ForAll("runs") Run run) throws Exception {
        for (Trace trace : run.play().traces()) {
            PlayedTraces.note(trace);
            TraceValidator validator = new TraceValidator(trace.header());
            for (TraceEvent event : trace.events()) {
                assertThat(validator.accept(event)).as(trace.header().origin()).isEmpty();
            }
        }
    }

    @Property(tries = 150, shrinking = ShrinkingMode.OFF)
    void whatARunShowsIsTheSameWithoutTheState(@ForAll("runs") Run run) {
        Simulation without = new RecipeRuns(run.where.recipe, run.where.world, run.where.kernel, false)
                .play(run.preemption, run.preemptions, run.seed);
        Simulation with = run.play();
        assertThat(without.fails()).isEqualTo(with.fails());
        assertThat(without.failsBeyondSteps()).isEqualTo(with.failsBeyondSteps());
        assertThat(without.ended()).isEqualTo(with.ended());
        assertThat(without.traces().stream().flatMap(t -> t.events().stream()))
                .isNotEmpty()
                .allMatch(e -> e.state().isEmpty());
    }

    @Property(tries = 500, shrinking = ShrinkingMode.OFF)
    void theSameSeedGivesTheSameRun(@ForAll("runs") Run run) {
        assertThat(run.play()).isEqualTo(run.play());
    }

    /** A hundred runs of every case: none contradicts the matrix. Longer: {@code longitude matrix --simulate N}. */
    @Example
    void whatTheMatrixSaysHoldsNeverFails() {
        Set<String> seen = new TreeSet<>();
        for (Where where : everywhere()) {
            RecipeRuns runs = new RecipeRuns(where.recipe, where.world, where.kernel, false);
            for (int seed = 1; seed <= 100; seed++) {
                Preemption preemption = WAYS.get(seed % WAYS.size());
                Simulation run = runs.play(preemption, 1, seed);
                for (dev.longitude.recipe.Property property : run.fails()) {
                    Verdict says = where.says(property);
                    boolean beyondSteps = run.failsBeyondSteps().contains(property);
                    if (says.says() == Verdict.Outcome.NOT_MODELLED
                            || (says.isFailure() && property.isDistance() && !beyondSteps)) {
                        continue;
                    }
                    assertThat(says.isShownBy(preemption, beyondSteps))
                            .as("%s: %s %s, VMM preempted: %s, seed %d", where, property, says, preemption, seed)
                            .isTrue();
                    seen.add(where + " " + property);
                }
            }
        }
        // The runs also show failures that the matrix has, though not all in so few runs.
        long fails = MATRIX.values().stream().filter(Verdict::isFailure).count();
        assertThat(seen).hasSizeGreaterThan((int) (fails * 9 / 10));
    }
}
