package dev.longitude.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.Recipe;
import dev.longitude.recipe.RecipeReader;
import dev.longitude.recipe.World;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeTest {
    /** KVM_SET_CLOCK comes after the first run. */
    private static final String WRONG = """
            about: a wrong one
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
                  - KvmclockCtrl: {mayFail: true}
              - run
              - SetClock: {clock: clock.clock}
            """;

    private static Case of(String recipe) throws Exception {
        Recipe read = RecipeReader.read("mine.yaml", "mine", new StringReader(recipe));
        return new Case(read, World.USUAL, KernelProfile.of("v6.12"));
    }

    /**
     * Until a vCPU is in the guest again, every behaviour has the same steps: create two vCPUs and their pages (4), run
     * (2), work (1), pause (2), read (2 and 1), blackout (1), create (2), write (2 x 3), run the first (1). Then it
     * shows a kvmclock that started when the VM was created.
     */
    private static final int STEPS_TO_THE_FIRST_RUN = 4 + 2 + 1 + 2 + 3 + 1 + 2 + 6 + 1;

    @Test
    void aWrongRecipeIsRefusedByNameWithAShortestCounterexample(@TempDir Path kept) throws Exception {
        Judge judge = new Judge(Judge.PREEMPTIONS, kept);
        Judgement judgement = judge.judge(of(WRONG));
        Verdict verdict = judgement.verdict(Property.CLOCK_CONTINUOUS);
        assertThat(verdict).isEqualTo(Verdict.fails(Preemption.NONE, STEPS_TO_THE_FIRST_RUN));
        assertThat(judgement.verdict(Property.MONOTONIC_ACROSS))
                .isEqualTo(Verdict.fails(Preemption.NONE, STEPS_TO_THE_FIRST_RUN));
        assertThat(judgement.verdict(Property.COMPLETES)).isEqualTo(Verdict.HOLDS);
        assertThat(judgement.verdict(Property.TIMER_ON_TIME).says()).isEqualTo(Verdict.Outcome.DOES_NOT_APPLY);

        Counterexample shown = judge.open(judgement.of(), Property.CLOCK_CONTINUOUS, verdict);
        assertThat(shown.steps()).hasSize(STEPS_TO_THE_FIRST_RUN);
        Counterexample.Step last = shown.steps().get(STEPS_TO_THE_FIRST_RUN - 1);
        assertThat(last.what()).isEqualTo("EnterGuest");
        int vcpu = last.vcpu().orElseThrow();
        // The guest had run for six windows of a second: so it has its TSC again, and a kvmclock of 0.
        assertThat(last.clocks().get(vcpu).counter()).isEqualTo(6 * MigrationModel.TICKS_PER_SECOND);
        assertThat(last.clocks().get(vcpu).second()).contains(0);
    }

    @Test
    void theSameWithTheClockSetFirstKeepsIt() throws Exception {
        Judgement judgement = new Judge(Judge.PREEMPTIONS, null)
                .judge(of(WRONG.replace(
                        "  - run\n  - SetClock: {clock: clock.clock}\n",
                        "  - SetClock: {clock: clock.clock}\n  - run\n")));
        assertThat(judgement.verdict(Property.CLOCK_CONTINUOUS)).isEqualTo(Verdict.HOLDS);
        assertThat(judgement.verdict(Property.SAME_LINE).says()).isEqualTo(Verdict.Outcome.FAILS_IF_PREEMPTED_LONG);
    }

    @Test
    void whatWasFoundIsKeptAndUsedAgain(@TempDir Path kept) throws Exception {
        Judge judge = new Judge(Judge.PREEMPTIONS, kept);
        Judgement first = judge.judge(of(WRONG));
        List<Path> files;
        try (Stream<Path> list = Files.list(kept)) {
            files = list.toList();
        }
        assertThat(files).hasSize(1);
        assertThat(judge.judge(of(WRONG))).isEqualTo(first);
        // Nothing is run: the result is the one in the file.
        Files.writeString(files.get(0), "[]");
        assertThatThrownBy(() -> judge.judge(of(WRONG)))
                .isInstanceOf(RecipeFaultException.class)
                .hasMessage("mine v6.12: the recipe cannot be completed: a step cannot be carried out");
        // Another recipe has another hash.
        judge.judge(of(WRONG.replace("      - KvmclockCtrl: {mayFail: true}\n", "")));
        try (Stream<Path> list = Files.list(kept)) {
            assertThat(list).hasSize(2);
        }
    }

    @Test
    void whatFailsBeforeItsEndIsNotSaidToHold() throws Exception {
        // v6.12 returns no host_tsc before the first run.
        Judgement judgement = new Judge(Judge.PREEMPTIONS, null)
                .judge(of(WRONG.replace(
                        "  - run\n",
                        "  - GetClock: {as: early}\n  - Compute: {value: early.hostTsc, as: unused}\n  - run\n")));
        assertThat(judgement.verdict(Property.COMPLETES).says()).isEqualTo(Verdict.Outcome.FAILS);
        assertThat(judgement.verdict(Property.CLOCK_CONTINUOUS))
                .isEqualTo(Verdict.doesNotApply("the restore does not come to its end"));
    }

    @Test
    void aKernelThatCannotCarryItOutIsNotJudged() throws Exception {
        Recipe recipe = of(WRONG.replace("ReadTsc", "GetTscOffset")).recipe();
        Judgement judgement =
                new Judge(Judge.PREEMPTIONS, null).judge(new Case(recipe, World.USUAL, KernelProfile.of("v5.10")));
        assertThat(judgement.isJudged()).isFalse();
        assertThat(judgement.verdicts().values())
                .containsOnly(Verdict.doesNotApply("v5.10 does not have GetTscOffset"));
    }

    /**
     * On arm64 it shows both counters, also of a vCPU that is not in the guest. Where one vCPU has its offsets: it is where it
     * left, after six windows of work, and the blackout of a window and a half further. The other one has the offsets of its
     * creation: its virtual counter is 0, its physical counter is the new host's, half a window and 3.
     */
    @Test
    void ofArm64BothCountersAreShown() throws Exception {
        Recipe recipe = Recipes.find("series-v1-arm64-one-vcpu");
        Judge judge = new Judge(Judge.PREEMPTIONS, null);
        Judgement judgement = judge.judge(new Case(recipe, World.USUAL, KernelProfile.of("series-v1")));
        Counterexample shown =
                judge.open(judgement.of(), Property.BROADCAST_COMPLETE, judgement.verdict(Property.BROADCAST_COMPLETE));
        ImmutableList<Counterexample.Step> steps = shown.steps();
        Counterexample.Step last = steps.get(steps.size() - 1);
        int window = MigrationModel.TICKS_PER_SECOND;
        int gone = 6 * window + window + window / 2;
        // The source's counter is two windows and 5 when the VM is created.
        int physical = 2 * window + 5 + gone;
        assertThat(last.what()).isEqualTo("SetSystemCounterState");
        assertThat(last.now()).isEqualTo(gone);
        assertThat(last.clocks())
                .containsExactly(
                        new Counterexample.Clocks(0, gone, Optional.of(physical)),
                        new Counterexample.Clocks(1, 0, Optional.of(window / 2 + 3)));
    }

    @Test
    void aCounterexampleThatThereIsNotIsNotShown() throws Exception {
        assertThatThrownBy(() -> new Judge(Judge.PREEMPTIONS, null)
                        .open(of(WRONG), Property.COMPLETES, Verdict.fails(Preemption.NONE, 3)))
                .hasMessage("mine v6.12: Completes fails, shown by 3 steps, but no behaviour is found that shows it");
    }

    private static Judgement judged(String recipe, World world) throws Exception {
        Recipe read = RecipeReader.read("mine.yaml", "mine", new StringReader(recipe));
        return new Judge(Judge.PREEMPTIONS, null).judge(new Case(read, world, KernelProfile.of("v6.12")));
    }

    private static final String RIGHT = WRONG.replace(
            "  - run\n  - SetClock: {clock: clock.clock}\n", "  - SetClock: {clock: clock.clock}\n  - run\n");

    /** The TSCs were read before the clock, and steps take time: the clocks are apart by that time, and no more. */
    @Test
    void anErrorOfTheTimeBetweenTwoStepsIsNamedAndIsNoFailure() throws Exception {
        Verdict verdict = judge(RIGHT).verdict(Property.CLOCKS_STAY_TOGETHER);
        assertThat(verdict.says()).isEqualTo(Verdict.Outcome.HOLDS_UP_TO_STEPS);
        assertThat(verdict.preemption()).isEqualTo(Preemption.STEPS);
        assertThat(verdict.isFailure()).isFalse();
        assertThat(verdict.between()).contains("ReadTsc and GetClock");
    }

    private static Judgement judge(String recipe) throws Exception {
        return judged(recipe, World.USUAL);
    }

    /** A memory that is restored between TSC and clock takes longer than any step. */
    @Test
    void anErrorOfAStepThatLastsIsAFailure() throws Exception {
        Verdict verdict =
                judge(RIGHT.replace("  - SetClock", "  - Wait\n  - SetClock")).verdict(Property.CLOCKS_STAY_TOGETHER);
        assertThat(verdict.says()).isEqualTo(Verdict.Outcome.FAILS);
        assertThat(verdict.preemption()).isEqualTo(Preemption.NONE);
    }

    /** vCPUs whose TSCs are computed from the host's, each at its own instant, differ at every restore. */
    @Test
    void whatStepsAloneBreakFailsAtEveryRestore() throws Exception {
        Verdict verdict = judge(RIGHT.replace("      - ReadTsc: {as: tsc}\n", """
                              - ReadTsc: {as: read}
                              - ReadHostCounter: {as: counter}
                              - Compute: {value: read - counter, as: tsc}
                        """)
                        .replace("      - WriteTsc: {value: tsc}\n", """
                              - ReadHostCounter: {as: here}
                              - SetTscOffset: {offset: tsc + counter - here}
                        """))
                .verdict(Property.SAME_LINE);
        assertThat(verdict.says()).isEqualTo(Verdict.Outcome.FAILS);
        assertThat(verdict.preemption()).isEqualTo(Preemption.STEPS);
        assertThat(verdict.toString()).startsWith("fails, because steps take time, shown by ");
    }

    @Test
    void manyCasesInOneRunGetTheVerdictsThatEachGetsAlone() throws Exception {
        Recipe recipe = of(RIGHT).recipe();
        List<Case> cases = List.of(
                new Case(recipe, World.USUAL, KernelProfile.of("v6.12")),
                new Case(of(WRONG).recipe(), World.YOUNG_GUEST, KernelProfile.of("v5.10")),
                new Case(recipe, World.NEAR_RATE, KernelProfile.of("corrected")));
        Judge judge = new Judge(Judge.PREEMPTIONS, null);
        List<Judgement> alone = new ArrayList<>();
        for (Case one : cases) {
            alone.add(judge.judge(one));
        }
        assertThat(judge.judge(cases)).isEqualTo(alone);
        assertThat(alone.get(0)).isNotEqualTo(alone.get(2));
    }

    /** Within the tolerance KVM sets no ratio, though asked to: the guest runs at the host's rate. */
    @Test
    void aNearRateMakesTheGuestsTimeDrift() throws Exception {
        String sets = RIGHT.replace("      - WriteTsc", "      - SetTscKhz\n      - WriteTsc");
        assertThat(judged(sets, World.NEAR_RATE).verdict(Property.SAME_RATE).says())
                .isEqualTo(Verdict.Outcome.FAILS);
        assertThat(judged(sets, World.OTHER_RATE).verdict(Property.SAME_RATE)).isEqualTo(Verdict.HOLDS);
        // Where the host is slower KVM catches the TSC up, and where it is faster it refuses.
        assertThat(judged(sets, World.CANNOT_SCALE).verdict(Property.COMPLETES).says())
                .isEqualTo(Verdict.Outcome.FAILS);
    }

    /** KVM drops a deadline that it gets before the local APIC's registers, and reports success. */
    @Test
    void aDeadlineNeedsTheLocalApicFirst() throws Exception {
        String last = RIGHT.replace(
                "      - KvmclockCtrl", "      - SetLapic\n      - WriteTscDeadline\n      - KvmclockCtrl");
        assertThat(judge(last).verdict(Property.TIMER_ON_TIME)).isEqualTo(Verdict.HOLDS);
        String first = RIGHT.replace(
                "      - KvmclockCtrl", "      - WriteTscDeadline\n      - SetLapic\n      - KvmclockCtrl");
        assertThat(judge(first).verdict(Property.TIMER_ON_TIME).says()).isEqualTo(Verdict.Outcome.FAILS);
        assertThat(judge(last.replace("      - SetLapic\n", ""))
                        .verdict(Property.TIMER_ON_TIME)
                        .says())
                .isEqualTo(Verdict.Outcome.FAILS);
    }

    /** A vCPU that the specification cannot create is no reason to say that anything holds. */
    @Test
    void whatIsNotModelledIsNotJudged() throws Exception {
        Judgement judgement = judged(
                RIGHT.replace("  - inTurn: [CreateVcpu]\n", "  - SetVmTscKhz\n  - inTurn: [CreateVcpu]\n"),
                World.CANNOT_SCALE);
        assertThat(judgement.verdict(Property.COMPLETES).says()).isEqualTo(Verdict.Outcome.NOT_MODELLED);
        assertThat(judgement.verdicts().values()).doesNotContain(Verdict.HOLDS);
    }
}
