package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code check --model NAME --show}. */
class ShowModelTest {
    @Test
    void showsHowAModelOfX86Fails() {
        Run run = Run.of("check", "--model", "refused-rate-v6.12", "--show");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(run.out().replaceAll("\\s+", " "))
                .contains("A shortest behaviour that violates ErrorChangesNothing, of 2 steps: ")
                .containsPattern("1 +CreateVcpu\\(vcpu 0\\) +clockUpdate \\{} -> \\{0}, curTscGeneration 0 -> 1, ")
                .containsPattern("2 +SetTscKhz\\(vcpu 0, errno 22, khz \\d+\\) +.*virtualTscKhz\\[0] \\d+ -> \\d+")
                .contains(" The last step makes ErrorChangesNothing false. ")
                .contains(" ok ");
    }

    @Test
    void showsHowAModelOfArm64Fails() {
        Run run = Run.of("check", "--model", "arm64-vmm-value-late-v7.3", "--show");
        assertThat(run.code()).isEqualTo(ExitCode.HOLDS);
        assertThat(run.out().replaceAll("\\s+", " "))
                .contains("A shortest behaviour that violates KeepsContract, of 4 steps: ")
                .containsPattern("1 +CreateVcpu\\(vcpu <<\"a\", 0>>\\) +")
                .containsPattern("4 +LetRun +phase \"held\" -> \"running\"")
                .contains(" The last step makes KeepsContract false. ");
    }

    @Test
    void aBehaviourThatNeverEndsIsSaidToGoOn() {
        assertThat(Run.of("check", "--model", "fault-lasting-request", "--show")
                        .out()
                        .replaceAll("\\s+", " "))
                .containsPattern("A behaviour that violates UpdatesArePerformed, of \\d+ steps: ")
                .containsPattern("masterclockUpdate \\{} -> \\{0}")
                .containsPattern(
                        " If all that follows step \\d+ happens again and again, UpdatesArePerformed is false. ");
    }

    @Test
    void aBehaviourThatStopsIsSaidToStop() {
        assertThat(Run.of("check", "--model", "fault-arm64-endless-broadcast", "--show")
                        .out()
                        .replaceAll("\\s+", " "))
                .contains("A behaviour that violates BroadcastEnds, of 3 steps: ")
                .contains(" If nothing else happens, BroadcastEnds is false. ");
    }

    @Test
    void saysOfAModelThatHoldsThatItDoes() {
        assertThat(Run.of("check", "--model", "refused-rate-corrected", "--show")
                        .out())
                .contains("There is no counterexample: in all 611 states these hold: ErrorChangesNothing\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            check --show                                                 | --show needs --model and excludes --distributed
            check --model any-vmm-v6.12 --show --distributed             | --show needs --model and excludes --distributed
            check --model yung-guest-v6.1                                | unknown model 'yung-guest-v6.1'; `check --list` shows them. Did you mean young-guest-v6.1?
            check --model nothing-like-it                                | unknown model 'nothing-like-it'; `check --list` shows them
            """)
    void whatCannotBeUsedIsSaid(String command, String message) {
        Run run = Run.of((Object[]) command.split(" "));
        assertThat(run.code()).isEqualTo(ExitCode.UNUSABLE);
        assertThat(run.err().lines().findFirst()).contains("longitude: " + message);
    }
}
