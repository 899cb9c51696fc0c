package dev.longitude.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScenarioTest {
    @ParameterizedTest
    @EnumSource
    void theSameSeedGivesTheSameTrace(Scenario scenario) {
        Scenario.Recording once = scenario.play(KernelProfile.V6_12, 3, 42);
        Scenario.Recording again = scenario.play(KernelProfile.V6_12, 3, 42);
        assertThat(again).isEqualTo(once);
        assertThat(scenario.play(KernelProfile.V6_12, 3, 43)).isNotEqualTo(once);
    }

    @ParameterizedTest
    @EnumSource
    void everyScenarioIsPossibleWithOneVcpu(Scenario scenario) {
        assertThat(scenario.play(KernelProfile.V6_1, 1, 1).events()).isNotEmpty();
    }
}
