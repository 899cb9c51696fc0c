package dev.longitude.mutate;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReachedTest {
    private static final Path LIST = Path.of("..", "spec", "reached-elsewhere.yaml");

    /** An element, named as in the list, that no model reaches. */
    private static Reached named(String text) {
        List<String> words = List.of(text.split(" ", 3));
        Element element = new Element(
                Element.Kind.valueOf(words.get(0).toUpperCase(Locale.ROOT)),
                words.get(1),
                words.get(2),
                new Mutant.Place(1, 1, 1, 1));
        return new Reached(element, true, ImmutableList.of(), ImmutableList.of(), null);
    }

    @Test
    void eachScenarioInTheListChecksItsElement() throws Exception {
        List<Reached.Elsewhere> ofScenarios = Reached.elsewhere(LIST).stream()
                .filter(e -> e.where().startsWith("scenario ") && !e.element().startsWith("branch "))
                .toList();
        assertThat(ofScenarios).hasSizeGreaterThan(10);
        assertThat(ofScenarios)
                .allSatisfy(e -> assertThat(named(e.element()).fault(e.where())).isEmpty());
    }

    /** Without the branch no trace of the scenario can be judged, and those of the scenarios before it can. */
    @Test
    void eachScenarioInTheListNeedsItsBranch() throws Exception {
        List<Reached.Elsewhere> ofBranches = Reached.elsewhere(LIST).stream()
                .filter(e -> e.where().startsWith("scenario ") && e.element().startsWith("branch "))
                .toList();
        assertThat(ofBranches).hasSizeGreaterThan(10);
        Map<String, Element> elements = Elements.all().stream()
                .filter(e -> e.kind() == Element.Kind.BRANCH)
                .collect(Collectors.toMap(Element::toString, e -> e));
        try (MutantJvms jvms = new MutantJvms()) {
            for (Reached.Elsewhere each : ofBranches) {
                Element element = requireNonNull(elements.get(each.element()), each.element());
                assertThat(Probes.trace(jvms, new Probes.Site(element.module(), element.place())))
                        .as(each.element())
                        .contains(each.where());
            }
        }
    }

    @Test
    void aScenarioThatDoesNotCheckItIsAFault() {
        assertThat(named("action KvmX86 GetVmTscKhz").fault("scenario young-guest"))
                .contains("scenario young-guest does not perform it");
        assertThat(named("switch KvmX86 refusesOwnFlags = true").fault("scenario young-guest"))
                .contains("no trace of scenario young-guest depends on it");
        assertThat(named("action KvmX86 GetVmTscKhz").fault("scenario no-such")).isPresent();
        assertThat(named("branch KvmX86 KvmclockNs: IF ByMaster THEN").fault("scenario boot"))
                .contains("scenario boot is not the first trace that reaches it");
        assertThat(named("action KvmX86 GetVmTscKhz").fault("model young-guest-v6.1"))
                .contains("model young-guest-v6.1 does not reach it");
    }

    @Test
    void wordsAloneCheckNothing() {
        assertThat(Reached.isChecked("nowhere: no check passes other flags")).isFalse();
        assertThat(Reached.isChecked("scenario boot")).isTrue();
        assertThat(Reached.isChecked("model young-guest-v6.1")).isTrue();
    }
}
