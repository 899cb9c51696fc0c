package dev.longitude.properties;

import dev.longitude.kernel.Arch;
import dev.longitude.scenario.Scenario;
import java.util.stream.Stream;

class X86Replays extends ScenarioReplays {
    static Stream<Scenario> scenarios() {
        return of(Arch.X86);
    }
}
