package dev.longitude.advise;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultiset;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.StepKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChangesTest {
    private static ImmutableList<Candidate> singles(String text) throws Exception {
        return new Candidates(RecipeTextTest.read(text), 0).singles();
    }

    private static List<String> changes(List<Candidate> candidates) {
        return candidates.stream().flatMap(c -> c.change().changes().stream()).toList();
    }

    /** How often a recipe does what is not the VMM's to decide. */
    private static ImmutableMultiset<StepKind> given(Recipe recipe) {
        List<StepKind> free = Arrays.stream(StepKind.values())
                .filter(k -> k.writesClock() || !k.results().isEmpty())
                .toList();
        return recipe.steps()
                .map(s -> s.kind())
                .filter(k -> !free.contains(k))
                .filter(k -> k != StepKind.VCPU_LOAD
                        && k != StepKind.KVMCLOCK_CTRL
                        && k != StepKind.SET_TSC_KHZ
                        && k != StepKind.SET_VM_TSC_KHZ)
                .collect(ImmutableMultiset.toImmutableMultiset());
    }

    /** A guest without its kvmclock page or its timer would have nothing that can be wrong. */
    @ParameterizedTest
    @MethodSource("dev.longitude.advise.RecipeTextTest#recipes")
    void whatIsGivenStays(Path file) throws Exception {
        String text = Files.readString(file);
        Recipe before = RecipeTextTest.read(text).recipe();
        for (Candidate candidate : singles(text)) {
            assertThat(given(candidate.recipe()))
                    .as("%s", candidate.change().changes())
                    .isEqualTo(given(before));
            assertThat(candidate.recipe().policy()).isEqualTo(before.policy());
        }
    }

    @Test
    void everyKindOfChangeIsTriedCheapestFirstAndOnce() throws Exception {
        ImmutableList<Candidate> all = singles(RecipeTextTest.TEXT);
        assertThat(changes(all))
                .contains(
                        "Move inTurn [WriteTsc, KvmclockCtrl] after SetClock",
                        "Move KvmclockCtrl to the end of inTurn [CreateVcpu, WriteSystemTime]",
                        "Do inTurn [WriteTsc, KvmclockCtrl] for all vCPUs in parallel",
                        "Join inTurn [CreateVcpu, WriteSystemTime] with inTurn [WriteTsc, KvmclockCtrl]:"
                                + " each vCPU does all of it in one go",
                        "Have WriteTsc take another value: tsc[0]",
                        "Replace WriteTsc by SetTscOffset: {offset: \"tsc - scaled(dst)\"}",
                        "Add VcpuLoad after inTurn [WriteTsc, KvmclockCtrl]",
                        "Leave out KvmclockCtrl");
        assertThat(all.stream().map(c -> c.recipe().blocks())).doesNotHaveDuplicates();
        assertThat(all).isSortedAccordingTo((a, b) -> Change.CHEAPEST.compare(a.change(), b.change()));
        assertThat(all.get(0).change().steps()).isEqualTo(1);
    }

    @Test
    void aReadingThatNothingUsesAnyMoreGoesWithTheWriteThatUsedIt() throws Exception {
        Candidate byOffset = singles(RecipeTextTest.TEXT).stream()
                .filter(c -> c.change()
                        .changes()
                        .get(0)
                        .startsWith("Replace WriteTsc by SetTscOffset: {offset: \"guestTsc -"))
                .findFirst()
                .orElseThrow();
        assertThat(byOffset.recipe().steps().map(s -> s.kind()))
                .contains(StepKind.GET_TSC_OFFSET, StepKind.READ_HOST_COUNTER)
                .doesNotContain(StepKind.READ_TSC, StepKind.WRITE_TSC);
    }

    /** The VMM waits for the state; what it saved is not there earlier. */
    @Test
    void noSavedValueIsUsedBeforeItHasArrived() throws Exception {
        String waits = RecipeTextTest.TEXT.replace("  # one after", "  - Wait\n  # one after");
        assertThat(changes(singles(waits)))
                .contains("Move inTurn [WriteTsc, KvmclockCtrl] after SetClock")
                .doesNotContain("Move SetClock before Wait");
        String late = waits.replace("  - SetClock", "  - Wait\n  - SetClock");
        assertThat(changes(singles(late))).contains("Move SetClock before Wait");
    }

    @Test
    void pairsAreCheapestFirstAndBounded() throws Exception {
        Candidates some = new Candidates(RecipeTextTest.read(RecipeTextTest.TEXT), 50);
        assertThat(some.pairs()).hasSize(50).allMatch(c -> c.change().changes().size() == 2);
        assertThat(some.pairs().get(0).change().steps()).isEqualTo(2);
        assertThat(some.areAllPairs()).isFalse();
        assertThat(some.pairs())
                .noneMatch(p -> some.singles().stream()
                        .anyMatch(s -> s.recipe().blocks().equals(p.recipe().blocks())));
    }

    /** As for a guest whose time goes back for two reasons. */
    @Test
    void whatFixesTwoOtherPropertiesIsCombined() throws Exception {
        Candidates candidates = new Candidates(RecipeTextTest.read("""
                about: kvmclock too late, and TSCs written by value
                arch: x86_64
                policy: freeze
                save:
                  - pause
                  - inTurn:
                      - ReadTsc: {as: tsc}
                  - GetClock: {as: clock}
                restore:
                  - inTurn: [CreateVcpu]
                  - inTurn:
                      - WriteTsc: {value: tsc}
                      - WriteSystemTime
                  - run
                  - SetClock: {clock: clock.clock}
                """), 1);
        List<String> wanted = List.of(
                "Move SetClock before run",
                "Add SetTscOffset: {offset: first} after inTurn [WriteTsc, WriteSystemTime]");
        List<Candidate> parts = candidates.singles().stream()
                .filter(c -> wanted.contains(c.change().changes().get(0)))
                .toList();
        assertThat(parts).hasSize(2);
        assertThat(candidates.combined(parts)).singleElement().satisfies(c -> {
            assertThat(c.change().changes()).containsExactlyInAnyOrderElementsOf(wanted);
            assertThat(c.change().steps()).isEqualTo(3);
        });
        assertThat(candidates.combined(parts.subList(0, 1))).isEmpty();
    }
}
