package dev.longitude.advise;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Case;
import dev.longitude.matrix.Judgement;
import dev.longitude.matrix.Verdict;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.StepKind;
import dev.longitude.recipe.World;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The search with a judge that says what a test wants. */
class SearchTest {
    private static final Verdict HOLDS = new Verdict(Verdict.Outcome.HOLDS, null, null, null, null);
    private static final Verdict FAILS = new Verdict(Verdict.Outcome.FAILS, Preemption.NONE, 9, null, null);
    private static final Verdict EMPTY =
            new Verdict(Verdict.Outcome.DOES_NOT_APPLY, null, null, null, "it ends nowhere");
    private static final KernelProfile KERNEL = KernelProfile.of("v6.12");

    /** Its clock is set after the guest runs. */
    private static final String LATE = RecipeTextTest.TEXT.replace(
            "  - SetClock: {clock: \"clock.clock\"}\n  - run\n", "  - run\n  - SetClock: {clock: clock.clock}\n");

    /** What fails whether the clock is set in time or not: the recipe is one by value. */
    private static final ImmutableSet<Property> ALWAYS = ImmutableSet.of(
            Property.MONOTONIC_ACROSS,
            Property.SAME_LINE,
            Property.TSC_CONTINUOUS,
            Property.CLOCKS_STAY_TOGETHER,
            Property.IDEMPOTENT_RESTORE,
            Property.MASTER_CLOCK_IS_ON);

    private static Judgement judgement(Case of, Map<Property, Verdict> but) {
        return new Judgement(
                of,
                true,
                Property.of(Arch.X86).stream()
                        .collect(ImmutableMap.toImmutableMap(
                                p -> p, p -> but.getOrDefault(p, ALWAYS.contains(p) ? FAILS : HOLDS))));
    }

    private static boolean setsClockFirst(Case of) {
        List<StepKind> kinds = of.recipe().steps().map(s -> s.kind()).toList();
        return kinds.indexOf(StepKind.SET_CLOCK) < kinds.lastIndexOf(StepKind.ENTER_GUEST);
    }

    private static Optional<Remedy> find(Function<Case, Map<Property, Verdict>> judge) throws Exception {
        RecipeText text = RecipeTextTest.read(LATE);
        Case of = new Case(text.recipe(), World.USUAL, KERNEL);
        Judgement before = judgement(of, Map.of(Property.CLOCK_CONTINUOUS, FAILS));
        return new Search(
                        new Candidates(text, 5),
                        ImmutableList.of(before),
                        cases -> cases.stream()
                                .map(c -> Optional.of(judgement(c, judge.apply(c))))
                                .collect(ImmutableList.toImmutableList()),
                        new Simulations(),
                        new Bounds(5, 0),
                        what -> {},
                        Property.CLOCK_CONTINUOUS,
                        of,
                        null)
                .find();
    }

    @Test
    void theSmallestChangeIsFound() throws Exception {
        Remedy remedy = find(c -> Map.of()).orElseThrow();
        assertThat(remedy.candidate().change().changes()).containsExactly("Move SetClock before run");
        assertThat(remedy.effects().areClean()).isTrue();
    }

    @Test
    void noneIsFoundIfTheJudgeRefusesAll() throws Exception {
        assertThat(find(c -> Map.of(Property.CLOCK_CONTINUOUS, FAILS))).isEmpty();
    }

    @Test
    void aCandidateUnderWhichThePropertyIsEmptyIsNoAdvice() throws Exception {
        assertThat(find(c -> Map.of(Property.CLOCK_CONTINUOUS, EMPTY))).isEmpty();
    }

    @Test
    void aCandidateThatBreaksWhatMattersMoreIsNoAdvice() throws Exception {
        assertThat(find(c -> Map.of(Property.SAME_RATE, FAILS))).isEmpty();
    }

    @Test
    void aCandidateThatBreaksWhatMattersLessIsAdviceWithItsCosts() throws Exception {
        Remedy remedy = find(c -> Map.of(Property.STOPPED_IS_SHOWN, FAILS)).orElseThrow();
        assertThat(remedy.effects().brokenProperties()).containsExactly(Property.STOPPED_IS_SHOWN);
    }

    @Test
    void oneThatBreaksNothingIsPreferredThoughItIsLarger() throws Exception {
        // Only where KVM_KVMCLOCK_CTRL comes after KVM_SET_CLOCK nothing breaks.
        Function<Case, Map<Property, Verdict>> judge = c -> {
            List<StepKind> kinds = c.recipe().steps().map(s -> s.kind()).toList();
            return setsClockFirst(c) && kinds.indexOf(StepKind.KVMCLOCK_CTRL) > kinds.indexOf(StepKind.SET_CLOCK)
                    ? Map.of()
                    : Map.of(Property.STOPPED_IS_SHOWN, FAILS);
        };
        Remedy remedy = find(judge).orElseThrow();
        assertThat(remedy.effects().areClean()).isTrue();
        assertThat(remedy.candidate().change().changes()).doesNotContain("Move SetClock before run");
    }
}
