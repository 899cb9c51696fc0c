package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import dev.longitude.tamper.TraceEraser;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceSource;
import dev.longitude.validator.TraceValidator;
import dev.longitude.validator.UndecidedException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** Traces of any scenario under any kernel, with anything erased. */
@AddLifecycleHook(Reproducible.class)
class PartialTraceProperties {
    record Played(Scenario scenario, KernelProfile kernel, int vcpus, List<TraceEraser> erasures, long seed) {
        Trace left() {
            Trace whole = scenario.play(kernel, vcpus, seed);
            Trace left = new Trace(whole.header(), whole.events());
            SplittableRandom random = new SplittableRandom(seed);
            for (TraceEraser erasure : erasures) {
                left = erasure.of(left, random);
            }
            return left;
        }

        @Override
        public String toString() {
            return scenario.commandName() + " " + kernel + ", " + vcpus + " vCPUs, without "
                    + erasures.stream().map(TraceEraser::summary).collect(Collectors.joining(" and ")) + ", seed "
                    + seed;
        }
    }

    @Provide
    Arbitrary<Played> traces() {
        List<Played> kinds = new ArrayList<>();
        for (Scenario scenario : Scenario.all()) {
            for (KernelProfile kernel : KernelProfile.showing(scenario.arch())) {
                kinds.add(new Played(scenario, kernel, 0, List.of(), 0));
            }
        }
        return Combinators.combine(
                        Arbitraries.of(kinds),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.of(TraceEraser.class).list().ofMinSize(1).ofMaxSize(3),
                        Arbitraries.longs())
                .as((kind, vcpus, erasures, seed) -> new Played(
                        kind.scenario,
                        kind.kernel,
                        vcpus,
                        erasures.stream().distinct().sorted().toList(),
                        seed));
    }

    @Property(tries = 10, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void whatIsErasedIsNoReasonToRefuse(@ForAll("traces") Played played) throws Exception {
        Trace left = played.left();
        TraceValidator validator = new TraceValidator(left.header());
        TraceSource source = TraceSource.of(left);
        try {
            for (List<TraceEvent> next = source.next(); !next.isEmpty(); next = source.next()) {
                assertThat(validator.accept(next).map((Refusal r) -> r.explain("trace")))
                        .as(played.toString())
                        .isEmpty();
            }
            validator.finish();
        } catch (UndecidedException e) {
            assertThat(e.getMessage()).containsAnyOf(" conform to " + played.kernel, "states are possible");
        }
    }
}
