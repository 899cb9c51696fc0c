package dev.longitude.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Verdict.Outcome;
import dev.longitude.recipe.Preemption;
import dev.longitude.recipe.Property;
import dev.longitude.recipe.RecipeReader;
import dev.longitude.recipe.World;
import java.io.StringReader;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What each world, and each way to create vCPUs and to arm timers, decides. */
class WorldsTest {
    private static final String SAVES_AND_RESTORES = """
            about: by value
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
              - SetClock: {clock: clock.clock}
              - run
            """;

    private static Case of(String recipe, World world, String kernel) throws Exception {
        return new Case(
                RecipeReader.read("mine.yaml", "mine", new StringReader(recipe)), world, KernelProfile.of(kernel));
    }

    private static List<Verdict> judge(Property property, Case... cases) throws Exception {
        return new Judge(Judge.PREEMPTIONS, null)
                .judge(List.of(cases)).stream().map(j -> j.verdict(property)).toList();
    }

    private static List<Outcome> says(Property property, Case... cases) throws Exception {
        return judge(property, cases).stream().map(Verdict::says).toList();
    }

    /** An author who asks whether the rate is near leaves KVM_SET_TSC_KHZ out there, and only there. */
    @Test
    void aStepThatIsLeftOutAtANearRateIsDoneAtAnother() throws Exception {
        String unlessNear = SAVES_AND_RESTORES.replace(
                "      - WriteTsc", "      - SetTscKhz: {unlessNear: true}\n      - WriteTsc");
        assertThat(says(
                        Property.SAME_RATE,
                        of(unlessNear, World.NEAR_RATE, "v6.12"),
                        of(unlessNear, World.OTHER_RATE, "v6.12"),
                        of(SAVES_AND_RESTORES, World.OTHER_RATE, "v6.12")))
                .containsExactly(Outcome.FAILS, Outcome.HOLDS, Outcome.FAILS);
    }

    /** An offset means the same time only as long as the counter goes on. */
    @Test
    void anOffsetThatIsPutBackFitsTheSameHostOnly() throws Exception {
        String offsets = SAVES_AND_RESTORES
                .replace("policy: freeze", "policy: advance")
                .replace("ReadTsc: {as: tsc}", "GetTscOffset: {as: tsc}")
                .replace("WriteTsc: {value: tsc}", "SetTscOffset: {offset: tsc}");
        assertThat(says(
                        Property.TSC_CONTINUOUS,
                        of(offsets, World.SAME_HOST, "v6.12"),
                        of(offsets, World.USUAL, "v6.12")))
                .containsExactly(Outcome.HOLDS, Outcome.FAILS);
    }

    /**
     * Before 6.7 the first write to a VM that is less than a second old joins its creation: the young guest's TSC starts
     * again from 0. That the VMM passes KVM_CLOCK_REALTIME, whose error a policy of advancing allows for, excuses nothing.
     */
    @Test
    void aYoungGuestsTscIsDroppedBeforeTheGate() throws Exception {
        String realtime = SAVES_AND_RESTORES.replace(
                "{clock: clock.clock}", "{clock: clock.clock, flags: 4, realtime: clock.realtime}");
        assertThat(judge(
                        Property.TSC_CONTINUOUS,
                        of(realtime, World.YOUNG_GUEST, "v6.1"),
                        of(realtime, World.SHORT, "v6.1")))
                .allMatch(v -> v.says() == Outcome.FAILS && v.preemption() == Preemption.NONE);
        assertThat(says(
                        Property.TSC_CONTINUOUS,
                        of(realtime, World.YOUNG_GUEST, "v6.12"),
                        of(realtime, World.USUAL, "v6.1")))
                .containsExactly(Outcome.HOLDS, Outcome.HOLDS);
    }

    /** A TSC that stands still while the policy is to advance is wrong by the blackout, which no wall clock excuses. */
    @Test
    void aShortBlackoutIsMoreThanTheWallClocksDiffer() throws Exception {
        String clockOnly = SAVES_AND_RESTORES
                .replace("policy: freeze", "policy: advance")
                .replace("{clock: clock.clock}", "{clock: clock.clock, flags: 4, realtime: clock.realtime}");
        assertThat(says(
                        Property.TSC_CONTINUOUS,
                        of(clockOnly, World.SHORT, "v6.12"),
                        of(clockOnly, World.USUAL, "v6.12")))
                .containsExactly(Outcome.FAILS, Outcome.FAILS);
    }

    /** A wall clock that was set back is behind what the VMM saved, also if the VMM has waited since. */
    @Test
    void aWallClockThatWasSetBackFreezesKvmclockAtEachRestore() throws Exception {
        String waits = SAVES_AND_RESTORES
                .replace("policy: freeze", "policy: advance")
                .replace("GetClock: {as: clock}", "GetClock: {as: clock, fills: true}\n  - Wait")
                .replace("{clock: clock.clock}", "{clock: clock.clock, flags: 4, realtime: clock.realtime}");
        List<Verdict> verdicts = judge(Property.IDEMPOTENT_RESTORE, of(waits, World.STEPPED_CLOCK, "v6.12"));
        assertThat(verdicts).allMatch(v -> v.says() == Outcome.HOLDS_UP_TO_STEPS && v.preemption() == Preemption.STEPS);
    }

    private static final String PUTS_BACK = """
            about: puts the TSC back in the same VM
            arch: x86_64
            policy: freeze
            moves: false
            boot:
              - inTurn: [CreateVcpu, WriteSystemTime]
              - run
              - Wait
              - pause
              - inTurn:
                  - ReadTsc: {as: tsc}
              - inTurn:
                  - WriteTsc: {value: tsc}
              - run
            save:
              - pause
            restore:
              - inTurn:
                  - WriteTsc: {value: tsc}
              - run
            """;

    /** A write that joins a line on which the guest has run since has not taken effect. */
    @Test
    void aTscThatIsPutBackWithinASecondIsIgnored() throws Exception {
        assertThat(says(
                        Property.RESTORE_TAKES_EFFECT,
                        of(PUTS_BACK, World.SHORT, "v6.1"),
                        of(PUTS_BACK, World.SHORT, "v6.12"),
                        of(PUTS_BACK, World.SHORT, "corrected"),
                        of(PUTS_BACK, World.USUAL, "v6.12")))
                .containsExactly(Outcome.FAILS, Outcome.FAILS, Outcome.FAILS, Outcome.HOLDS);
    }

    /** A vCPU joins the others when it is created, also while they run; a write of its own may part it from them. */
    @Test
    void aVcpuThatIsCreatedAfterAWriteJoinsIt() throws Exception {
        String late = """
                about: the second vCPU comes after the first one's write
                arch: x86_64
                policy: advance
                moves: false
                boot:
                  - CreateVcpu
                  - ReadHostCounter: {as: host}
                  - WriteTsc: {value: host}
                  - CreateVcpu
                  - inTurn: [WriteSystemTime]
                  - run
                save:
                  - pause
                restore:
                  - run
                """;
        assertThat(says(
                        Property.SAME_LINE,
                        of(late, World.USUAL, "v6.12"),
                        of(
                                late.replace("  - CreateVcpu\n  - inTurn", "  - run\n  - CreateVcpu\n  - inTurn"),
                                World.USUAL,
                                "v6.12"),
                        of(late.replace("""
                                          - CreateVcpu
                                          - inTurn: [WriteSystemTime]
                                        """, """
                                          - run
                                          - CreateVcpu
                                          - inTurn:
                                              - ReadHostCounter: {as: later}
                                              - WriteTsc: {value: later - 8}
                                        """), World.USUAL, "v6.12")))
                .containsExactly(Outcome.HOLDS, Outcome.HOLDS, Outcome.FAILS);
    }

    /** The timers of a VM that stays are in the mode that its guest chose; those of a new one are in none. */
    @Test
    void aVmThatStaysNeedsNoLocalApicForItsDeadline() throws Exception {
        String stays = PUTS_BACK.replace(
                "restore:\n  - inTurn:\n      - WriteTsc: {value: tsc}\n",
                "restore:\n  - inTurn: [WriteTscDeadline]\n");
        assertThat(says(
                        Property.TIMER_ON_TIME,
                        of(stays, World.USUAL, "v6.12"),
                        of(
                                PUTS_BACK.replace(
                                        "restore:\n  - inTurn:\n",
                                        "restore:\n  - inTurn: [WriteTscDeadline]\n  - inTurn:\n"),
                                World.USUAL,
                                "v6.12")))
                .containsExactly(Outcome.HOLDS, Outcome.FAILS);
    }

    /** On arm64 a compare value may come before the counter; a timer that is not turned on does not fire. */
    @Test
    void anArm64TimerNeedsItsCompareValueAndItsControl() throws Exception {
        String timers = """
                about: with the virtual timer
                arch: aarch64
                policy: freeze
                save:
                  - pause
                  - inTurn:
                      - GetTimerCnt: {as: virtual}
                restore:
                  - inTurn: [CreateVcpu, InitVcpu]
                  - inTurn:
                      - SetVtimerCval
                      - SetVtimerCtl
                      - SetTimerCnt: {value: virtual}
                  - run
                """;
        assertThat(says(
                        Property.TIMER_ON_TIME,
                        of(timers, World.USUAL, "v6.12"),
                        of(timers.replace("      - SetVtimerCtl\n", ""), World.USUAL, "v6.12"),
                        of(timers.replace("      - SetVtimerCval\n", ""), World.USUAL, "v6.12")))
                .containsExactly(Outcome.HOLDS, Outcome.FAILS, Outcome.DOES_NOT_APPLY);
    }
}
