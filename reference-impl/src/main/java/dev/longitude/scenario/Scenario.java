package dev.longitude.scenario;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Trace;
import java.util.Optional;
import java.util.SplittableRandom;

/** A named sequence of operations. The same scenario, kernel, vCPUs and seed give the same trace. */
public sealed interface Scenario permits OnX86, Arm64Scenario {
    /** The most vCPUs of a VM: each event shows all of them, so that a trace grows with their square. */
    int MOST_VCPUS = 256;

    /** The name on the command line. */
    String commandName();

    /** A description in one line. */
    String summary();

    /** The architecture whose operations it plays. */
    Arch arch();

    /**
     * Plays the scenario.
     *
     * @param vcpus how many vCPUs, 1 to {@link #MOST_VCPUS}
     * @param seed decides every free choice, including the host's counter at the start
     */
    Trace play(KernelProfile kernel, int vcpus, long seed);

    /**
     * Plays the scenario on a host with this counter.
     *
     * @param counter unsigned cycles of its TSC, or ticks of its counter
     */
    Trace play(KernelProfile kernel, int vcpus, long seed, long counter);

    /** All scenarios. */
    static ImmutableList<Scenario> all() {
        return ImmutableList.<Scenario>builder()
                .add(X86Scenario.values())
                .add(X86ClockScenario.values())
                .add(Arm64Scenario.values())
                .build();
    }

    /** The scenario of that name, if there is one. */
    static Optional<Scenario> named(String commandName) {
        return all().stream().filter(s -> s.commandName().equals(commandName)).findFirst();
    }

    /** Where the trace comes from, for its header. */
    default String origin(long seed) {
        return "reference implementation, scenario " + commandName() + ", seed " + seed;
    }

    /** The host's counter at the start: one host in four is about to wrap it. */
    static long startOf(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return random.nextInt(4) == 0 ? -random.nextInt(1 << 30) - 1L : random.nextLong() >>> 20;
    }

    /** Checks a number of vCPUs. */
    static void checkVcpus(int vcpus) {
        checkArgument(vcpus >= 1 && vcpus <= MOST_VCPUS, "%s vCPUs; 1 to %s are possible", vcpus, MOST_VCPUS);
    }
}
