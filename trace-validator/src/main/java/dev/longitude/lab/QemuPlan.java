package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * QEMU as a VMM under KVM, recorded: it stops and continues a guest, saves and loads a snapshot, and migrates the guest
 * to another QEMU.
 *
 * @param tree QEMU for the machine
 * @param tools QEMU's tools for this machine
 * @param guest what runs in the VM
 * @param vcpus of the VM
 */
record QemuPlan(EmulatedMachine machine, QemuTree tree, QemuTree tools, Guest guest, int vcpus) implements Plan {
    private static final int MEMORY = 2048;
    private static final String MIGRATION = "/tmp/migration";
    private static final String FIRST = "savevm-loadvm-migrate";
    private static final String SECOND = "incoming";

    @Override
    public void addTo(Initramfs files, EmulatedMachine emulated)
            throws LabException, NoCompilerException, IOException, InterruptedException {
        files.file("record", Files.readAllBytes(RecorderProgram.RECORDER.build(machine.arch(), STATIC)));
        guest.addTo(files, machine.arch());
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

    private static String serial(String folder) {
        return "/out/" + folder + "-serial.txt";
    }

    private String start(String folder, String more) {
        return "start /record -o /out/" + folder + " -- /usr/bin/" + machine.qemu()
                + " -L /firmware -accel kvm -cpu " + cpu() + " -smp " + vcpus + " -nodefaults -display none "
                + guest.options(machine)
                + (machine == EmulatedMachine.X86 ? "" : " -machine virt,gic-version=host")
                + " -drive file=/disk.qcow2,if=none,id=disk -device "
                + (machine == EmulatedMachine.X86
                        ? "virtio-blk-pci,drive=disk,rombar=0"
                        : "virtio-blk-device,drive=disk")
                + " -serial file:" + serial(folder) + " -monitor stdio" + more;
    }

    private String untilItRuns(String folder) {
        return "until " + guest.secondsToRun() + " " + serial(folder) + " " + Guest.RUNNING;
    }

    @Override
    public ImmutableList<String> lines() {
        return ImmutableList.<String>builder()
                .add(start(FIRST, ""), untilItRuns(FIRST))
                .add("wait 3000", "say stop", "wait 1000", "say savevm one", "wait 2000", "say cont", "wait 3000")
                .add("say loadvm one", "wait 1000", "say cont", "wait 2000")
                .add("say migrate file:" + MIGRATION, "wait 4000", "say info migrate", "say quit", "end")
                .add(start(SECOND, " -incoming file:" + MIGRATION), untilItRuns(SECOND))
                .add("say info status", "say cont", "wait 2000", "say quit", "end")
                .build();
    }

    @Override
    public int memory() {
        return MEMORY;
    }

    @Override
    public String description() {
        return "guest " + guest.name() + ", " + vcpus + " vCPUs\n";
    }
}
