package dev.longitude.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import com.google.common.io.Resources;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models on a changed specification. */
class ChangedSpecificationTest {
    private static Model model(String name) {
        return Manifest.load().named(name).orElseThrow();
    }

    /** One that holds, one that fails, one of liveness, and one whose root extends no standard module of TLC's. */
    @ParameterizedTest
    @ValueSource(strings = {"same-offset-v5.16", "refused-rate-v6.12", "fault-lasting-request", "pvclock-page-no-odd"})
    void whatIsNotChangedDoesNotDiffer(String name) throws Exception {
        try (TlcJvms jvms = new TlcJvms()) {
            assertThat(new ChangedSpecification(jvms, ImmutableMap.of()).difference(model(name), false))
                    .isEmpty();
        }
    }

    /** Without its bounds the model has endlessly many states: each set of an offset opens a generation. */
    @Test
    void aRunWithMoreStatesEnds() throws Exception {
        Model model = model("same-offset-v5.16");
        String root = Resources.toString(Resources.getResource("spec/" + model.module() + ".tla"), UTF_8);
        String boundless = root.replace("\nBounded ==", "\nBounded == TRUE\n\nNoBounds ==");
        assertThat(boundless).isNotEqualTo(root);
        try (TlcJvms jvms = new TlcJvms()) {
            assertThat(new ChangedSpecification(jvms, ImmutableMap.of(model.module(), boundless))
                            .difference(model, false))
                    .contains("more than " + model.states() + " distinct states");
        }
    }

    @Test
    void aRunWithoutAnEndIsNoResult() throws Exception {
        try (TlcJvms jvms = new TlcJvms(Duration.ofMillis(1))) {
            assertThatThrownBy(() -> new ChangedSpecification(jvms, ImmutableMap.of())
                            .difference(model("same-offset-v5.16"), false))
                    .isInstanceOf(ChangedSpecification.NoEndException.class)
                    .hasMessage("same-offset-v5.16: TLC came to no end");
        }
    }
}
