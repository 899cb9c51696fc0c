package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The traces of the scenarios of an architecture conform to the specification, as {@code longitude check} finds too.
 * Only mutation testing runs this: a test for each scenario shows it which of them a mutant can change.
 */
abstract class ScenarioReplays {
    private static final int VCPUS = 3;

    static Stream<Scenario> of(Arch arch) {
        return Scenario.all().stream().filter(scenario -> scenario.arch() == arch);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void conforms(Scenario scenario) throws Exception {
        for (KernelProfile kernel : KernelProfile.showing(scenario.arch())) {
            Trace trace = scenario.play(kernel, VCPUS, 1);
            TraceValidator validator = new TraceValidator(trace.header());
            for (TraceEvent event : trace.events()) {
                assertThat(validator.accept(event).map(refusal -> refusal.explain(scenario + " " + kernel)))
                        .isEmpty();
            }
        }
    }
}
