package dev.longitude.mutate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import dev.longitude.model.Manifest;
import dev.longitude.model.Model;
import dev.longitude.model.TlcJvms;
import dev.longitude.mutate.Element.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProbesTest {
    private static final int SOME = 4;

    /** Where TLC's coverage shows a branch, a probe finds the same. */
    @Test
    void probesAgreeWithTheCoverage() throws Exception {
        Model model = Manifest.load().named("needless-update-v6.8").orElseThrow();
        try (TlcJvms jvms = new TlcJvms()) {
            Coverage coverage = Coverage.of(model, jvms, null);
            List<Element> shown = Elements.all().stream()
                    .filter(e -> e.kind() == Kind.BRANCH
                            && e.module().equals("KvmX86")
                            && coverage.shown(e.module(), e.place()).isPresent())
                    .toList();
            ImmutableSet<Probes.Site> evaluated = some(shown, coverage, true);
            ImmutableSet<Probes.Site> not = some(shown, coverage, false);
            assertThat(evaluated).hasSize(SOME);
            assertThat(not).hasSize(SOME);
            ImmutableSet<Probes.Site> all = ImmutableSet.<Probes.Site>builder()
                    .addAll(not)
                    .addAll(evaluated)
                    .build();
            assertThat(new Probes(jvms, null).reached(model, all)).contains(evaluated);
        }
    }

    private static ImmutableSet<Probes.Site> some(List<Element> shown, Coverage coverage, boolean evaluated) {
        return shown.stream()
                .filter(e -> (coverage.shown(e.module(), e.place()).orElse(0L) > 0) == evaluated)
                .map(e -> new Probes.Site(e.module(), e.place()))
                .limit(SOME)
                .collect(ImmutableSet.toImmutableSet());
    }
}
