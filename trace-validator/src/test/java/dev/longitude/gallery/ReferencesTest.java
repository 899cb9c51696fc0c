package dev.longitude.gallery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the gallery says of models, scenarios, traces and cells is so; and what is not so is noticed. */
class ReferencesTest {
    /** A fault that all four places find. */
    private static final String WHOLE = """
            id: G09
            title: the first write to a young guest is dropped
            arch: x86_64
            happened: it happened
            versions: until 6.6
            commit: bf328e22e472
            fix: none
            kernel: v6.1
            switches: [userSetTscGate]
            models: [{fails: young-guest-v6.1, holds: young-guest-v6.7}]
            scenarios: [{name: young-guest, seed: 1, vcpus: 3, loses: WriteTakesEffect}]
            traces:
              - {scenario: young-guest, seed: 1, vcpus: 3}
              - {recording: x86_64-linux6.1.192-tcg-max/S1-msr-write-by-value.jsonl}
            cells: [{recipe: hyperlight, world: usual, property: RestoreTakesEffect, holdsOn: v6.7}]
            """;

    private static ImmutableList<String> wrong(String fault) throws Exception {
        return new References().wrong(YAMLMapper.builder().build().readValue(fault, Fault.class));
    }

    @Test
    void everyReferenceOfTheGalleryIsRightAndEnoughIsInReach() throws Exception {
        Gallery gallery = Gallery.load();
        References references = new References();
        for (Fault fault : gallery.faults()) {
            assertThat(references.wrong(fault)).as(fault.id()).isEmpty();
        }
        assertThat(gallery.faults().stream().filter(f -> f.id().startsWith("G")))
                .hasSize(47);
        assertThat(gallery.inReach()).isGreaterThanOrEqualTo(Gallery.LEAST_IN_REACH);
        assertThat(gallery.faults().stream().map(Fault::id)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "fails: young-guest-v6.1   | fails: young-guest-v6.7      | model young-guest-v6.7: it need not fail",
                "fails: young-guest-v6.1   | fails: nonsense              | model nonsense: no such model",
                "holds: young-guest-v6.7   | holds: by-value-slow-v6.1    | by-value-slow-v6.1 is of a kernel with the same userSetTscGate",
                "holds: young-guest-v6.7   | holds: round-trip-v5.16      | does not show that WriteTakesEffect holds",
                ", holds: young-guest-v6.7 | \"\"                         | expected a model that holds",
                "kernel: v6.1              | kernel: v6.12                | its kernel v6.1 does not have the fault",
                "kernel: v6.1              | kernel: v6.12                | keeps WriteTakesEffect on v6.12",
                "kernel: v6.1              | kernel: v6.12                | is no failure on v6.12",
                "userSetTscGate            | zeroIsAValue                 | does not keep WriteTakesEffect on v6.1 with zeroIsAValue either",
                "userSetTscGate            | zeroIsAValue                 | trace of young-guest: is not refused",
                "loses: WriteTakesEffect   | loses: SameLine              | keeps SameLine on v6.1",
                "loses: WriteTakesEffect   | loses: Nonsense              | keeps Nonsense on v6.1",
                "- {scenario: young-guest  | - {scenario: nonsense        | expected a scenario",
                "S1-msr-write-by-value     | S2-offset-attr               | no kernel that refuses it",
                "recipe: hyperlight        | recipe: firecracker          | is no failure on v6.1",
                "recipe: hyperlight        | recipe: nonsense             | no such cell on v6.1",
                "holdsOn: v6.7             | holdsOn: v5.10               | hyperlight on v5.10: fails",
                ", holdsOn: v6.7           | \"\"                         | expected where it holds",
            })
    void aReferenceThatIsNotSoIsAnError(String right, String changed, String message) throws Exception {
        assertThat(WHOLE).contains(right);
        assertThat(wrong(WHOLE)).isEmpty();
        assertThat(wrong(WHOLE.replace(right, changed)))
                .as("%s for %s", changed, right)
                .anyMatch(w -> w.contains(message));
    }

    @Test
    void aPlaceHasEitherAReferenceOrAReason() throws Exception {
        assertThat(wrong(WHOLE + "outOfReach: {recipe: none}\n"))
                .containsExactly("recipe: expected something that finds it, or else a reason why nothing does");
        assertThat(wrong(WHOLE.substring(0, WHOLE.indexOf("cells:"))))
                .containsExactly("recipe: expected something that finds it, or else a reason why nothing does");
    }

    @Test
    void aCellThatChangesIsNoticed() throws Exception {
        ImmutableList<Matrix.Cell> fewer = Matrix.committed().stream()
                .filter(c -> !(c.recipe().equals("hyperlight") && c.kernel().equals("v6.7")))
                .collect(ImmutableList.toImmutableList());
        assertThat(new References(fewer).wrong(YAMLMapper.builder().build().readValue(WHOLE, Fault.class)))
                .containsExactly("cell hyperlight@usual RestoreTakesEffect: hyperlight on v6.7: no such cell");
    }

    @Test
    void namesThatDoNotExistAreRefused() {
        for (String[] change : new String[][] {
            {"userSetTscGate", "nonsense", "unknown switch"},
            {"kernel: v6.1", "kernel: v1.0", "unknown kernel"},
            {"x86_64\n", "riscv\n", "unknown architecture"},
            {"fix:", "mended:", "mended"},
            {"commit:", "#commit:", "commit"}
        }) {
            String changed = WHOLE.replace(change[0], change[1]);
            assertThatThrownBy(() -> wrong(change[2].equals("mended") ? changed + "fix: none\n" : changed))
                    .hasMessageContaining(change[2]);
        }
    }

    @Test
    void theKernelWithoutTheFaultDiffersInThatSwitchOnly() throws Exception {
        Fault fault = YAMLMapper.builder().build().readValue(WHOLE, Fault.class);
        assertThat(fault.healed()).hasToString("v6.1 with userSetTscGate").isNotEqualTo(KernelProfile.of("v6.7"));
        assertThat(fault.gone()).containsExactly("userSetTscGate: since 6.7, bf328e22e472");
    }
}
