package dev.longitude.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Trace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScenarioTest {
    static ImmutableList<Scenario> all() {
        return Scenario.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void theSameSeedGivesTheSameTrace(Scenario scenario) {
        Trace once = scenario.play(KernelProfile.of("v6.12"), 3, 42);
        Trace again = scenario.play(KernelProfile.of("v6.12"), 3, 42);
        assertThat(again).isEqualTo(once);
        assertThat(scenario.play(KernelProfile.of("v6.12"), 3, 43)).isNotEqualTo(once);
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyScenarioIsPossibleWithOneVcpu(Scenario scenario) {
        assertThat(scenario.play(KernelProfile.of("v6.1"), 1, 1).events()).isNotEmpty();
    }
}
