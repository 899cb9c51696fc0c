package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What runs in a VM that a VMM makes on the emulated machine. It prints lines with counters to its serial port. */
interface Guest {
    /** A word of each of these lines. */
    String RUNNING = "counter";

    /** Adds its files to the machine's. */
    void addTo(Initramfs files, Arch arch) throws LabException, NoCompilerException, IOException, InterruptedException;

    /** QEMU's options that load it, as words of a line of longitude-init.c. */
    String options(EmulatedMachine machine);

    /** How long it may take to its first line, s. */
    int secondsToRun();

    /** What it is, for host.txt. */
    String name();

    /** A few lines of C that need no kernel. */
    record Bare() implements Guest {
        private static final int SECONDS = 200;

        /** An ELF file of one part, that needs nothing, at the address where QEMU loads a kernel. */
        private static ImmutableList<String> buildOptions(Arch arch) {
            return ImmutableList.<String>builder()
                    .add("-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fno-toplevel-reorder")
                    .add("-nostdlib", "-static", arch == Arch.X86 ? "-m32" : "-mgeneral-regs-only")
                    .add("-Wl,-N,--build-id=none,-Ttext=" + (arch == Arch.X86 ? "0x100000" : "0x40080000"))
                    .build();
        }

        @Override
        public void addTo(Initramfs files, Arch arch) throws NoCompilerException, IOException, InterruptedException {
            CProgram program = new CProgram(Guest.class, "longitude-guest-" + arch, "the lab's guest", "");
            files.file("guest", Files.readAllBytes(program.build(arch, buildOptions(arch))));
        }

        @Override
        public String options(EmulatedMachine machine) {
            return "-m 64 -kernel /guest";
        }

        @Override
        public int secondsToRun() {
            return SECONDS;
        }

        @Override
        public String name() {
            return "a few lines of C";
        }
    }

    /** Linux: the kernel that the machine itself runs, with a first process that reads its clocks on each CPU. */
    record Linux(BootedKernel kernel) implements Guest {
        private static final int SECONDS = 400;

        @Override
        public void addTo(Initramfs files, Arch arch)
                throws LabException, NoCompilerException, IOException, InterruptedException {
            CProgram init =
                    new CProgram(Guest.class, "longitude-guest-linux", "the first process of a Linux guest", "");
            files.file("guest", Files.readAllBytes(kernel.image()));
            Path file = Files.createTempFile("longitude", ".initramfs");
            try {
                try (Initramfs inner = new Initramfs(file)) {
                    inner.folder("dev");
                    inner.file("init", Files.readAllBytes(init.build(arch, Plan.STATIC)));
                }
                files.file("guest.initramfs", Files.readAllBytes(file));
            } finally {
                Files.deleteIfExists(file);
            }
        }

        @Override
        public String options(EmulatedMachine machine) {
            return "-m 256 -kernel /guest -initrd /guest.initramfs -append \"console=" + machine.console()
                    + " quiet panic=-1\"";
        }

        @Override
        public int secondsToRun() {
            return SECONDS;
        }

        @Override
        public String name() {
            return "Linux " + kernel.name();
        }
    }
}
