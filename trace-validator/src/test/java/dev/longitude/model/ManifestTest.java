package dev.longitude.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
    private static final Path SPEC = Path.of("../spec");

    @Test
    void everyConfigurationIsInTheManifest() throws Exception {
        try (Stream<Path> files = Files.list(SPEC.resolve("models"))) {
            assertThat(files.map(f -> f.getFileName().toString().replace(".cfg", "")))
                    .containsExactlyInAnyOrderElementsOf(
                            Manifest.load().models().stream().map(Model::name).toList());
        }
    }

    /** Each of these properties has a model that must fail on exactly it, under each kernel that has the fault. */
    @ParameterizedTest
    @ValueSource(strings = {"Monotonic", "SameLine", "StableIsTrue", "WriteTakesEffect", "KeepsContract"})
    void everyPropertyHasAWitnessThatItCanFail(String property) {
        assertThat(Manifest.load().models()).anyMatch(m -> property.equals(m.violates()));
    }

    @Test
    void aModelRunsAndItsCountsAreCompared() throws Exception {
        Model model = Manifest.load().named("any-vmm-no-tsc-clocksource-v6.12").orElseThrow();
        assertThat(new ModelCheck(model).run().fault()).isNull();
        Model other = new Model(
                model.name(),
                model.module(),
                model.about(),
                null,
                model.states() + 1,
                model.depth(),
                null,
                null,
                false);
        assertThat(new ModelCheck(other).run().fault())
                .isEqualTo(model.states() + " distinct states and depth " + model.depth() + ", expected "
                        + (model.states() + 1) + " and " + model.depth());
    }

    @Test
    void aModelThatMustFailAndHoldsIsAFault() throws Exception {
        Model model = Manifest.load().named("any-vmm-no-tsc-clocksource-v6.12").orElseThrow();
        Model other = new Model(
                model.name(), model.module(), model.about(), "TypeOK", model.states(), model.depth(), 1L, null, false);
        assertThat(new ModelCheck(other).run().fault()).isEqualTo("must violate TypeOK, but everything holds");
    }

    @Test
    void livenessIsNotCheckedWhereStatesAreTakenForOneAnother() throws Exception {
        Model model = Manifest.load().named("updates-performed-v7.3").orElseThrow();
        String config = Files.readString(SPEC.resolve("models/updates-performed-v7.3.cfg"));
        assertThat(new ModelCheck(model, config + "VIEW TscView\n").run().fault())
                .isEqualTo("UpdatesArePerformed is about liveness, which TLC gets wrong under VIEW");
    }

    @Test
    void aModelThatMustHoldAndFailsIsAFaultWithItsCounterexample() throws Exception {
        Model model = Manifest.load().named("young-guest-v6.1").orElseThrow();
        Model other = new Model(
                model.name(), model.module(), model.about(), null, model.states(), model.depth(), null, null, false);
        ModelCheck.Outcome outcome = new ModelCheck(other).run();
        assertThat(outcome.fault()).startsWith("WriteTakesEffect is violated, in 4 states");
        assertThat(outcome.counterexample()).hasSize(4);
    }
}
