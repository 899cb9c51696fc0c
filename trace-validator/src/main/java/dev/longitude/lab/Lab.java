package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.processes.ChildProcesses;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Boots a kernel on an emulated machine with hardware for virtualisation, and lets the probe or a VMM use its KVM.
 *
 * @param arch of the machine
 * @param kernel a release, or a file with a kernel
 * @param modules where the modules of a file are; null if KVM is built in
 * @param driver what uses KVM there; all but the probe are recorded
 * @param vcpus of a VMM's guest
 * @param probe what the probe does
 * @param cpu QEMU's name of the CPU; null: the one that is known to work
 * @param words of the kernel's command line, instead of those about clocks that are known to work; null: these
 * @param longest how long the machine may take
 */
public record Lab(
        Arch arch,
        String kernel,
        @Nullable Path modules,
        Driver driver,
        int vcpus,
        Probe probe,
        @Nullable String cpu,
        @Nullable String words,
        Duration longest) {
    /**
     * A fault of QEMU 10 and 11, not of the kernel: with this CPU and a kernel at EL2 the guest's physical counter
     * ignores CNTPOFF_EL2.
     */
    public static final String IGNORES_CNTPOFF =
            "QEMU emulates CNTPOFF_EL2 with -cpu max, but guests of a kernel at EL2 read the physical counter"
                    + " without it: what is refused for a cntpct may be the emulator's fault";

    private static final int CPUS = 2;
    private static final int SHOWN_LINES = 5;

    /** What longitude-init.c writes after a program that failed. */
    private static final Pattern FAILURE = Pattern.compile("exit status [1-9]\\d*");

    /** What a machine is made of. */
    private record Parts(
            EmulatedMachine machine,
            QemuTree emulators,
            BootedKernel booted,
            @Nullable KernelSelftests tests,
            Plan plan) {
        void write(Path initramfs) throws LabException, NoCompilerException, IOException, InterruptedException {
            try (Initramfs files = new Initramfs(initramfs)) {
                addTo(files, machine, booted, plan);
            }
        }
    }

    /**
     * Gets and builds all that the machine needs, and does not boot it.
     *
     * @param progress takes a line about each stage
     * @throws LabException if something that the lab needs is missing here
     * @throws NoCompilerException if there is no compiler for the machine's programs
     */
    public void prepare(Consumer<String> progress)
            throws LabException, NoCompilerException, IOException, InterruptedException {
        Path files = Files.createTempFile("longitude", ".initramfs");
        try {
            parts(progress).write(files);
        } finally {
            Files.delete(files);
        }
    }

    private Parts parts(Consumer<String> progress) throws LabException, IOException, InterruptedException {
        Arch here = CProgram.thisMachine();
        if (here == null) {
            throw new LabException("the lab is for Linux on x86-64 and arm64");
        }
        EmulatedMachine machine = EmulatedMachine.of(arch);
        EmulatedMachine host = EmulatedMachine.of(here);
        Path cache = CProgram.cache().resolve("lab");
        progress.accept("getting QEMU and the kernel " + kernel + " for " + arch + " ...");
        DebianArchive archive = DebianArchive.open(cache, machine.debianName());
        QemuTree emulators =
                QemuTree.of(host, here == arch ? archive : DebianArchive.open(cache, host.debianName()), cache);
        BootedKernel booted = Files.isRegularFile(Path.of(kernel))
                ? BootedKernel.ofFile(Path.of(kernel), modules, machine)
                : BootedKernel.ofDebian(kernel, machine, archive, cache);
        KernelSelftests tests =
                driver == Driver.SELFTESTS ? KernelSelftests.of(booted, machine, archive, cache, progress) : null;
        Plan plan = switch (driver) {
            case PROBE -> new Plan.OfProbe(probe);
            case QEMU, LINUX ->
                new QemuPlan(
                        machine,
                        QemuTree.of(machine, archive, cache),
                        emulators,
                        driver == Driver.LINUX ? new Guest.Linux(booted) : new Guest.Bare(),
                        vcpus);
            case SELFTESTS -> new SelftestsPlan(machine, Objects.requireNonNull(tests));
        };
        return new Parts(machine, emulators, booted, tests, plan);
    }

    /**
     * Boots the machine and unpacks what it wrote.
     *
     * @param folder a new folder
     * @param progress takes a line about each stage
     * @throws LabException if something that the lab needs is missing here, or the machine fails
     * @throws NoCompilerException if there is no compiler for the machine's programs
     */
    public void run(Path folder, Consumer<String> progress)
            throws LabException, NoCompilerException, IOException, InterruptedException {
        Parts parts = parts(progress);
        EmulatedMachine machine = parts.machine();
        Files.createDirectory(folder);
        Path files = folder.resolve("initramfs");
        parts.write(files);
        String emulator = parts.emulators().version() + " -cpu " + cpu(machine);
        progress.accept("booting " + parts.booted().name() + " on " + emulator + " ...");
        Path console = folder.resolve("console.txt");
        boot(command(parts, files, console), folder);
        Files.delete(files);
        Console.unpack(console, folder);
        Files.delete(console);
        refuseFailures(folder);
        if (parts.tests() != null) {
            TestOutcome.writeNotBuilt(folder, parts.tests().failures());
        }
        describe(
                folder,
                "emulated " + emulator + " -smp " + CPUS + "\n" + parts.plan().description());
    }

    private String cpu(EmulatedMachine machine) {
        return cpu == null ? machine.cpu() : cpu;
    }

    private static void addTo(Initramfs files, EmulatedMachine machine, BootedKernel kernel, Plan plan)
            throws LabException, NoCompilerException, IOException, InterruptedException {
        CProgram init = new CProgram(Lab.class, "longitude-init", "the lab's first process", "");
        for (String folder : List.of("dev", "proc", "sys", "tmp", "out")) {
            files.folder(folder);
        }
        files.file("init", Files.readAllBytes(init.build(machine.arch(), Plan.STATIC)));
        for (Map.Entry<String, byte[]> module : kernel.modules().entrySet()) {
            files.file("modules/" + module.getKey(), module.getValue());
        }
        plan.addTo(files, machine);
        String lines =
                String.join("\n", plan.linesAfter(kernel.modules().keySet().asList())) + "\n";
        files.file("plan", lines.getBytes(StandardCharsets.UTF_8));
    }

    private ImmutableList<String> command(Parts parts, Path files, Path console) {
        EmulatedMachine machine = parts.machine();
        return ImmutableList.<String>builder()
                .addAll(parts.emulators().emulator(machine.qemu()))
                .add("-nodefaults", "-nographic", "-no-reboot")
                .addAll(parts.plan().acceleration())
                .addAll(machine.board())
                .add("-cpu", cpu(machine), "-smp", String.valueOf(CPUS))
                .add("-m", String.valueOf(parts.plan().memory()))
                .add("-kernel", parts.booted().image().toString(), "-initrd", files.toString())
                .add("-append")
                .add("console=" + machine.console() + " quiet panic=-1 no_timer_check "
                        + (words == null ? machine.words() : words))
                .add("-serial", "file:" + console, "-monitor", "none", "-nic", "none")
                .build();
    }

    private void boot(List<String> command, Path folder) throws LabException, IOException, InterruptedException {
        Path errors = folder.resolve("qemu.txt");
        Process machine = ChildProcesses.start(new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(errors.toFile()));
        boolean ended = machine.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS);
        machine.destroyForcibly().waitFor();
        String said = Files.readString(errors, StandardCharsets.ISO_8859_1);
        if (!ended) {
            throw new LabException("the machine did not come to its end within " + longest.toSeconds() + " s; see "
                    + folder.resolve("console.txt"));
        }
        if (machine.exitValue() != 0) {
            throw new LabException("QEMU failed with exit status " + machine.exitValue() + ": " + said.strip());
        }
        Files.delete(errors);
    }

    /**
     * Finds a program that failed on the machine: its logs may be too few, or end early, and still conform.
     *
     * @throws LabException with the end of what the machine's programs wrote
     */
    static void refuseFailures(Path folder) throws LabException, IOException {
        Path output = folder.resolve("output.txt");
        String text = Files.exists(output) ? Files.readString(output, StandardCharsets.ISO_8859_1) : "";
        List<String> lines = text.lines().toList();
        if (lines.stream().anyMatch(FAILURE.asMatchPredicate())) {
            throw new LabException("a program failed on the machine; the end of " + output + ":\n"
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())));
        }
    }

    /** Adds a line to each host.txt. */
    private static void describe(Path folder, String line) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.endsWith("host.txt")).toList()) {
                Files.writeString(file, line, StandardOpenOption.APPEND);
            }
        }
    }

    /** Whether this machine has the fault {@link #IGNORES_CNTPOFF}: the kernel uses CNTPOFF_EL2 under QEMU. */
    public static boolean ignoresCntpoff(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.endsWith("host.txt")).toList()) {
                String facts = Files.readString(file, StandardCharsets.ISO_8859_1);
                if (facts.contains("(CNTPOFF)") && !facts.contains("Hyp mode initialized") && !facts.contains("nVHE")) {
                    return true;
                }
            }
        }
        return false;
    }
}
