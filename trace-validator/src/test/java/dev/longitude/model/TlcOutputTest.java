package dev.longitude.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TlcOutputTest {
    private static List<String> message(int code, int severity, String text) {
        return List.of("@!@!@STARTMSG " + code + ":" + severity + " @!@!@", text, "@!@!@ENDMSG " + code + " @!@!@");
    }

    private static TlcOutput parse(List<List<String>> messages) {
        return TlcOutput.parse(messages.stream().flatMap(List::stream).toList(), 0);
    }

    @Test
    void aSearchWithoutError() {
        TlcOutput output = parse(List.of(
                message(2199, 0, "28605 states generated, 3122 distinct states found, 0 states left on queue."),
                message(2194, 0, "The depth of the complete state graph search is 12."),
                message(2186, 0, "Finished in 1s")));
        assertThat(output.finished()).isTrue();
        assertThat(output.violated()).isNull();
        assertThat(output.states()).isEqualTo(3122);
        assertThat(output.depth()).isEqualTo(12);
        assertThat(output.trouble()).isEmpty();
    }

    @Test
    void aViolatedInvariant() {
        TlcOutput output = parse(List.of(
                message(2110, 1, "Invariant SameLine is violated."),
                message(2121, 1, "The behavior up to this point is:"),
                message(2217, 4, "1: <Initial predicate>\n/\\ x = 0"),
                message(2186, 0, "Finished in 1s")));
        assertThat(output.violated()).isEqualTo("Invariant SameLine");
        assertThat(output.counterexample()).hasSize(1);
        assertThat(output.trouble()).isEmpty();
    }

    @Test
    void anErrorThatIsNoViolationIsTrouble() {
        TlcOutput output = parse(List.of(message(1000, 1, "TLC threw an unexpected exception.")));
        assertThat(output.trouble()).containsExactly("TLC threw an unexpected exception.");
        assertThat(output.finished()).isFalse();
    }
}
