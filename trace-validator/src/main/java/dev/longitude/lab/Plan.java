package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** What the emulated machine does: the programs that it needs, and the lines that longitude-init.c performs. */
interface Plan {
    /** Options with which the machine's programs, which has no libraries, are built. */
    ImmutableList<String> STATIC = ImmutableList.of("-static");

    /** Adds the programs to the machine's files. */
    void addTo(Initramfs files, EmulatedMachine machine)
            throws LabException, NoCompilerException, IOException, InterruptedException;

    /** The lines. */
    ImmutableList<String> lines();

    /** The memory that the machine needs, MiB. */
    int memory();

    /** QEMU's options about how it emulates: a thread for each CPU, with the host's time, unless a plan needs another. */
    default ImmutableList<String> acceleration() {
        return ImmutableList.of("-accel", "tcg,thread=multi");
    }

    /** More lines for each host.txt, each with its end. */
    default String description() {
        return "";
    }

    /** The probe. */
    record OfProbe(Probe probe) implements Plan {
        private static final int MEMORY = 1024;

        @Override
        public void addTo(Initramfs files, EmulatedMachine machine)
                throws NoCompilerException, IOException, InterruptedException {
            files.file("record", Files.readAllBytes(RecorderProgram.RECORDER.build(machine.arch(), STATIC)));
            files.file("probe", Files.readAllBytes(Probe.PROGRAM.build(machine.arch(), STATIC)));
        }

        @Override
        public ImmutableList<String> lines() {
            return ImmutableList.of(
                    "run /record -o /out --host-only", "run /probe " + String.join(" ", probe.arguments("/out")));
        }

        @Override
        public int memory() {
            return MEMORY;
        }
    }

    /** The lines and those that must come first: the modules, and a wait until the host's clocksource is final. */
    default ImmutableList<String> linesAfter(List<String> modules) {
        ImmutableList.Builder<String> lines = ImmutableList.builder();
        modules.forEach(m -> lines.add("module /modules/" + m));
        return lines.add("settle").addAll(lines()).build();
    }
}
