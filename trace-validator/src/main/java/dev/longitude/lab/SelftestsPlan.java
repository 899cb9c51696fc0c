package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The kernel's own tests of KVM, each recorded into a folder of its name. */
record SelftestsPlan(EmulatedMachine machine, KernelSelftests tests) implements Plan {
    private static final int MEMORY = 1024;

    /** Long for the slowest test under emulation on a busy machine. */
    private static final int SECONDS = 180;

    @Override
    public void addTo(Initramfs files, EmulatedMachine emulated)
            throws NoCompilerException, IOException, InterruptedException {
        files.file("record", Files.readAllBytes(RecorderProgram.RECORDER.build(machine.arch(), STATIC)));
        for (Map.Entry<String, KernelSelftests.Program> program :
                tests.programs().entrySet()) {
            files.file(
                    "tests/" + program.getKey(),
                    Files.readAllBytes(program.getValue().file()));
        }
    }

    private List<Selftest> runs() {
        return Selftest.of(machine.arch()).stream()
                .filter(t -> tests.programs().containsKey(t.program())
                        && t.isPossibleWith(program(t).options()))
                .toList();
    }

    private KernelSelftests.Program program(Selftest test) {
        return Objects.requireNonNull(tests.programs().get(test.program()));
    }

    @Override
    public ImmutableList<String> lines() {
        return runs().stream()
                .map(t -> ("test " + t.name() + " " + SECONDS + " /record -o /out/" + t.name() + " -- /tests/"
                                + t.program() + " "
                                + String.join(" ", t.arguments(program(t).options())))
                        .stripTrailing())
                .collect(ImmutableList.toImmutableList());
    }

    @Override
    public int memory() {
        return MEMORY;
    }

    /**
     * On x86 time goes by the instructions that the machine performs, 1 ns each. By the host's time, a test that allows
     * little between two readings of a clock fails on a busy host. (On arm64 that takes too long, and the tests have
     * options about how late a timer may be.)
     */
    @Override
    public ImmutableList<String> acceleration() {
        return machine == EmulatedMachine.X86
                ? ImmutableList.of("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off")
                : Plan.super.acceleration();
    }

    @Override
    public String description() {
        return "selftests " + tests.version() + "\n";
    }
}
