package dev.longitude.lockstep;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The specification and the Java implementation do the same, in every reachable state of small models. */
class LockstepTest {
    private static Model model(String name) {
        return Manifest.load().named(name).orElseThrow();
    }

    private static Lockstep search(String name) {
        return Lockstep.of(model(name).module(), name);
    }

    /**
     * Two vCPUs of each architecture; timers; catching up; a host that scales, and one whose clocks drift; writes exactly a
     * window apart; loops over the vCPUs.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "any-vmm-corrected",
                "clocksource-lost-v7.3",
                "unstable-again-v7.3",
                "deadline-last-v7.3",
                "catch-up-corrected",
                "adjust-clock-v5.16",
                "rate-jump-corrected",
                "rate-limit-v7.3",
                "clocks-drift-v7.3",
                "slewed-base-clock-v3.16",
                "window-edge-v7.3",
                "arm64-late-vcpu-v6.1",
                "arm64-late-vcpu-series-v2",
                "arm64-any-vmm-corrected",
                "arm64-timer-in-host-v6.12",
                "arm64-timer-while-running-corrected",
                "arm64-timer-wrap-corrected"
            })
    void bothReachTheStatesThatTlcFinds(String name) throws IOException {
        Lockstep.Outcome outcome = search(name).run();
        assertThat(outcome).isInstanceOfSatisfying(Lockstep.Agrees.class, agrees -> {
            Long without = model(name).statesWithout();
            assertThat(agrees.isComplete()).isTrue();
            assertThat(agrees.states()).isEqualTo(without == null ? model(name).states() : without);
        });
    }

    @Test
    void aDifferenceEndsInAShortestBehaviourThatCanBeRepeated() throws IOException {
        Model model = model("any-vmm-v6.12");
        Lockstep other = new Lockstep(model.module(), model.name(), Long.MAX_VALUE, "v6.1", null, null);
        Lockstep.Outcome outcome = other.run();
        assertThat(outcome).isInstanceOf(Lockstep.Differs.class);
        Difference difference = ((Lockstep.Differs) outcome).difference();
        assertThat(difference.steps()).hasSize(2).first().asString().startsWith("CreateVcpu");
        assertThat(difference.fields()).isNotEmpty();
        assertThat(other.follow(difference.moves())).isEqualTo(outcome);
    }

    /** A machine that lets time pass where it refuses: the first call that both refuse is named. */
    @Test
    void aRefusedCallMustChangeNothing() throws Exception {
        Process probe = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RefusalProbe.class.getName(),
                        model("deadline-last-v7.3").module(),
                        "deadline-last-v7.3")
                .redirectErrorStream(true)
                .start();
        String said = new String(probe.getInputStream().readAllBytes(), UTF_8);
        assertThat(probe.waitFor()).as(said).isZero();
        assertThat(said.lines()).first().isEqualTo("both refuse it, and yet it changes Java's state");
        assertThat(said).contains("ExitGuest(vcpu 0)").contains("hostTsc: specification 20, Java 21");
    }

    @Test
    void aSearchGoesOnWhereItWasSaved(@TempDir Path folder) throws IOException {
        Model model = model("deadline-last-v7.3");
        Path file = folder.resolve("search");
        Lockstep.Outcome part = new Lockstep(model.module(), model.name(), 300, null, file, null).run();
        assertThat(part).isInstanceOfSatisfying(Lockstep.Agrees.class, agrees -> {
            assertThat(agrees.isComplete()).isFalse();
            assertThat(agrees.states()).isBetween(300, 400);
        });
        assertThat(Files.size(file)).isPositive();
        Lockstep.Agrees rest =
                (Lockstep.Agrees) new Lockstep(model.module(), model.name(), Long.MAX_VALUE, null, file, null).run();
        Lockstep.Agrees whole = (Lockstep.Agrees) search(model.name()).run();
        assertThat(rest.isComplete()).isTrue();
        assertThat(rest.states()).isEqualTo(whole.states());
        assertThat(rest.steps()).isEqualTo(whole.steps());
        assertThat(rest.depth()).isEqualTo(whole.depth());
    }

    @Test
    void aModelBeyondItIsNoSuccess() throws IOException {
        assertThat(search("by-offset-v6.12").run()).isInstanceOf(Lockstep.Unsupported.class);
    }
}
