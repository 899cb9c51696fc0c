package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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

    /**
     * QEMU as a VMM under KVM, recorded: it stops and continues a guest, saves and loads a snapshot, and migrates the
     * guest to another QEMU.
     */
    record OfQemu(EmulatedMachine machine, QemuTree tree, QemuTree tools) implements Plan {
        private static final int MEMORY = 2048;
        private static final String MIGRATION = "/tmp/migration";

        /** An ELF file of one part, that needs nothing, at the address where QEMU loads a kernel. */
        private static ImmutableList<String> options(Arch arch) {
            return ImmutableList.<String>builder()
                    .add("-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fno-toplevel-reorder")
                    .add("-nostdlib", "-static", arch == Arch.X86 ? "-m32" : "-mgeneral-regs-only")
                    .add("-Wl,-N,--build-id=none,-Ttext=" + (arch == Arch.X86 ? "0x100000" : "0x40080000"))
                    .build();
        }

        @Override
        public void addTo(Initramfs files, EmulatedMachine emulated)
                throws LabException, NoCompilerException, IOException, InterruptedException {
            Arch arch = machine.arch();
            files.file("record", Files.readAllBytes(RecorderProgram.RECORDER.build(arch, STATIC)));
            CProgram guest = new CProgram(Plan.class, "longitude-guest-" + arch, "the lab's guest", "");
            files.file("guest", Files.readAllBytes(guest.build(arch, options(arch))));
            tree.addTo(files, machine.qemu());
            Path disk = Files.createTempFile("longitude", ".qcow2");
            try {
                ImmutableList<String> create = ImmutableList.<String>builder()
                        .addAll(tools.command("qemu-img"))
                        .add("create", "-q", "-f", "qcow2", disk.toString(), "64M")
                        .build();
                new Command(Path.of("."), Map.of(), create).text();
                files.file("disk.qcow2", Files.readAllBytes(disk));
            } finally {
                Files.deleteIfExists(disk);
            }
        }

        /** (With SVM for the guest QEMU restores the state of nested guests, which is not modelled.) */
        private String cpu() {
            return machine == EmulatedMachine.X86 ? "host,-svm" : "host";
        }

        private String start(String folder, String more) {
            return "start /record -o /out/" + folder + " -- /usr/bin/" + machine.qemu()
                    + " -L /firmware -accel kvm -cpu " + cpu()
                    + " -m 64 -smp 2 -nodefaults -display none -kernel /guest"
                    + (machine == EmulatedMachine.X86 ? "" : " -machine virt,gic-version=host")
                    + " -drive file=/disk.qcow2,if=none,id=disk -device "
                    + (machine == EmulatedMachine.X86
                            ? "virtio-blk-pci,drive=disk,rombar=0"
                            : "virtio-blk-device,drive=disk")
                    + " -serial file:/out/" + folder + "-serial.txt -monitor stdio" + more;
        }

        @Override
        public ImmutableList<String> lines() {
            return ImmutableList.<String>builder()
                    .add(start("savevm-loadvm-migrate", ""))
                    .add("wait 8000", "say stop", "wait 1000", "say savevm one", "wait 2000", "say cont", "wait 3000")
                    .add("say loadvm one", "wait 1000", "say cont", "wait 2000")
                    .add("say migrate file:" + MIGRATION, "wait 4000", "say info migrate", "say quit", "end")
                    .add(start("incoming", " -incoming file:" + MIGRATION))
                    .add("wait 6000", "say info status", "say cont", "wait 2000", "say quit", "end")
                    .build();
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
