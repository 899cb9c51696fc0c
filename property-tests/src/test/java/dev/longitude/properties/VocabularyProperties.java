package dev.longitude.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.longitude.arm64.Arm64Host;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.scenario.Scenario;
import dev.longitude.trace.Operation;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceEvent;
import dev.longitude.validator.TraceValidator;
import dev.longitude.x86.TscScaling;
import dev.longitude.x86.X86Host;
import dev.longitude.x86.X86Vcpu;
import dev.longitude.x86.X86Vm;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** What the generated sequences and the scenarios reach at all. */
@AddLifecycleHook(Reproducible.class)
class VocabularyProperties {
    private static final int SEQUENCES = 60;

    /** The specification's alone: the implementation reads both clocks at one instant. */
    private static final ImmutableSet<Operation> NOT_IMPLEMENTED = ImmutableSet.of(Operation.TAKE_HOST_TSC);

    private static Set<Operation> implemented(Arch arch) {
        return Sets.difference(ImmutableSet.copyOf(Operation.of(arch)), NOT_IMPLEMENTED);
    }

    /** Under each kernel that differs some sequences: together they perform every operation, and nothing else. */
    @Example
    void generatedSequencesPerformEveryOperationOnX86() {
        Set<Operation> performed = EnumSet.noneOf(Operation.class);
        for (KernelProfile kernel : KernelProfile.showing(Arch.X86)) {
            new KvmX86Properties().acts().sampleStream().limit(SEQUENCES).forEach(acts -> {
                X86Host host = new X86Host(X86Run.KHZ, TscScaling.INTEL, true, 0, e -> performed.add(e.operation()));
                host.omitState();
                X86Vm vm = new X86Vm(host, kernel, 0);
                List<X86Vcpu> vcpus = new ArrayList<>();
                acts.forEach(act -> act.play(host, vm, vcpus, X86Run.VCPUS));
            });
        }
        assertThat(performed).isEqualTo(implemented(Arch.X86));
    }

    @Example
    void generatedSequencesPerformEveryOperationOnArm64() {
        Set<Operation> performed = EnumSet.noneOf(Operation.class);
        for (KernelProfile kernel : KernelProfile.showing(Arch.ARM64)) {
            new KvmArm64Properties().acts().sampleStream().limit(SEQUENCES).forEach(acts -> {
                Arm64Host host = new Arm64Host(kernel, true, true, 2, 0, e -> performed.add(e.operation()));
                host.omitState();
                Arm64Act.Stage stage = new Arm64Act.Stage(host, Arm64Run.VCPUS);
                acts.forEach(act -> act.play(stage));
            });
        }
        assertThat(performed).isEqualTo(implemented(Arch.ARM64));
    }

    /** The scenarios together do so too, each across the end of the host's counter, and each conforms. */
    @Example
    void everyScenarioConformsWithTheWrapInItsMiddle() throws Exception {
        Set<Operation> performed = EnumSet.noneOf(Operation.class);
        for (Scenario scenario : Scenario.all()) {
            for (KernelProfile kernel : kernels(scenario.arch())) {
                Trace whole = scenario.play(kernel, 2, 1, 0);
                long ends =
                        whole.events().get(whole.events().size() - 1).counter().lo();
                Trace trace = scenario.play(kernel, 2, 1, -Math.max(1, ends / 2));
                PlayedTraces.note(trace);
                String what = scenario.commandName() + " under " + kernel;
                // (Some take no time: all of it is just below the end.)
                assertThat(trace.events().get(0).counter().lo()).as(what).isNegative();
                assertThat(ends == 0 || wraps(trace)).as(what + " wraps").isTrue();
                TraceValidator validator = new TraceValidator(trace.header());
                for (TraceEvent event : trace.events()) {
                    assertThat(validator.accept(event).map(refusal -> refusal.explain("trace")))
                            .as(what)
                            .isEmpty();
                    performed.add(event.operation());
                }
            }
        }
        assertThat(performed).isEqualTo(Sets.union(implemented(Arch.X86), implemented(Arch.ARM64)));
    }

    private static boolean wraps(Trace trace) {
        return trace.events().stream().anyMatch(e -> e.counter().lo() >= 0);
    }

    /** Kernels in which each interface exists. */
    private static List<KernelProfile> kernels(Arch arch) {
        return (arch == Arch.X86 ? List.of("v5.10", "v7.3") : List.of("series-v1", "series-v2", "v6.1", "v7.3"))
                .stream().map(KernelProfile::of).toList();
    }
}
