package dev.longitude.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a step that was carried out stands in the file. */
class RecipeLinesTest {
    private static final String TEXT = """
            about: a VMM
            arch: x86_64
            policy: freeze
            boot:
              - CreateVcpu
              - run
            save:
              - pause
              - inTurn:
                  - ReadTsc: {as: tsc}
                  - LoadVcpu
              - GetClock: {as: clock}
            restore:
              - inParallel:
                  - WriteTsc: {value: tsc}
                  - WriteTsc: {value: tsc}
              - SetClock: {clock: clock.clock}
              - VcpuLoad
              - run
            """;

    /** Without such a step there, and with several, it is not known. */
    @ParameterizedTest
    @CsvSource({
        "false, CreateVcpu, 5",
        "false, EnterGuest, 6",
        "false, ExitGuest, 8",
        "false, ReadTsc, 10",
        "false, VcpuLoad, 11",
        "false, GetClock, 12",
        "true, GetClock, 0",
        "true, WriteTsc, 0",
        "true, SetClock, 17",
        "true, VcpuLoad, 18",
        "true, EnterGuest, 19",
        "true, ExitGuest, 0"
    })
    void aStepHasALineIfItIsTheOnlyOneOfItsKind(boolean restoring, String kind, int line) {
        assertThat(RecipeLines.of(TEXT).lineOf(restoring, kind)).isEqualTo(line);
    }
}
