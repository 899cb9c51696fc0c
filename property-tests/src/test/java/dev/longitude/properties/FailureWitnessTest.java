package dev.longitude.properties;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.replay.TlcReplay;
import dev.longitude.trace.Operation;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.trace.TraceHeader;
import dev.longitude.validator.Refusal;
import dev.longitude.validator.TraceValidator;
import dev.longitude.verdict.InputFile;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Vcpu;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** A property that fails ends in a small trace, a behaviour of the specification, and one command. */
@Isolated("it replaces System.out")
class FailureWitnessTest {
    /** Properties that fail on purpose. (Surefire does not look for tests in a class of this name.) */
    @AddLifecycleHook(Reproducible.class)
    static class OnPurpose {
        @Provide
        Arbitrary<List<Act>> acts() {
            return new KvmX86Properties().acts();
        }

        /** What one kernel does is judged as another's. */
        @Property(tries = 500, seed = "1")
        void aKernelIsAnother(@ForAll("acts") List<Act> acts) throws Exception {
            X86Run run = new X86Run(KernelProfile.of("v6.12"), TscScaling.NONE, 1, 0);
            TraceHeader header = new TraceHeader(
                    KernelProfile.of("v6.1"),
                    new TraceHeader.X86(X86Run.KHZ, 0, true, false),
                    X86Run.VCPUS,
                    "on purpose");
            PlayedTraces.note(header, run.events);
            run.play(acts);
            TraceValidator validator = new TraceValidator(header);
            for (TraceEvent event : run.events) {
                assertThat(validator.accept(event)).isEmpty();
            }
        }

        /** No trace of it is refused: what fails is only what the property says. */
        @Property(tries = 500)
        void noVcpuIsEverInTheGuest(@ForAll("acts") List<Act> acts) {
            X86Run run = new X86Run(KernelProfile.of("v6.12"), TscScaling.NONE, 1, 0);
            run.play(acts);
            assertThat(run.vcpus).noneMatch(X86Vcpu::inGuest);
        }
    }

    /** What a property printed. */
    private static String failing(String property) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(OnPurpose.class, property, List.class))
                .build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            LauncherFactory.create().execute(request, listener);
        } finally {
            System.setOut(before);
        }
        assertThat(listener.getSummary().getTestsFailedCount()).isEqualTo(1);
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static Path trace(String property) {
        return FailureWitness.FOLDER.resolve("OnPurpose." + property + ".ndjson");
    }

    private static String seed(String printed) {
        Matcher command = Pattern.compile("-Dtest='OnPurpose#\\w+' -Dlongitude\\.seed=(-?\\d+)")
                .matcher(printed);
        assertThat(command.find()).as(printed).isTrue();
        return command.group(1);
    }

    @Test
    void aRefusedTraceIsWrittenWithTheBehaviourBeforeIt() throws Exception {
        String printed = failing("aKernelIsAnother");
        Path file = FailureWitness.FOLDER.resolve("OnPurpose.aKernelIsAnother-2.ndjson");
        assertThat(printed).contains("./longitude validate property-tests/" + file);
        Refusal refusal = requireNonNull(new InputFile(file, null).validate().refusal());
        int conforming = refusal.event().line() - 2;
        Trace trace = new InputFile(file, null).read();
        assertThat(trace.events()).as("what is left of up to 60 acts").hasSizeLessThan(12);
        assertThat(trace.events().get(0).operation()).isEqualTo(Operation.CREATE_VM);
        Path modules = FailureWitness.FOLDER.resolve("OnPurpose.aKernelIsAnother-2");
        assertThat(modules.resolve("Witness0.tla")).content().contains("KvmX86");
        // Stock TLC says the same: it takes what is before the refused event, and not that.
        Trace before = new Trace(trace.header(), trace.events().subList(0, conforming));
        assertThat(TlcReplay.firstRefused(List.of(before, trace)))
                .containsExactly(OptionalInt.empty(), OptionalInt.of(conforming));
    }

    @Test
    void theCommandsSeedGivesTheSameTrace() throws Exception {
        String printed = failing("noVcpuIsEverInTheGuest");
        Path file = trace("noVcpuIsEverInTheGuest");
        assertThat(printed).contains("it conforms; the behaviour of the");
        String written = Files.readString(file);
        Files.delete(file);
        System.setProperty("longitude.seed", seed(printed));
        try {
            failing("noVcpuIsEverInTheGuest");
        } finally {
            System.clearProperty("longitude.seed");
        }
        assertThat(file).content().isEqualTo(written);
        assertThat(new InputFile(file, null).validate().conforms()).isTrue();
        // A VM, a vCPU, and its entry.
        assertThat(new InputFile(file, null).read().events()).hasSize(3);
    }
}
