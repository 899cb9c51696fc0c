package dev.longitude.cli;

import dev.longitude.kernel.Arch;
import dev.longitude.kernel.KernelProfile;
import dev.longitude.lab.Lab;
import dev.longitude.lab.LabException;
import dev.longitude.record.CProgram;
import dev.longitude.record.NoCompilerException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code longitude lab}: boots a kernel under emulation, drives its KVM, and judges what it did. */
@Command(
        name = "lab",
        description = {
            "Boot a kernel on an emulated machine, drive its KVM as `longitude probe` does, or run a VMM on it under"
                    + " `longitude record`, and judge what it did.",
            "The kernel and QEMU come from Debian, through this machine's apt, and are kept in the cache; nothing is"
                    + " installed."
        },
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "trace-validator/LAB.md describes the machines, what they cannot show, and how long they take.",
            "",
            "Exit codes: 0 all logs conform; 1 one is refused; 2 the lab cannot run here, or usage; 3 undecided."
        })
final class LabCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ProbeOptions options = new ProbeOptions();

    @Option(
            names = "--kernel",
            required = true,
            paramLabel = "KERNEL",
            description = "A release, such as 6.12 for Debian's newest of that series or 6.12.95; or a file: a bzImage,"
                    + " or arm64's Image.")
    private String kernel = "";

    @Option(
            names = "--modules",
            paramLabel = "DIR",
            description = "With a file as kernel: where its modules are, unless KVM is built in.")
    private @Nullable Path modules;

    @Option(
            names = "--judge-by",
            paramLabel = "PROFILE",
            converter = KernelOption.class,
            description = "Judge by this kernel, not by the booted one.")
    private @Nullable KernelProfile profile;

    @Option(
            names = "--arch",
            paramLabel = "ARCH",
            converter = ArchOption.class,
            description = "x86_64 or aarch64 (default: this machine's).")
    private @Nullable Arch arch = CProgram.thisMachine();

    /** A VMM that the lab can run. */
    enum Vmm {
        /** QEMU. */
        QEMU
    }

    @Option(
            names = "--vmm",
            description = "Record a VMM instead of the probe: ${COMPLETION-CANDIDATES}; it stops and continues a guest,"
                    + " saves and loads a snapshot, and migrates.")
    private @Nullable Vmm vmm;

    @Option(names = "--cpu", paramLabel = "CPU", description = "QEMU's name of the emulated CPU.")
    private @Nullable String cpu;

    @Option(
            names = "--append",
            paramLabel = "WORDS",
            description = "Words of the kernel's command line, such as \"no-kvmclock tsc=unstable\", instead of the"
                    + " machine's own about clocks.")
    private @Nullable String words;

    @Option(
            names = "--longest",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description = "How long the machine may run (default: ${DEFAULT-VALUE}).")
    private int longest;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = options.folder(spec, "lab", arch);
        Lab lab = new Lab(
                arch == null ? Arch.X86 : arch,
                kernel,
                modules,
                vmm != null,
                options.probe(),
                cpu,
                words,
                Duration.ofSeconds(longest));
        try {
            lab.run(folder, line -> {
                if (options.showsProgress()) {
                    spec.commandLine().getErr().println(line);
                }
            });
        } catch (LabException | NoCompilerException e) {
            spec.commandLine().getErr().println("longitude: the lab cannot run: " + e.getMessage());
            return ExitCode.UNUSABLE;
        }
        int code = options.print(folder, profile);
        if (code != ExitCode.HOLDS && Lab.ignoresCntpoff(folder)) {
            spec.commandLine().getErr().println("longitude: " + Lab.IGNORES_CNTPOFF);
        }
        return code;
    }

    /** Reads an architecture's name. */
    static final class ArchOption implements ITypeConverter<Arch> {
        @Override
        public Arch convert(String value) {
            return Arch.named(value)
                    .orElseThrow(() -> new TypeConversionException(
                            "unknown architecture '" + value + "'; expected " + Arch.names()));
        }
    }
}
