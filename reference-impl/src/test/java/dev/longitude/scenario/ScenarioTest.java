package dev.longitude.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScenarioTest {
    private static final long SEED = 42;
    private static final int VCPUS = 3;

    static ImmutableList<Scenario> all() {
        return Scenario.all();
    }

    /** All scenarios' traces as text, in a process of its own. */
    static final class Traces {
        private Traces() {}

        /** Prints them. */
        public static void main(String[] args) throws IOException {
            System.out.write(written());
            System.out.flush();
        }

        static byte[] written() throws IOException {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (Scenario scenario : Scenario.all()) {
                Trace trace = scenario.play(KernelProfile.of("v6.12"), VCPUS, SEED);
                try (TraceWriter writer = new TraceWriter(out, trace.header())) {
                    for (TraceEvent event : trace.events()) {
                        writer.write(event);
                    }
                }
            }
            return out.toByteArray();
        }
    }

    /** In another process, which hashes and orders what has no order in another way: byte for byte. */
    @Test
    void theSameSeedGivesTheSameTracesInAnotherProcess() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Traces.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String theirs = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(other.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(other.exitValue()).isZero();
            assertThat(theirs).isEqualTo(new String(Traces.written(), StandardCharsets.UTF_8));
        } finally {
            other.destroy();
        }
    }

    /** Another seed is another trace, which the header names. */
    @ParameterizedTest
    @MethodSource("all")
    void theSeedDecides(Scenario scenario) {
        Trace one = scenario.play(KernelProfile.of("v6.12"), VCPUS, SEED);
        Trace other = scenario.play(KernelProfile.of("v6.12"), VCPUS, SEED + 1);
        assertThat(one.header().origin()).endsWith("scenario " + scenario.commandName() + ", seed " + SEED);
        assertThat(other.events()).isNotEqualTo(one.events());
    }

    /** The counter that the seed gives is the one that can be given instead of it. */
    @ParameterizedTest
    @MethodSource("all")
    void theSeedGivesTheHostItsCounter(Scenario scenario) {
        KernelProfile kernel = KernelProfile.of("v6.12");
        long start = Scenario.startOf(SEED);
        assertThat(scenario.play(kernel, VCPUS, SEED, start)).isEqualTo(scenario.play(kernel, VCPUS, SEED));
        List<Trace> elsewhere =
                List.of(scenario.play(kernel, VCPUS, SEED, start), scenario.play(kernel, VCPUS, SEED, 7));
        assertThat(elsewhere.get(0).events().get(0).counter().lo()).isEqualTo(start);
        assertThat(elsewhere.get(1).events().get(0).counter().lo()).isEqualTo(7);
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyScenarioIsPossibleWithOneVcpu(Scenario scenario) {
        assertThat(scenario.play(KernelProfile.of("v6.1"), 1, 1).events()).isNotEmpty();
    }
}
