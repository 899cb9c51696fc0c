package dev.longitude.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LockstepCommandTest {
    /** A model with a VMM is not explored: asked for by name, that is no success. */
    @Test
    void aModelThatIsNotExploredIsUndecided() {
        Run run = Run.of("lockstep", "by-offset-v6.12");
        assertThat(run.out()).contains("by-offset-v6.12: not explored: ");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void aSearchThatWasStoppedIsUndecided() {
        Run run = Run.of("lockstep", "deadline-last-v7.3", "--states", "100");
        assertThat(run.out()).contains("states without a difference");
        assertThat(run.code()).isEqualTo(ExitCode.UNDECIDED);
    }

    @Test
    void aDifferenceIsAFailureWithACommandThatRepeatsIt() {
        Run run = Run.of("lockstep", "any-vmm-v6.12", "--java-kernel", "v6.1");
        assertThat(run.code()).isEqualTo(ExitCode.VIOLATED);
        String moves = run.out().replaceFirst("(?s).*--follow (\\S+).*", "$1");
        Run again = Run.of("lockstep", "any-vmm-v6.12", "--java-kernel", "v6.1", "--follow", moves);
        assertThat(again.code()).isEqualTo(ExitCode.VIOLATED);
        assertThat(again.out()).isEqualTo(run.out());
    }
}
