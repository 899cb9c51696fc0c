package dev.longitude.cli;

import dev.longitude.kernel.KernelProfile;
import dev.longitude.lab.LabException;
import dev.longitude.lab.Probe;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code longitude probe}: drives the KVM of this machine, and judges what it did. */
@Command(
        name = "probe",
        description = {
            "Drive the KVM of this machine through fixed and random sequences of the operations that set or read a"
                    + " guest's time, and judge what it did.",
            "It uses VMs of its own only. With root and a mounted tracefs it uses the kernel's tracepoints too, and the"
                    + " validator can decide more."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "trace-validator/LAB.md describes the sequences.",
            "",
            "Exit codes: 0 all logs conform; 1 one is refused; 2 no /dev/kvm that can be used, no C compiler, or usage;"
                    + " 3 undecided, as on a nested KVM that ignores TSC offsets."
        })
final class ProbeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ProbeOptions options = new ProbeOptions();

    @Option(
            names = "--kernel",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "Judge by this kernel, not by the running one.")
    private @Nullable KernelProfile kernel;

    @Option(
            names = "--print-source",
            description = "Print the probe, a C program of one file, to build it on a host without Java.")
    private boolean printSource;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (printSource) {
            spec.commandLine().getOut().print(new String(Probe.PROGRAM.source(), StandardCharsets.UTF_8));
            spec.commandLine().getOut().flush();
            return ExitCode.HOLDS;
        }
        Path folder = options.folder(spec, "probe", CProgram.thisMachine());
        try {
            options.probe().run(folder);
        } catch (LabException | NoCompilerException e) {
            spec.commandLine().getErr().println("longitude: " + e.getMessage());
            return ExitCode.UNUSABLE;
        }
        return options.print(folder, kernel);
    }
}
