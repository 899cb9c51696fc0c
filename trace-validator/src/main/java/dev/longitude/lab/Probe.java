package dev.longitude.lab;

import com.google.common.collect.ImmutableList;
import dev.longitude.kernel.Arch;
import dev.longitude.processes.ChildProcesses;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import dev.longitude.record.RecorderProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What to drive a KVM through: fixed sequences of operations, and random ones by seed.
 *
 * @param seed of the first play of each random sequence; null: by the clock
 * @param plays how often each random sequence is played, each time with another seed
 * @param sequences the names of those wanted; none: all
 */
public record Probe(@Nullable Long seed, int plays, ImmutableList<String> sequences) {
    /** The program. */
    public static final CProgram PROGRAM = new CProgram(
            Probe.class,
            "longitude-probe",
            "the probe",
            ", or build it on another machine from what `longitude probe --print-source` prints");

    private static final Path KVM = Path.of("/dev/kvm");

    /** The names of all sequences, fixed and random, as longitude-probe.c has them. */
    public static ImmutableList<String> names(Arch arch) {
        return arch == Arch.X86
                ? ImmutableList.of(
                        "capabilities",
                        "by-value",
                        "offset-attribute",
                        "set-clock",
                        "restore-by-value",
                        "restore-by-offset",
                        "late-vcpu",
                        "guest-writes",
                        "rates",
                        "kvmclock-pages",
                        "deadlines",
                        "random",
                        "random-restores",
                        "random-guest-writes",
                        "random-two-vms",
                        "random-rates",
                        "random-threads")
                : ImmutableList.of(
                        "capabilities",
                        "by-value",
                        "counter-offset",
                        "late-vcpu",
                        "save-restore",
                        "initialise-again",
                        "while-running",
                        "random",
                        "random-by-value",
                        "random-two-vms",
                        "random-threads");
    }

    /** The program's arguments. */
    ImmutableList<String> arguments(String folder) {
        ImmutableList.Builder<String> arguments = ImmutableList.builder();
        arguments.add("-o", folder, "--plays", String.valueOf(plays));
        if (seed != null) {
            arguments.add("--seed", String.valueOf(seed));
        }
        return arguments.addAll(sequences).build();
    }

    /**
     * Drives the KVM of this machine.
     *
     * @param folder a new folder: it gets {@code host.txt} and a log for each sequence
     * @throws LabException if there is no KVM here that can be used
     * @throws NoCompilerException if the programs cannot be built here
     */
    public void run(Path folder) throws LabException, NoCompilerException, IOException, InterruptedException {
        Path recorder = RecorderProgram.RECORDER.build();
        Path program = PROGRAM.build();
        if (!Files.exists(KVM)) {
            throw new LabException(KVM + " is not there: this machine has no KVM, or its module is not loaded;"
                    + " `longitude lab` boots a kernel with KVM under emulation");
        }
        if (!Files.isReadable(KVM) || !Files.isWritable(KVM)) {
            throw new LabException("this user may not use " + KVM);
        }
        Files.createDirectory(folder);
        run(List.of(recorder.toString(), "-o", folder.toString(), "--host-only"));
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(arguments(folder.toString()));
        run(command);
    }

    private static void run(List<String> command) throws LabException, IOException, InterruptedException {
        Process process = ChildProcesses.start(new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT));
        process.getOutputStream().close();
        int status = ChildProcesses.waitFor(process);
        if (status != 0) {
            throw new LabException(
                    Path.of(command.get(0)).getFileName() + " did not come to its end: exit status " + status);
        }
    }

    /** The logs in a folder, or in one below it, that the probe, the recorder or the lab wrote, by name. */
    public static ImmutableList<Path> logs(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(f -> f.toString().endsWith(".jsonl")).sorted().collect(ImmutableList.toImmutableList());
        }
    }
}
