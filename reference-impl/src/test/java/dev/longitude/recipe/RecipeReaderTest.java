package dev.longitude.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.migration.Policy;
import java.io.StringReader;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeReaderTest {
    private static final String GOOD = """
            about: a VMM
            arch: x86_64
            policy: freeze
            save:
              - pause
              - inTurn:
                  - ReadTsc: {as: tsc}
              - GetClock: {as: clock}
            restore:
              - inTurn: [CreateVcpu]
              - inParallel:
                  - WriteTsc: {value: tsc}
                  - WriteTsc: {value: "tsc[0] + cycles(clock.realtime - 2)"}
              - SetClock: {clock: clock.clock}
              - run
            """;

    private static Recipe read(String text) throws RecipeException {
        return RecipeReader.read("mine.yaml", "mine", new StringReader(text));
    }

    @Test
    void readsWhatTheReadmeDescribes() throws RecipeException {
        Recipe recipe = read(GOOD);
        assertThat(recipe.arch()).isEqualTo(Arch.X86);
        assertThat(recipe.policy()).isEqualTo(Policy.FREEZE);
        assertThat(recipe.moves()).isTrue();
        assertThat(recipe.bootsItself()).isFalse();
        assertThat(recipe.steps().map(Step::kind))
                .containsExactly(
                        StepKind.CREATE_VCPU,
                        StepKind.WRITE_SYSTEM_TIME,
                        StepKind.ENTER_GUEST,
                        StepKind.WORK,
                        StepKind.EXIT_GUEST,
                        StepKind.READ_TSC,
                        StepKind.GET_CLOCK,
                        StepKind.BLACKOUT,
                        StepKind.CREATE_VCPU,
                        StepKind.WRITE_TSC,
                        StepKind.WRITE_TSC,
                        StepKind.SET_CLOCK,
                        StepKind.ENTER_GUEST);
        List<Step> writes =
                recipe.steps().filter(s -> s.kind() == StepKind.WRITE_TSC).toList();
        // Saved for each vCPU: the vCPU's own value. Saved once: the VM's value, which vCPU 0 holds.
        assertThat(writes.get(0).arg("value")).isEqualTo(new Expression.Saved("tsc", null));
        assertThat(writes.get(1).arg("value"))
                .isEqualTo(new Expression.Sum(
                        new Expression.Saved("tsc", 0),
                        new Expression.Call(
                                Expression.Function.CYCLES,
                                new Expression.Sum(
                                        new Expression.Saved("clock.realtime", 0), new Expression.Literal(2), true),
                                0),
                        false));
        assertThat(recipe.fieldsUsedOf("clock")).containsExactlyInAnyOrder("clock", "realtime");
    }

    @Test
    void aKernelThatLacksSomethingSaysWhat() throws RecipeException {
        Recipe recipe = read(GOOD);
        assertThat(recipe.unfitFor(KernelProfile.of("v6.1"))).isEmpty();
        assertThat(recipe.unfitFor(KernelProfile.of("v5.10")))
                .contains("GetClock of v5.10 returns neither realtime nor hostTsc");
        Recipe offsets = read(GOOD.replace("- ReadTsc: {as: tsc}", "- GetTscOffset: {as: tsc}")
                .replace("clock.realtime", "clock.clock"));
        assertThat(offsets.unfitFor(KernelProfile.of("v5.10"))).contains("v5.10 does not have GetTscOffset");
    }

    @Test
    void aStepIsLeftOutWhereTheKernelSaysSo() throws RecipeException {
        Recipe recipe = read(GOOD.replace("  - run\n", """
                  - inTurn:
                      - SetTscOffset: {offset: 0, ifHas: SetTscOffset}
                      - WriteTsc: {value: 0, unlessHas: SetTscOffset}
                      - SetTscKhz: {unlessNear: true}
                  - run
                """).replace("clock.realtime", "clock.clock"));
        assertThat(recipe.unfitFor(KernelProfile.of("v5.10"))).isEmpty();
        assertThat(kinds(recipe.on(KernelProfile.of("v5.10"))))
                .doesNotContain(StepKind.SET_TSC_OFFSET)
                .filteredOn(v -> v == StepKind.WRITE_TSC)
                .hasSize(3);
        assertThat(kinds(recipe.on(KernelProfile.of("v6.1"))))
                .contains(StepKind.SET_TSC_OFFSET)
                .filteredOn(v -> v == StepKind.WRITE_TSC)
                .hasSize(2);
    }

    @Test
    void whatIsNotSavedOnAKernelCannotBeUsedThere() throws RecipeException {
        Recipe recipe = read(GOOD.replace("ReadTsc: {as: tsc}", "ReadTsc: {as: tsc, ifHas: SetTscOffset}")
                .replace("clock.realtime", "clock.clock"));
        assertThat(recipe.unfitFor(KernelProfile.of("v6.1"))).isEmpty();
        assertThat(recipe.unfitFor(KernelProfile.of("v5.10")))
                .contains("WriteTsc uses 'tsc', which is not saved on v5.10");
    }

    /** A vCPU that is created after a value was read for the others has none; threads do not wait for each other. */
    @Test
    void aValueIsUsedOnlyForVcpusForWhichItWasSaved() throws RecipeException {
        String late = """
                about: a second vCPU
                arch: x86_64
                policy: freeze
                moves: false
                boot:
                  - CreateVcpu
                  - run
                  - pause
                  - inTurn:
                      - ReadTsc: {as: early}
                  - CreateVcpu
                  - run
                save:
                  - pause
                restore:
                  - inTurn:
                      - WriteTsc: {value: early}
                  - run
                """;
        assertThatThrownBy(() -> read(late))
                .hasMessage("mine.yaml:16:3: WriteTsc uses 'early', which is not saved for vCPU 1");
        assertThat(read(late.replace("{value: early}", "{value: 'early[0]'}")).steps())
                .isNotEmpty();
        String first = "  - HOW:\n      - ReadTsc: {as: now}\n      - WriteTsc: {value: 'now[0]'}\n  - run\n";
        String writes = late.replace("  - inTurn:\n      - WriteTsc: {value: early}\n  - run\n", first);
        assertThat(read(writes.replace("HOW", "inTurn")).steps()).isNotEmpty();
        assertThatThrownBy(() -> read(writes.replace("HOW", "inParallel")))
                .hasMessageEndingWith("WriteTsc uses 'now', which is not saved");
    }

    private static List<StepKind> kinds(Recipe recipe) {
        return recipe.steps().map(Step::kind).toList();
    }

    /** Recipes of before the two architectures had one name for it are still read. */
    @Test
    void aLoadMayHaveItsFormerName() throws Exception {
        assertThat(read(GOOD.replace("- GetClock", "- inTurn: [LoadVcpu]\n  - GetClock"))
                        .toString())
                .isEqualTo(read(GOOD.replace("- GetClock", "- inTurn: [VcpuLoad]\n  - GetClock"))
                        .toString())
                .contains("VcpuLoad");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    about: a VMM          | abuot: a VMM             | mine.yaml:1:1: a recipe has no 'abuot'; it has about, source, arch, policy, excludes, moves, boot, save, restore, claims, unknown
                    about: a VMM          | source: me               | mine.yaml:1:1: 'about' is missing
                    arch: x86_64          | arch: x86                | mine.yaml:2:7: 'x86' is none of aarch64, x86_64
                    - pause               | - GetClock: {as: first}  | mine.yaml:7:9: ReadTsc needs a vCPU that is not in KVM_RUN: put a 'pause' before it
                    - run                 | - Wait                   | mine.yaml:10:3: the guest does not run at the end of restore: it needs a 'run'
                    - inTurn: [CreateVcpu]| - Wait                   | mine.yaml:12:9: WriteTsc, but there is no vCPU yet: a CreateVcpu must come first
                    {value: tsc}          | {value: tcs}             | mine.yaml:12:27: 'tcs' has not been saved; so far there are [clock.clock, clock.flags, clock.hostTsc, clock.realtime, tsc]
                    {value: tsc}          | {value: "tsc[1]"}        | mine.yaml:12:27: 'tsc[1]': only [0] of what was saved for each vCPU
                    {clock: clock.clock}  | {clock: tsc}             | mine.yaml:14:23: 'tsc' was saved for each vCPU: which one? [0] is the first
                    {clock: clock.clock}  | {flags: 4}               | mine.yaml:14:5: SetClock needs 'clock'
                    {clock: clock.clock}  | {clock: clock.clock, flags: 4} | mine.yaml:14:5: SetClock with KVM_CLOCK_REALTIME (4) needs 'realtime'
                    {value: tsc}          | {value: tsc +}           | mine.yaml:12:27: 'tsc +': after 5 characters: expected a number, a name or '(', found the end
                    {value: tsc}          | {value: 16}              | mine.yaml:12:27: '16': after 0 characters: expected a number from 0 to 15, found '16'
                    {value: tsc}          | {value: "without(tsc, 3)"} | mine.yaml:12:27: 'without(tsc, 3)': after 13 characters: expected a bit: 1, 2, 4 or 8, found '3'
                    {value: tsc}          | {value: half(tsc)}       | mine.yaml:12:27: 'half(tsc)': after 0 characters: expected one of the functions cycles, scaled, atLeast0, without, found 'half'
                    - ReadTsc: {as: tsc}  | - ReadTsc                | mine.yaml:7:9: ReadTsc needs 'as'
                    - inTurn: [CreateVcpu]| - InitVcpu               | mine.yaml:10:5: 'InitVcpu' is no step; there are pause, run, inTurn, inParallel, CreateVcpu, Wait, Compute, ReadRealtime, ReadHostCounter, ReadInstant, WriteSystemTime, SetVmTscKhz, SetTscKhz, ReadTsc, WriteTsc, SetLapic, WriteTscDeadline, GetTscOffset, SetTscOffset, GetClock, SetClock, KvmclockCtrl, VcpuLoad
                    about: a VMM          | about: [*a]              | mine.yaml:1:9: found undefined alias a
                    """)
    void anErrorSaysWhereAndWhatWouldBeRight(String right, String wrong, String message) {
        assertThat(GOOD).contains(right);
        assertThatThrownBy(() -> read(GOOD.replaceFirst(
                        java.util.regex.Pattern.quote(right), java.util.regex.Matcher.quoteReplacement(wrong))))
                .isInstanceOf(RecipeException.class)
                .hasMessage(message);
    }

    /** A world applies if something can happen there that cannot in the usual one. */
    @Test
    void aRecipeIsJudgedInEveryWorldThatApplies() throws RecipeException {
        assertThat(read(GOOD.replace("clock.realtime", "clock.realtime + clock.hostTsc"))
                        .worlds())
                .containsExactly(World.values());
    }

    private static final String WITHOUT_CLOCKS = GOOD.replace("clock.realtime", "clock.clock");

    @Test
    void aWorldThatCannotShowAnythingOfItsOwnIsNamedWithTheReason() throws RecipeException {
        Recipe moves = read(WITHOUT_CLOCKS);
        assertThat(moves.worlds())
                .containsExactly(World.USUAL, World.NEAR_RATE, World.OTHER_RATE, World.CANNOT_SCALE, World.YOUNG_GUEST);
        assertThat(moves.notJudged())
                .containsEntry(World.SAME_HOST, "the recipe uses no value of a host's counter")
                .containsEntry(World.STEPPED_CLOCK, "the recipe does not use CLOCK_REALTIME")
                .containsEntry(World.SHORT, "neither KVM nor the recipe compares the blackout with anything");
        Recipe stays = read(WITHOUT_CLOCKS
                .replace("policy: freeze", "policy: freeze\nmoves: false")
                .replace("  - inTurn: [CreateVcpu]\n", ""));
        assertThat(stays.worlds()).containsExactly(World.USUAL, World.YOUNG_GUEST, World.SHORT);
        assertThat(read(WITHOUT_CLOCKS.replace(
                                "- GetClock: {as: clock}", "- GetClock: {as: clock}\n  - ReadHostCounter: {as: host}"))
                        .worlds())
                .contains(World.SAME_HOST);
    }

    @Test
    void anAuthorExcludesAWorldWithAReason() throws RecipeException {
        String excludes = WITHOUT_CLOCKS.replace(
                "policy: freeze\n", "policy: freeze\nexcludes:\n  other-rate: our nodes are alike\n");
        assertThat(read(excludes).worlds()).doesNotContain(World.OTHER_RATE).contains(World.NEAR_RATE);
        assertThat(read(excludes).notJudged())
                .containsEntry(World.OTHER_RATE, "the recipe excludes it: our nodes are alike");
        assertThatThrownBy(() -> read(excludes.replace("other-rate", "mars")))
                .hasMessageStartingWith("mine.yaml:5:3: excludes has no 'mars'; it has usual, near-rate, other-rate,");
        assertThatThrownBy(() -> read(excludes.replace("other-rate", "usual")))
                .hasMessage("mine.yaml:5:10: every recipe is judged in the world usual");
    }

    /** Recipes of before named the worlds in which they are judged; now each is judged in all that apply. */
    @Test
    void theFormerListOfWorldsLimitsNothing() throws RecipeException {
        assertThat(read(GOOD.replace("policy: freeze\n", "policy: freeze\nworlds: [usual]\n")))
                .isEqualTo(read(GOOD));
    }

    private static final String LATE = """
            about: the second vCPU comes late
            arch: x86_64
            policy: advance
            moves: false
            boot:
              - CreateVcpu
              - WriteTsc: {value: 0}
              - run
              - CreateVcpu
              - inTurn: [WriteSystemTime]
              - run
            save:
              - pause
            restore:
              - run
            """;

    @Test
    void aSingleCreateVcpuCreatesTheNextVcpu() throws RecipeException {
        Recipe late = read(LATE);
        assertThat(late.vcpus(2)).isEqualTo(2);
        assertThat(late.vcpus(4)).isEqualTo(2);
        // Create 0, write on 0, run 0; create 1, its page, run 1; work, pause both, blackout, run both.
        assertThat(late.vcpusOfBlocks(2).stream().map(List::copyOf))
                .containsExactly(
                        List.of(0),
                        List.of(0),
                        List.of(0),
                        List.of(1),
                        List.of(1),
                        List.of(1),
                        List.of(0),
                        List.of(0, 1),
                        List.of(0),
                        List.of(0, 1));
        assertThat(read(LATE.replace(
                                "  - CreateVcpu\n  - inTurn: [WriteSystemTime]",
                                "  - inTurn: [CreateVcpu, WriteSystemTime]"))
                        .vcpus(4))
                .isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    - inTurn: [WriteSystemTime] | - WriteTsc: {value: 1}   | mine.yaml:10:5: WriteTsc needs a vCPU that is not in KVM_RUN: put a 'pause' before it
                    - inTurn: [WriteSystemTime] | - inTurn: [CreateVcpu, WriteSystemTime, CreateVcpu] | mine.yaml:10:43: all vCPUs have been created
                    - inTurn: [WriteSystemTime] | - inParallel: [CreateVcpu] | mine.yaml:10:18: CreateVcpu stands in inTurn, or alone for the next vCPU
                    moves: false                | moves: true              | mine.yaml:15:5: 'run', but there is no vCPU yet: a CreateVcpu must come first
                    """)
    void aLateVcpuHasItsRules(String right, String wrong, String message) {
        assertThat(LATE).contains(right);
        assertThatThrownBy(() -> read(LATE.replace(right, wrong)))
                .isInstanceOf(RecipeException.class)
                .hasMessage(message);
    }

    @Test
    void aDestinationCreatesAsManyVcpusAsTheSource() {
        assertThatThrownBy(() ->
                        read(LATE.replace("moves: false\n", "").replace("restore:\n", "restore:\n  - CreateVcpu\n")))
                .hasMessage("mine.yaml:14:3: restore does not create as many vCPUs as boot");
    }

    @Test
    void aClaimNamesAPropertyAWorldAndAKernelThatThereAre() throws RecipeException {
        String claim = """
                claims:
                  - says: it jumps
                    by: me
                    evidence: measured
                    property: ClockContinuous
                    kernel: v6.1
                """;
        assertThat(read(GOOD + claim).claims())
                .containsExactly(new Claim(
                        "it jumps",
                        "me",
                        Claim.Evidence.MEASURED,
                        Property.CLOCK_CONTINUOUS,
                        true,
                        World.USUAL,
                        "v6.1"));
        assertThatThrownBy(() -> read(GOOD + claim.replace("ClockContinuous", "VirtualContinuous")))
                .hasMessageStartingWith("mine.yaml:20:15: 'VirtualContinuous' is no property on x86_64; there are");
        assertThatThrownBy(() -> read(GOOD + claim.replace("v6.1", "v9.9")))
                .hasMessageStartingWith("mine.yaml:21:13: unknown kernel 'v9.9'");
    }

    @Test
    void whatIsNoRecipeIsRefused() {
        assertThatThrownBy(() -> read("")).hasMessage("mine.yaml: empty");
        assertThatThrownBy(() -> read("[".repeat(10_000))).isInstanceOf(RecipeException.class);
        assertThatThrownBy(() -> read("a: &a [*a]")).isInstanceOf(RecipeException.class);
        assertThatThrownBy(() -> read("x".repeat(1 << 20))).isInstanceOf(RecipeException.class);
        assertThatThrownBy(() -> read(GOOD.replace("{value: tsc}", "{value: \"" + "(".repeat(1000) + "\"}")))
                .hasMessageContaining("nested too deeply");
    }
}
