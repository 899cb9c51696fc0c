package dev.longitude.scenario;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.trace.Trace;
import dev.longitude.trace.TraceHeader;
import java.util.SplittableRandom;

/** A scenario of an x86 host. */
sealed interface OnX86 extends Scenario permits X86Scenario, X86ClockScenario {
    /** Plays it on a host that is set up. */
    void play(X86Stage stage);

    @Override
    default Arch arch() {
        return Arch.X86;
    }

    @Override
    default Trace play(KernelProfile kernel, int vcpus, long seed) {
        return play(kernel, vcpus, seed, Scenario.startOf(seed));
    }

    @Override
    default Trace play(KernelProfile kernel, int vcpus, long seed, long tsc) {
        Scenario.checkVcpus(vcpus);
        X86Stage stage = new X86Stage(kernel, vcpus, new SplittableRandom(~seed), tsc);
        play(stage);
        return new Trace(
                new TraceHeader(
                        kernel,
                        new TraceHeader.X86(
                                X86Stage.TSC_KHZ, stage.host.scaling().fracBits(), stage.clocksourceIsTsc, false),
                        vcpus,
                        origin(seed)),
                ImmutableList.copyOf(stage.events));
    }
}
