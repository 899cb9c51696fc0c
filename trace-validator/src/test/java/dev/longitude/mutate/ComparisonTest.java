package dev.longitude.mutate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Judged.Fate;
import dev.longitude.mutate.Mutant.Place;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One run that shows of each mutant whether its expression ever has another value. */
class ComparisonTest {
    private static final Path RESULTS = Path.of("..", "spec", "mutants.tsv");

    private static Mutant mutant(ModuleText text, Place at, String after) {
        return Mutant.of(text, "P", new Place(1, 1, 2, 9), Mutation.CONJUNCT_DROPPED, at, after, false);
    }

    /** A place in a place, two mutants at one place, and a place that ends where the one around it does. */
    @Test
    void eachPlaceIsComparedInItsColumn() {
        ModuleText text = new ModuleText("M", ImmutableList.of("P == /\\ x = 1", "     /\\ y", "===="));
        Place conjunct = new Place(1, 9, 1, 13);
        Place one = new Place(1, 13, 1, 13);
        Place last = new Place(2, 9, 2, 9);
        List<Mutant> mutants = List.of(
                mutant(text, conjunct, "TRUE"),
                mutant(text, one, "2"),
                mutant(text, last, "TRUE"),
                mutant(text, last, "~(y)"));
        assertThat(Comparison.text(text, mutants, 5).lines())
                .containsExactly(
                        "P == /\\ Compared(5,",
                        "        x = Compared(6,",
                        "            1",
                        "            ,",
                        "            2)",
                        "        ,",
                        "        TRUE)",
                        "     /\\ Compared(8,",
                        "        Compared(7,",
                        "        y",
                        "        ,",
                        "        TRUE)",
                        "        ,",
                        "        ~(y))",
                        "====");
    }

    /**
     * The run is that of the specification, and names each mutant that the model is known to catch: one that it did not
     * name would not be run.
     */
    @ParameterizedTest
    @ValueSource(strings = {"types-v7.3", "arm64-types-v7.3", "host-tsc-at-birth-v7.3", "arm64-line-series-v1"})
    void whatAModelCatchesDiffersThere(String name) throws Exception {
        Model model = Manifest.load().named(name).orElseThrow();
        MutationResults results = MutationResults.read(RESULTS);
        ImmutableList<Mutant> all = Mutants.all();
        Comparison comparison = Comparison.of(all);
        Set<String> caught = all.stream()
                .filter(comparison::has)
                .filter(m -> results.of(m)
                        .filter(j -> j.fate() == Fate.CAUGHT && j.by().equals("model " + name))
                        .isPresent())
                .map(Mutant::key)
                .collect(Collectors.toSet());
        assertThat(caught).isNotEmpty();
        try (TlcJvms jvms = TlcJvms.withOverrides(Duration.ofMinutes(5)).orElseThrow()) {
            Differences differences = new Differences(Optional.of(jvms), comparison, null);
            assertThat(differences.in(model).orElseThrow()).containsAll(caught);
        }
    }
}
